//go:build unix

package kubeconfig

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestRefusesANamedPipeWithoutWaitingForIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{path}); err == nil || err.Error() != path+": a named pipe, not a file" {
		t.Error(err)
	}
}
