package e2e

import (
	"path/filepath"
	"testing"
)

func TestShippedProgramsLackTheClockOfTests(t *testing.T) {
	const clock = "e2e-clock-ahead"
	for _, program := range []string{"kubecreds", "kubectl-creds"} {
		if holds(t, filepath.Join(bin, program), clock) {
			t.Errorf("%s has it", program)
		}
	}
	if !holds(t, filepath.Join(bin, "e2e", "kubecreds"), clock) {
		t.Error("the program built for tests lacks it: this test looks for the wrong name")
	}
}
