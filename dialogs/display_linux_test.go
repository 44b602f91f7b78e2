package dialogs

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
)

func TestADisplayIsLookedForWhereItListens(t *testing.T) {
	for _, c := range []struct {
		display string
		want    []string
	}{
		{":0", []string{"unix /tmp/.X11-unix/X0", "unix @/tmp/.X11-unix/X0"}},
		{":12.1", []string{"unix /tmp/.X11-unix/X12", "unix @/tmp/.X11-unix/X12"}},
		{"unix:3", []string{"unix /tmp/.X11-unix/X3", "unix @/tmp/.X11-unix/X3"}},
		{"localhost:10.0", []string{"tcp localhost:6010"}},
		{"[::1]:10", []string{"tcp [::1]:6010"}},
		{"", nil}, {"nonsense", nil}, {":x", nil}, {":-1", nil}, {":../../etc/passwd", nil}, {":99999999999", nil},
	} {
		var got []string
		for _, a := range xSockets(c.display) {
			got = append(got, a.Network()+" "+a.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("DISPLAY=%s: %q, want %q", c.display, got, c.want)
		}
	}
	for _, c := range []struct{ name, runtimeDir, want string }{
		{"wayland-0", "/run/user/1", "/run/user/1/wayland-0"}, {"/tmp/w", "", "/tmp/w"}, {"wayland-0", "", ""}, {"", "/run/user/1", ""},
	} {
		got := ""
		for _, a := range waylandSockets(c.name, c.runtimeDir) {
			got += a.String()
		}
		if got != c.want {
			t.Errorf("WAYLAND_DISPLAY=%s in %q: %q, want %q", c.name, c.runtimeDir, got, c.want)
		}
	}
}

func TestWithoutADisplayNobodyCanBeAsked(t *testing.T) {
	for _, c := range []struct{ name, x, wayland, say string }{
		{"none", "", "", "there is no display"},
		{"X is gone", ":32000", "", "does not answer (DISPLAY=:32000"},
		{"Wayland is gone", "", "/nonexistent/wayland-0", "WAYLAND_DISPLAY=/nonexistent/wayland-0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("DISPLAY", c.x)
			t.Setenv("WAYLAND_DISPLAY", c.wayland)
			_, _, err := newDialogs(t).Credentials(t.Context(), auth.Question{Account: "corp", Host: "h"})
			if !errors.Is(err, auth.ErrNoDialog) || !strings.Contains(err.Error(), c.say) || !strings.Contains(err.Error(), "kubectl creds login") {
				t.Errorf("got %v, want ErrNoDialog that says %q and what to do", err, c.say)
			}
		})
	}
}

func TestOneDisplayOfTwoIsEnough(t *testing.T) {
	t.Setenv("DISPLAY", ":32000")
	openDisplay(t)
	if err := display(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnEndedContextIsNoMissingDisplay(t *testing.T) {
	t.Setenv("DISPLAY", ":32000")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := display(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// openDisplay sets WAYLAND_DISPLAY to a socket that accepts connections, which is all that is asked of a display.
func openDisplay(t *testing.T) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "w")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	t.Setenv("WAYLAND_DISPLAY", socket)
}
