package wire

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestADesktopIsADisplayAndASessionBusOnThisMachine(t *testing.T) {
	runtimeDir := t.TempDir()
	if err := os.WriteFile(filepath.Join(runtimeDir, "bus"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const display, wayland, bus = "DISPLAY=:0", "WAYLAND_DISPLAY=wayland-0", "DBUS_SESSION_BUS_ADDRESS=unix:path=/b"
	cases := []struct {
		name, goos string
		environ    []string
		want       bool
	}{
		{"X11 and a bus", "linux", []string{display, bus}, true},
		{"Wayland and a bus in the runtime folder", "linux", []string{wayland, "XDG_RUNTIME_DIR=" + runtimeDir}, true},
		{"no bus", "linux", []string{display, "XDG_RUNTIME_DIR=/nonexistent"}, false},
		{"no display", "linux", []string{bus}, false},
		{"empty variables", "linux", []string{"DISPLAY=", bus}, false},
		{"X11 forwarded over ssh", "linux", []string{display, bus, "SSH_CONNECTION=1"}, false},
		{"macOS", "darwin", nil, true},
		{"macOS over ssh", "darwin", []string{"SSH_TTY=/dev/ttys1"}, false},
		{"Windows", "windows", nil, true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := hasDesktop(tc.goos, tc.environ); got != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestTheDisplayIsKeptWhereItIsThisMachines(t *testing.T) {
	desktop := []string{"DISPLAY=:0", "WAYLAND_DISPLAY=w", "XAUTHORITY=/x"}
	if got := agentEnvironment("linux", desktop); !slices.Equal(got, desktop) {
		t.Errorf("on a desktop: %q", got)
	}
	if got := agentEnvironment("linux", append(desktop, "SSH_CONNECTION=1")); len(got) != 0 {
		t.Errorf("over ssh: %q", got)
	}
}

func TestOnWindowsNamesHaveNoCase(t *testing.T) {
	in := []string{"SystemRoot=C:\\Windows", "Path=C:\\", "AppData=C:\\a", "Secret=x"}
	if got := agentEnvironment("windows", in); !slices.Equal(got, in[:3]) {
		t.Errorf("%q", got)
	}
	if got := agentEnvironment("linux", in); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
