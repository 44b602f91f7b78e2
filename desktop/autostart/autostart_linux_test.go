package autostart

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPersonSwitchesTheEntryOnAndOff(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "not there yet"))
	home := filepath.Join(t.TempDir(), "own")
	for name, c := range map[string]struct{ dir, file string }{
		"in the desktop's folder": {"", filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "autostart", "kubecreds.desktop")},
		"in a folder of its own":  {home, filepath.Join(home, "kubecreds.desktop")},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(c.dir, "/usr/bin/kubecreds")
			is := func(want bool) {
				t.Helper()
				if on, err := e.Enabled(); err != nil || on != want {
					t.Errorf("enabled: %v, %v; want %v", on, err, want)
				}
			}
			is(false)
			must(t, e.Disable())
			must(t, e.Enable())
			is(true)
			if info, err := os.Stat(c.file); err != nil || info.Mode() != 0o644 {
				t.Errorf("%v, %v", info, err)
			}
			must(t, os.WriteFile(c.file, []byte("[Desktop Entry]\nHidden=true\n"), 0o644))
			is(false)
			must(t, e.Enable())
			is(true)
			must(t, e.Disable())
			is(false)
			if left, err := os.ReadDir(filepath.Dir(c.file)); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestAnEntryThatCannotBeWrittenIsAnErrorAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, fileName), 0o755))
	e := New(dir, "/usr/bin/kubecreds")
	if err := e.Enable(); err == nil || !strings.HasPrefix(err.Error(), "start at login: ") {
		t.Errorf("got %v", err)
	}
	if _, err := e.Enabled(); err == nil {
		t.Error("a folder in the entry's place is no answer")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// GLib is what GNOME, XFCE and others read desktop entries with: it must run exactly what was meant.
func TestADesktopRunsWhatTheEntryMeans(t *testing.T) {
	gio, err := exec.LookPath("gio")
	if err != nil {
		t.Skip("gio is not installed (Debian: libglib2.0-bin)")
	}
	dir := t.TempDir()
	// No %: GLib looks for the program before it undoes %%, in 2.74 at least, and finds none.
	program := filepath.Join(dir, "a b", "\"q\" `id` $HOME \\n 'x'", "kubecreds")
	must(t, os.MkdirAll(filepath.Dir(program), 0o755))
	must(t, os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\0' \"$0\" \"$@\" >\"$OUT.new\"\nmv \"$OUT.new\" \"$OUT\"\n"), 0o755))
	args := []string{"--home", "/srv/my demo", "%f", "100%", "%%u %F", "$HOME", "`id`", `a\b`, `\\n`, `"`, "", "a\nb\tc", "~", "ä€"}
	must(t, New(dir, program, args...).Enable())

	out := filepath.Join(dir, "out")
	cmd := exec.CommandContext(t.Context(), gio, "launch", filepath.Join(dir, fileName))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "OUT=" + out}
	if text, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(text), "Unknown command") {
			t.Skip("this gio cannot launch desktop entries (GLib before 2.68)")
		}
		t.Fatalf("%v\n%s", err, text)
	}
	var got []byte
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && err == nil && got == nil; time.Sleep(5 * time.Millisecond) {
		got, _ = os.ReadFile(out)
	}
	if ran := strings.Split(strings.TrimSuffix(string(got), "\x00"), "\x00"); !slices.Equal(ran, append([]string{program}, args...)) {
		t.Errorf("ran  %q\nwant %q", ran, append([]string{program}, args...))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
