//go:build unix

package kubeconfig

import (
	"os"
	"syscall"
	"testing"
)

func TestKeepsTheOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may give files away")
	}
	path := write(t, "config", "kind: Config\n")
	must(t, os.Chown(path, 1234, 2345))
	must(t, os.Chmod(path, 0o664))
	must(t, apply(t, []string{path}, want("prod")))
	stat, err := os.Stat(path)
	must(t, err)
	if s := stat.Sys().(*syscall.Stat_t); s.Uid != 1234 || s.Gid != 2345 || stat.Mode().Perm() != 0o664 {
		t.Errorf("%d:%d %v", s.Uid, s.Gid, stat.Mode())
	}
}
