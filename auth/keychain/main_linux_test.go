package keychain

import (
	"os"
	"testing"
)

// TestMain lets the test binary be its own helper process, as kubecreds is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == HelperWord {
		os.Exit(RunHelper(os.Stdin, os.Stdout))
	}
	if len(os.Args) == 3 && os.Args[1] == dieWord {
		os.Exit(handOverAndDie(os.Args[2]))
	}
	// A helper under the race detector would wait a second before it ends.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
