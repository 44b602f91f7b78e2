package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// without takes variables from the environment until the test ends.
func without(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		t.Setenv(name, "") // which puts back what there was
		must(t, os.Unsetenv(name))
	}
}

// output is what kubecreds wrote on its stdout and stderr.
func output(t *testing.T, r *drive.Rig) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.Dir, "agent.out"))
	must(t, err)
	return string(b)
}

// answers waits until kubecreds answers on its socket.
func answers(t *testing.T, r *drive.Rig) {
	t.Helper()
	until(t, "kubecreds to answer", func() bool { return r.Creds(t.Context(), "", "status").Status == 0 })
}

// agentWorks checks that the command line and kubectl do what they do on a desktop.
func agentWorks(t *testing.T, r *drive.Rig) {
	t.Helper()
	cliLogIn(t, r)
	handsOut(t, r, "prod-eu")
	works(t, r)
}

// calm checks that kubecreds wrote these lines, each with the words, and nothing else.
func calm(t *testing.T, r *drive.Rig, words ...string) {
	t.Helper()
	out := output(t, r)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if out == "" {
		lines = nil
	}
	ok := len(lines) == len(words)
	for i := 0; ok && i < len(words); i++ {
		ok = strings.Contains(lines[i], words[i])
	}
	if !ok {
		t.Errorf("kubecreds wrote %q, want lines with %q", out, words)
	}
}

func TestWithoutADisplayTheAgentWorksAndALoginFromTheMenuSaysWhatIsMissing(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := servers(t)
		func() {
			display := os.Getenv("DISPLAY")
			without(t, "DISPLAY", "WAYLAND_DISPLAY")
			must(t, r.StartAgent(r.Program("kubecreds")))
			must(t, os.Setenv("DISPLAY", display))
		}()
		look(t, "wait-item") // the icon goes over the bus
		menuSays(t, "Log in to corp…", "not logged in")
		look(t, "choose", "Log in to corp…")
		menuSays(t, "the last login failed: nobody can be asked here: there is no display")
		w.saw(t, 0, 0, "corp: login failed: Nobody can be asked here: there is no display")
		agentWorks(t, r)
		calm(t, r)
	})
}

func TestWithoutZenityALoginFromTheMenuSaysWhatToInstall(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := servers(t)
		path := os.Getenv("PATH")
		t.Setenv("PATH", t.TempDir())
		must(t, r.StartAgent(r.Program("kubecreds")))
		t.Setenv("PATH", path)
		look(t, "wait-item")
		menuSays(t, "Log in to corp…", "not logged in")
		look(t, "choose", "Log in to corp…")
		menuSays(t, "the last login failed: nobody can be asked here: install zenity")
		w.saw(t, 0, 0, "corp: login failed: Nobody can be asked here: install zenity, the program that shows dialogs (Debian: apt install zenity); or log in from a terminal: kubectl creds login.")
		if status := r.Creds(t.Context(), "", "status"); !strings.Contains(status.Out, "install zenity") {
			t.Errorf("status does not say what to install:\n%s", status.Out)
		}
		agentWorks(t, r)
		calm(t, r)
	})
}

func TestWithoutASessionBusTheAgentWorksAndSaysWhyThereIsNoIcon(t *testing.T) {
	for name, set := range map[string]func(t *testing.T){
		"no address": func(t *testing.T) {
			t.Setenv("DISPLAY", ":32000")
			without(t, "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
		},
		"an address where nobody listens": func(t *testing.T) {
			t.Setenv("DISPLAY", ":32000")
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "bus"))
			t.Setenv("XDG_RUNTIME_DIR", filepath.Join(t.TempDir(), "gone"))
		},
		"no display either": func(t *testing.T) {
			without(t, "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
		},
	} {
		t.Run(name, func(t *testing.T) {
			set(t)
			r := servers(t)
			must(t, r.StartAgent(r.Program("kubecreds")))
			answers(t, r)
			expect(t, "get-token", r.GetToken(t.Context(), "prod-eu"), 5, "corp: no keychain: ")
			agentWorks(t, r)
			calm(t, r, "kubecreds: no tray icon: ")
		})
	}
}

func TestOnAMachineWithoutADesktopAClientStartsTheAgentAndItWorks(t *testing.T) {
	without(t, "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_DIRS", "KUBECONFIG", "SUDO_UID", "KUBECREDS_SOCKET", "KUBECREDS_CONFIG")
	home, err := os.MkdirTemp("", "e2e") // short enough for a socket
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	for _, name := range []string{"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, filepath.Join(home, name))
		must(t, os.Mkdir(filepath.Join(home, name), 0o700))
	}
	r := servers(t)
	must(t, r.OwnPlaces())
	t.Cleanup(func() { r.Creds(context.Background(), "", "quit") })

	cliLogIn(t, r)
	handsOut(t, r, "staging")
	works(t, r)
	expect(t, "quit", r.Creds(t.Context(), "", "quit"), 0)
	expect(t, "get-token", r.GetToken(t.Context(), "staging"), 1, "kubecreds was quit; start it with: kubectl creds start")
	expect(t, "start", r.Creds(t.Context(), "", "start"), 0)
	expect(t, "get-token", r.GetToken(t.Context(), "staging"), 5, "corp: ", "keychain")
}
