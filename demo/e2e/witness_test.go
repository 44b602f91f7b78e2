package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// witness notes what appears on the desktop: notifications, dialogs of kubecreds, prompts of the keychain.
type witness struct {
	dialogsFile string

	mu      sync.Mutex
	shown   []string // "TITLE: BODY" of each notification
	prompts int
	pings   int
}

// observe begins to note. It must be called before kubecreds is started: dialogs are counted by a zenity before the real one.
func observe(t *testing.T) *witness {
	t.Helper()
	dir := t.TempDir()
	w := &witness{dialogsFile: filepath.Join(dir, "dialogs")}
	zenity, err := exec.LookPath("zenity")
	must(t, err)
	shim := fmt.Sprintf("#!/bin/sh\necho x >>%q\nexec %q \"$@\"\n", w.dialogsFile, zenity)
	must(t, os.WriteFile(filepath.Join(dir, "zenity"), []byte(shim), 0o700))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	w.listen(t)
	return w
}

// listen watches the session bus until the test ends.
func (w *witness) listen(t *testing.T) {
	t.Helper()
	monitor := exec.Command("busctl", "--user", "--json=short",
		"--match=interface='org.freedesktop.Notifications',member='Notify'",
		"--match=interface='org.freedesktop.Secret.Prompt',member='Prompt'",
		"--match=interface='org.freedesktop.DBus.Peer',member='Ping'", "monitor")
	out, err := monitor.StdoutPipe()
	must(t, err)
	must(t, monitor.Start())
	t.Cleanup(func() {
		_ = monitor.Process.Kill()
		_ = monitor.Wait()
	})
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			w.note(lines.Bytes())
		}
	}()
	must(t, drive.Until(t.Context(), 20*time.Second, "the bus monitor", func() bool { return w.ping(t, 200*time.Millisecond) == nil }))
}

func (w *witness) note(line []byte) {
	var m struct {
		Type, Member string
		Payload      struct{ Data []any }
	}
	if json.Unmarshal(line, &m) != nil || m.Type != "method_call" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m.Member {
	case "Notify":
		w.shown = append(w.shown, fmt.Sprintf("%v: %v", m.Payload.Data[3], m.Payload.Data[4]))
	case "Prompt":
		w.prompts++
	case "Ping":
		w.pings++
	}
}

// ping waits until the monitor has seen all that was on the bus before this call: the bus keeps the order.
func (w *witness) ping(t *testing.T, d time.Duration) error {
	t.Helper()
	count := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.pings
	}
	before := count()
	out, err := exec.Command("gdbus", "call", "--session", "-d", "org.freedesktop.DBus", "-o", "/", "-m", "org.freedesktop.DBus.Peer.Ping").CombinedOutput()
	if err != nil {
		return fmt.Errorf("ping: %w %s", err, out)
	}
	return drive.Until(t.Context(), d, "the bus monitor", func() bool { return count() > before })
}

// saw checks what has appeared since the test began, once all of that has: so many dialogs, so many prompts, and one notification
// that contains each of the texts, in their order.
func (w *witness) saw(t *testing.T, dialogs, prompts int, notices ...string) {
	t.Helper()
	until(t, fmt.Sprintf("%d notifications", len(notices)), func() bool { return w.told(len(notices)) })
	must(t, w.ping(t, 20*time.Second))
	if got := w.dialogs(); got != dialogs {
		t.Errorf("%d dialogs appeared, not %d", got, dialogs)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.prompts != prompts {
		t.Errorf("the keychain was asked for %d prompts, not %d", w.prompts, prompts)
	}
	ok := len(w.shown) == len(notices)
	for i := 0; ok && i < len(notices); i++ {
		ok = strings.Contains(w.shown[i], notices[i])
	}
	if !ok {
		t.Errorf("notifications %q, not %q", w.shown, notices)
	}
}

func (w *witness) dialogs() int {
	b, err := os.ReadFile(w.dialogsFile)
	if err != nil {
		return 0 // none yet
	}
	return strings.Count(string(b), "x")
}

// expect checks a program's exit status, and that stderr holds one line with each of the words; without words: nothing.
func expect(t *testing.T, what string, got drive.Result, status int, words ...string) {
	t.Helper()
	lines := strings.Count(got.Err, "\n")
	if got.Status != status || len(words) > 0 && lines != 1 || len(words) == 0 && got.Err != "" {
		t.Errorf("%s: exit status %d, not %d; stdout %q, stderr %q", what, got.Status, status, redactCredential(got.Out), got.Err)
	}
	for _, w := range words {
		if !strings.Contains(got.Err, w) {
			t.Errorf("%s: stderr lacks %q: %q", what, w, got.Err)
		}
	}
}

// redactCredential keeps a token out of the tests' logs.
func redactCredential(out string) string {
	if strings.Contains(out, "ExecCredential") {
		return "(an ExecCredential)"
	}
	return out
}

// handsOut checks that get-token yields a credential.
func handsOut(t *testing.T, r *drive.Rig, cluster string) {
	t.Helper()
	got := r.GetToken(t.Context(), cluster)
	expect(t, "get-token", got, 0)
	if !strings.Contains(got.Out, `"token":"`) {
		t.Errorf("get-token of %s printed no token: %q", cluster, redactCredential(got.Out))
	}
}

// menuLacks waits until the tray's menu is there and no longer holds text.
func menuLacks(t *testing.T, d time.Duration, text string) {
	t.Helper()
	last := ""
	if err := drive.Until(t.Context(), d, fmt.Sprintf("the menu to say no more %q", text), func() bool {
		last = drive.Menu(t.Context())
		return last != "" && !strings.Contains(last, text)
	}); err != nil {
		t.Fatalf("%v; it says:\n%s", err, last)
	}
}

// cliLogIn logs in as alice through the command line.
func cliLogIn(t *testing.T, r *drive.Rig) {
	t.Helper()
	got := r.Creds(t.Context(), "password\n", "login", "corp", "--username", "alice", "--password-stdin")
	expect(t, "login", got, 0)
}
