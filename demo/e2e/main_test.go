// Package e2e holds the end-to-end tests: the programs as shipped, driven as a person drives them, by mouse and keyboard on
// a real panel with a real keychain, and kubectl as the client. Each test runs in a desktop session of its own.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// inside is set where a test runs in its desktop.
const inside = "E2E_INSIDE"

var bin string // the folder of the programs

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == browserWord {
		playBrowser(os.Args[1:])
		return
	}
	if bin = os.Getenv(inside); bin == "" {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		var err error
		if bin, err = drive.Bin(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// onDesktop runs test in a desktop session of its own, made with with-desktop's flags: it starts this test once more inside
// it. Pictures and logs of a failed one stay in build/out/e2e-failed/NAME.
func onDesktop(t *testing.T, test func(t *testing.T), flags ...string) {
	t.Helper()
	if os.Getenv(inside) != "" {
		test(t)
		return
	}
	shots := filepath.Join(bin, "e2e-failed", strings.ReplaceAll(t.Name(), "/", "_"))
	if err := os.RemoveAll(shots); err != nil {
		t.Fatal(err)
	}
	limit := "4m"
	if os.Getenv("E2E_KILLS") != "" { // as many as somebody wants
		limit = "30m"
	}
	args := append([]string{"--a11y", "--screenshot-dir", shots}, flags...)
	args = append(args, "--", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", limit)
	out, status, err := inDesktop(t, args)
	again := err != nil && (status == noDesktop || mayFailOnce)
	if again {
		keep := filepath.Join(shots, "first-run.log")
		if err := errors.Join(os.MkdirAll(shots, 0o755), os.WriteFile(keep, out, 0o644)); err != nil {
			t.Fatal(err)
		}
		out, _, err = inDesktop(t, args)
	}
	if err != nil {
		t.Fatalf("in its desktop: %v; pictures and logs: %s", err, shots)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("the test did not run in its desktop")
	}
	if !again {
		_ = os.RemoveAll(shots)
	}
}

// mayFailOnce is set where nobody knows how busy the machine is and nobody sits at it to look: a test that fails is run once more
// there. `make test` ends with the names of such tests, and what they left is kept: whoever sees one has a defect to find.
var mayFailOnce = os.Getenv("CI") != ""

// noDesktop is with-desktop's exit status where the session could not be started.
const noDesktop = 70

func inDesktop(t *testing.T, args []string) (out []byte, status int, err error) {
	cmd := exec.CommandContext(t.Context(), filepath.Join("..", "desktop", "with-desktop"), args...)
	cmd.Env = append(os.Environ(), inside+"="+bin)
	out, err = cmd.CombinedOutput()
	t.Logf("%s", out)
	return out, cmd.ProcessState.ExitCode(), err
}

// start starts the demo's servers and kubecreds on them, and ends both with the test.
func start(t *testing.T, serverFlags ...string) *drive.Rig {
	t.Helper()
	r := servers(t, serverFlags...)
	startAgent(t, r, r.Program("kubecreds"))
	return r
}

// startAgent starts program, a kubecreds, on servers that run. When it returns the menu is what it will be: the keychain has been
// read.
func startAgent(t *testing.T, r *drive.Rig, program string) {
	t.Helper()
	must(t, r.StartAgent(program))
	look(t, "wait-item")
	until(t, "the keychain to be read", func() bool {
		menu := drive.Menu(t.Context())
		return menu != "" && !strings.Contains(menu, "reading the keychain")
	})
}

// servers starts the demo's servers only.
func servers(t *testing.T, flags ...string) *drive.Rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e") // t.TempDir's path may be too long for a socket
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r, err := drive.Start(t.Context(), bin, dir, flags...)
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			_, _ = drive.Desk(context.Background(), "shot", "failed")
		}
		r.Stop()
		if t.Failed() {
			for _, f := range []string{"agent.out", "kubecreds/state/kubecreds.log"} {
				b, _ := os.ReadFile(filepath.Join(r.Dir, f))
				t.Logf("%s:\n%s", f, b)
			}
		}
	})
	return r
}

// look runs a command of desk and returns what it printed.
func look(t *testing.T, args ...string) string {
	t.Helper()
	out, err := drive.Desk(t.Context(), args...)
	must(t, err)
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logIn clicks `Log in to corp…` and answers the dialog as alice.
func logIn(t *testing.T) {
	t.Helper()
	look(t, "choose", "Log in to corp…")
	_, err := drive.Dialog(t.Context(), "corp: ")
	must(t, err)
	must(t, drive.Answer(t.Context(), "alice", "password"))
	menuSays(t, "logged in as alice@example.com")
}

// loginDone waits until all that a login does is done: the kubeconfig is written, and only the session's record is in the keychain.
func loginDone(t *testing.T) {
	t.Helper()
	menuSays(t, "2 of 2 clusters ready")
	refreshToken(t)
}

// works checks that kubectl is who it should be on both clusters.
func works(t *testing.T, r *drive.Rig) {
	t.Helper()
	until(t, "the kubeconfig's entries", func() bool { return strings.Contains(kubeconfig(r), "kubecreds-staging") })
	for _, cluster := range []string{"prod-eu", "staging"} {
		who := r.Kubectl(t.Context(), "--context", cluster, "auth", "whoami")
		if who.Status != 0 || !strings.Contains(who.Out, "alice@example.com") || !strings.Contains(who.Out, "oncall") {
			t.Errorf("kubectl auth whoami on %s: %+v", cluster, who)
		}
		if ns := r.Kubectl(t.Context(), "--context", cluster, "get", "namespaces"); ns.Status != 0 || !strings.Contains(ns.Out, "kube-system") {
			t.Errorf("kubectl get namespaces on %s: %+v", cluster, ns)
		}
	}
}
