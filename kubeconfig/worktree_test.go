package kubeconfig

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestAFileInAGitWorkTreeIsKnownBehindItsLinks(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	must(t, os.MkdirAll(at("dotfiles", ".git"), 0o700))
	must(t, os.MkdirAll(at("dotfiles", "kube"), 0o700))
	must(t, os.MkdirAll(at("module"), 0o700))
	must(t, os.WriteFile(at("module", ".git"), []byte("gitdir: elsewhere"), 0o600)) // a submodule, or git worktree
	must(t, os.MkdirAll(at("home", ".kube"), 0o700))
	for path, want := range map[string]string{
		at("dotfiles", "kube", "config"):       at("dotfiles"),
		at("dotfiles", "not", "there", "conf"): at("dotfiles"),
		at("module", "config"):                 at("module"),
		at("home", ".kube", "config"):          "",
	} {
		if got := WorkTree(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if runtime.GOOS == "windows" {
		return // links only for administrators
	}
	must(t, os.Symlink(at("dotfiles", "kube", "config"), at("home", ".kube", "config")))
	must(t, os.Symlink(at("dotfiles", "kube"), at("home", "linked")))
	for _, path := range []string{at("home", ".kube", "config"), at("home", "linked", "config"), at("home", "linked", "new", "config")} {
		if got := WorkTree(path); got != at("dotfiles") {
			t.Errorf("%s: %q", path, got)
		}
	}
}
