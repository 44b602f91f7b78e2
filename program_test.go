package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// install makes the two programs in folder, as links to those in from if there is one.
func install(t *testing.T, folder, from string) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(folder, 0o755))
	program := filepath.Join(folder, "kubecreds")
	for _, p := range []string{program, client(program)} {
		if from == "" {
			must(os.WriteFile(p, []byte(p), 0o755))
		} else if os.Link(filepath.Join(from, filepath.Base(p)), p) != nil || runtime.GOOS != "windows" {
			_ = os.Remove(p)
			must(os.Symlink(filepath.Join(from, filepath.Base(p)), p))
		}
	}
	return program
}

func TestThePathThatIsWrittenDownSurvivesAnUpgrade(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir()) // whose name holds no version
	if err != nil {
		t.Fatal(err)
	}
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	opt := install(t, at("opt", "kubecreds-1.2"), "")
	cellar := install(t, at("Cellar", "kubecreds", "7", "bin"), "")
	plain := install(t, at("home", "bin"), "")
	linked := install(t, at("usr", "bin"), at("opt", "kubecreds-1.2"))
	brewed := install(t, at("brew", "bin"), at("Cellar", "kubecreds", "7", "bin"))
	install(t, at("v3.1", "bin"), at("opt", "kubecreds-1.2"))
	alone := filepath.Join(at("alone"), "kubecreds") // without its client
	if err := os.MkdirAll(at("alone"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(plain, alone); err != nil {
		t.Fatal(err)
	}
	install(t, at("everybody's"), at("opt", "kubecreds-1.2"))
	if err := os.Chmod(at("everybody's"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(at("usr"))
	path := []string{"", "bin", at("everybody's"), at("none"), at("v3.1", "bin"), at("home", "bin"), at("usr", "bin"), at("brew", "bin")}
	for _, c := range []struct{ name, self, started, want string }{
		{"started by a link", opt, linked, linked},
		{"started by a relative path", opt, filepath.Join("bin", "kubecreds"), linked},
		{"started by its name", opt, "kubecreds", linked},
		{"started by the client beside it, which knows no link", opt, opt, linked},
		{"Homebrew's", cellar, cellar, brewed},
		{"nothing to look for", plain, plain, plain},
		{"nothing to look for, started by its name", plain, "kubecreds", plain},
		{"a link of a version", opt, at("v3.1", "bin", "kubecreds"), linked},
		{"a name that is another program's", plain, linked, plain},
		{"a link without the client beside it", plain, alone, plain},
		{"no name at all", plain, "", plain},
	} {
		if got := stable(c.self, c.started, path); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := stable(opt, opt, nil); got != opt {
		t.Errorf("without a link: %s", got)
	}
}
