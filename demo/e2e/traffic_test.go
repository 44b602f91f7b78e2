package e2e

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// traffic hears every call on the session bus that goes to the keychain or to the notification service, from whomever.
type traffic struct {
	mu      sync.Mutex
	calls   []string // interface.Member, but for the keychain's: keychainCall
	heard   string   // the last fence
	emitted int      // fences
}

const (
	keychainCall = "keychain"
	notifyCall   = "org.freedesktop.Notifications.Notify"
	closeCall    = "org.freedesktop.Notifications.CloseNotification"
	fence        = "kubecreds.e2e" // interface of a signal of ours: what was sent before it has been heard when it is
)

// listen hears from now on.
func listen(t *testing.T) *traffic {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "dbus-monitor", "--session", "--profile", "type='method_call',destination='org.freedesktop.secrets'",
		"type='method_call',interface='org.freedesktop.Notifications'", "interface='"+fence+"'")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	b := &traffic{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			b.hear(strings.Split(lines.Text(), "\t"))
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	b.sync(t)
	return b
}

// hear takes one line: type, time, serial, sender, destination, path, interface, member.
func (b *traffic) hear(f []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(f) == 8 && f[6] == fence:
		b.heard = f[7]
	case len(f) != 8 || f[0] != "mc":
	case strings.HasPrefix(f[5], "/org/freedesktop/secrets"):
		b.calls = append(b.calls, keychainCall)
	default:
		b.calls = append(b.calls, f[6]+"."+f[7])
	}
}

// sync returns when everything sent until now has been heard.
func (b *traffic) sync(t *testing.T) {
	t.Helper()
	until(t, "dbus-monitor to hear", func() bool { // at first it is not listening yet
		b.emitted++
		mark := "Fence" + strconv.Itoa(b.emitted)
		run(t, "gdbus", "emit", "--session", "-o", "/", "-s", fence+"."+mark)
		return drive.Until(t.Context(), time.Second, mark, func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.heard == mark
		}) == nil
	})
}

// count returns how many such calls there were.
func (b *traffic) count(t *testing.T, call string) int {
	t.Helper()
	b.sync(t)
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if c == call {
			n++
		}
	}
	return n
}
