package open

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const address = "https://login.example.com/device?a=1&b=$HOME;id"

// A stand-in for a browser or what starts one: it keeps its arguments, then does what the test wants.
const keeper = `#!/bin/sh
printf '%s\0' "$0" "$@" "$MARK" >"$OUT"
`

// bin puts a folder with programs that keep their arguments and then run then, alone, on PATH.
func bin(t *testing.T, then string, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(keeper+then), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("OUT", filepath.Join(dir, "out"))
	t.Setenv("MARK", "inherited")
	t.Setenv("DISPLAY", ":0")
	return dir
}

func ran(t *testing.T, dir string) []string {
	t.Helper()
	out, err := os.ReadFile(filepath.Join(dir, "out"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestTheAddressIsTheLastArgumentAndNoShellReadsIt(t *testing.T) {
	for _, c := range []struct {
		name    string
		command []string
		want    []string
	}{
		{"the system's browser", nil, []string{"xdg-open", address, "inherited"}},
		{"another one", []string{"firefox", "-P", "my work; id", "$HOME"}, []string{"firefox", "-P", "my work; id", "$HOME", address, "inherited"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := bin(t, "", "xdg-open", "firefox")
			if err := Open(t.Context(), address, c.command); err != nil {
				t.Fatal(err)
			}
			c.want[0] = filepath.Join(dir, c.want[0])
			if got := ran(t, dir); !slices.Equal(got, c.want) {
				t.Errorf("ran  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestWhatIsNoAddressReachesNoProgram(t *testing.T) {
	dir := bin(t, "", "xdg-open", "firefox")
	for _, bad := range []string{"--version", "file:///etc/passwd", "http://login.example.com/"} {
		for _, command := range [][]string{nil, {"firefox"}} {
			if err := Open(t.Context(), bad, command); !errors.Is(err, ErrAddress) {
				t.Errorf("%q with %q: %v", bad, command, err)
			}
		}
	}
	if got := ran(t, dir); got != nil {
		t.Errorf("ran %q", got)
	}
}

func TestWhereNoBrowserOpensThePersonIsToldWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name    string
		then    string
		has     []string
		command []string
		say     string
	}{
		{"xdg-open is missing", "", nil, nil, "apt install xdg-utils"},
		{"xdg-open finds no browser", "exit 3", []string{"xdg-open"}, nil, "(exit status 3); is one installed?"},
		{"the command is missing", "", nil, []string{"chromium"}, `browserCommand chromium is not installed; correct it`},
		{"the command fails", "exit 9", []string{"chromium"}, []string{"chromium"}, `browserCommand chromium opened nothing (exit status 9)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bin(t, c.then, c.has...)
			if err := Open(t.Context(), address, c.command); err == nil || !strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), address) {
				t.Errorf("got %v, want %q", err, c.say)
			}
		})
	}
}

func TestWithoutADisplayNoBrowserForTerminalsIsStarted(t *testing.T) {
	dir := bin(t, "", "xdg-open")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if err := Open(t.Context(), address, nil); err == nil || !strings.Contains(err.Error(), "no display") {
		t.Errorf("got %v", err)
	}
	if got := ran(t, dir); got != nil {
		t.Errorf("ran %q", got)
	}
}

func TestACancelledLoginOpensNothing(t *testing.T) {
	dir := bin(t, "", "xdg-open")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Open(ctx, address, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := ran(t, dir); got != nil {
		t.Errorf("ran %q", got)
	}
}

func TestABrowserIsNeitherWaitedForNorEndedWithTheLogin(t *testing.T) {
	dir := bin(t, `read word <"$OUT.gate"; echo "$word" >"$OUT.end"`, "browser")
	gate, end := filepath.Join(dir, "out.gate"), filepath.Join(dir, "out.end")
	for _, fifo := range []string{gate, end} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := run(ctx, time.Millisecond, "browser", address); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := os.WriteFile(gate, []byte("alive\n"), 0o600); err != nil { // waits for the browser to read
		t.Fatal(err)
	}
	if got, err := os.ReadFile(end); err != nil || string(got) != "alive\n" {
		t.Errorf("the browser said %q, %v", got, err)
	}
}
