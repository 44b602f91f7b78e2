//go:build wine

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// The programs for Windows under wine: icon, menu, dialog, balloon, Credential Manager, pipe, registry, kubectl.exe. It is not
// Windows (README.md says so), but what fails here fails there. make test-windows runs it: wine is 105 MB of packages that
// nothing else here needs.
func TestWineFromALoginToTheNext(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		w := &wine{t, filepath.Join(bin, "windows")}
		config := filepath.Join(w.person(t), "AppData", "Roaming", "kubecreds", "config.yaml")
		must(t, os.MkdirAll(filepath.Dir(config), 0o700))
		must(t, r.Offer(config))
		agent := w.start(t, "kubecreds.exe")
		until(t, "the agent to answer", func() bool { return strings.Contains(w.creds("", "status").Out, "not logged in") })
		until(t, "the icon", func() bool { return w.icon() != "" })

		expect(t, "login", w.creds("password\n", "login", "corp", "--username", "alice", "--password-stdin"), 0)
		w.works(t)

		if _, err := r.Control.Revoke(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		expect(t, "renew", w.creds("", "renew", "corp"), 3, "login needed: the provider ended the session")
		w.click(t, loginRow)
		asked(t)
		w.answer(t, "not-my-password")
		asked(t)
		look(t, "shot", "again")
		w.answer(t, "password")
		until(t, "the new session", func() bool { return !strings.Contains(w.creds("", "status").Out, "login needed") })
		w.works(t)

		expect(t, "quit", w.creds("", "quit"), 0)
		if got := w.creds("", "get-token", "--cluster", "staging"); got.Status != 1 || !strings.Contains(got.Err, "kubecreds was quit") {
			t.Errorf("get-token after a quit: status %d: %s", got.Status, got.Err)
		}
		must(t, agent.Wait())
		agent = w.start(t, "kubecreds.exe")
		until(t, "the session of before", func() bool { return strings.Contains(w.creds("", "status").Out, "alice@example.com") })
		w.works(t)

		expect(t, "autostart", w.creds("", "autostart", "on"), 0)
		if run := w.run("", "reg", "query", `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`); !strings.Contains(run.Out, `kubecreds.exe`) {
			t.Errorf("what starts at login: %+v", run)
		}
		if got := w.creds("", "uninstall", "--yes"); got.Status != 0 || !strings.Contains(got.Out, "corp: logged out") {
			t.Errorf("uninstall: %+v", got)
		}
		if kube, err := os.ReadFile(filepath.Join(w.person(t), ".kube", "config")); err != nil || bytes.Contains(kube, []byte("kubecreds")) {
			t.Errorf("left in the kubeconfig: %v\n%s", err, kube)
		}
		if err := agent.Wait(); err != nil {
			t.Errorf("the agent's end: %v", err)
		}
	}, "--no-panel") // where nothing shows icons, wine makes a window that does
}

// wine is a Windows of this test's, which ../on-windows makes, and the programs for it.
type wine struct {
	t   *testing.T
	bin string
}

// person is the folder of this Windows' user.
func (w *wine) person(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("WINEPREFIX"), "drive_c", "users", "*", "AppData"))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("users: %q", found)
	}
	return filepath.Dir(found[0])
}

// start starts a program, and ends it with the test.
func (w *wine) start(t *testing.T, program string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("wine", filepath.Join(w.bin, program))
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// run runs a program of Windows.
func (w *wine) run(stdin string, argv ...string) drive.Result {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "wine", argv...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.WaitDelay = time.Second // wine's services may hold its output open
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit status tells
	return drive.Result{Out: out.String(), Err: errs.String(), Status: cmd.ProcessState.ExitCode()}
}

func (w *wine) creds(stdin string, args ...string) drive.Result {
	return w.run(stdin, append([]string{filepath.Join(w.bin, "kubectl-creds.exe")}, args...)...)
}

// works checks that kubectl.exe is who it should be on both clusters.
func (w *wine) works(t *testing.T) {
	t.Helper()
	until(t, "the kubeconfig's entries", func() bool {
		kube, err := os.ReadFile(filepath.Join(w.person(t), ".kube", "config"))
		return err == nil && bytes.Contains(kube, []byte("kubectl-credsw.exe")) && bytes.Contains(kube, []byte("kubecreds-staging"))
	})
	for _, cluster := range []string{"prod-eu", "staging"} {
		if who := w.run("", filepath.Join(w.bin, "kubectl.exe"), "--context", cluster, "auth", "whoami"); who.Status != 0 || !strings.Contains(who.Out, "alice@example.com") {
			t.Errorf("kubectl auth whoami on %s: %+v", cluster, who)
		}
	}
}

// icon is the number of the window that wine shows tray icons in; "" where there is none.
func (w *wine) icon() string {
	out, err := drive.Desk(w.t.Context(), "wait-window", "^Wine System Tray$", "1")
	if err != nil {
		return ""
	}
	return out
}

// loginRow is how many pixels below the menu's top `Log in to corp…` is drawn, beneath two clusters.
const loginRow = 80

// click opens the menu by a click on the icon, and clicks what is so many pixels below its top.
func (w *wine) click(t *testing.T, below int) {
	t.Helper()
	run(t, "xdotool", "mousemove", "--window", w.icon(), "10", "10", "click", "3")
	x, y := 0, 0
	until(t, "the menu", func() bool {
		out, err := exec.CommandContext(t.Context(), "xdotool", "search", "--onlyvisible", "--class", "kubecreds.exe").Output()
		if err != nil {
			return false
		}
		for id := range strings.FieldsSeq(string(out)) {
			place, height := geometry(t, id)
			if height > 100 { // the window of the icon is lower
				_, err := fmt.Sscanf(place, "%d,%d", &x, &y)
				return err == nil
			}
		}
		return false
	})
	look(t, "shot", "menu")
	run(t, "xdotool", "mousemove", strconv.Itoa(x+60), strconv.Itoa(y+below), "click", "1")
}

// answer types into the dialog and waits until that dialog, though perhaps not the next one, is gone.
func (w *wine) answer(t *testing.T, lines ...string) {
	t.Helper()
	before := w.dialog()
	must(t, drive.Answer(t.Context(), lines...))
	until(t, "the dialog to close", func() bool { return w.dialog() != before })
}

// dialog is the number of the dialog's window; "" where there is none.
func (w *wine) dialog() string {
	out, _ := exec.CommandContext(w.t.Context(), "xdotool", "search", "--onlyvisible", "--name", "^corp: ").Output()
	return strings.TrimSpace(string(out))
}

// geometry is where a window is, "X,Y", and its height.
func geometry(t *testing.T, id string) (place string, height int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "xdotool", "getwindowgeometry", "--shell", id).Output()
	if err != nil {
		return "", 0 // it has gone
	}
	values := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	height, _ = strconv.Atoi(values["HEIGHT"])
	return values["X"] + "," + values["Y"], height
}
