package notify

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/tray/menu"
)

// callMax is how long osascript, or the system's answer, may take.
const callMax = 10 * time.Second

// appleScript is fixed: what is shown are its arguments, which AppleScript never reads as a program. It goes to osascript's
// standard input, so that "-" is the last thing osascript itself looks at.
const appleScript = `on run argv
	display notification (item 2 of argv) with title (item 1 of argv)
end run
`

// Notifier shows notifications: from an app bundle its own, with buttons; else through osascript, under Script Editor's name,
// without buttons, and withdrawn by macOS alone.
type Notifier struct {
	log    *slog.Logger
	chosen chan menu.Action
	done   chan struct{} // closed by Close

	mu     sync.Mutex
	opened bool     // by the first Show
	own    *bundled // nil where osascript shows them
}

// Open returns a notifier. Nothing is asked of the system before the first Show.
func Open(log *slog.Logger) *Notifier {
	return &Notifier{log: log, chosen: make(chan menu.Action), done: make(chan struct{})}
}

// Chosen sends what the pressed buttons do, each notification's once. It is never closed. Receive always: presses wait until
// they are taken.
func (n *Notifier) Chosen() <-chan menu.Action { return n.chosen }

// Show shows notice, in the place of an earlier one of the same tag where there are buttons. Errors wrap ErrNone, with the
// reason. The first one asks the person whether kubecreds may notify; what cannot be shown until they answered waits.
func (n *Notifier) Show(ctx context.Context, notice menu.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	if own := n.open(); own != nil {
		return own.show(ctx, notice)
	}
	return script(ctx, notice)
}

// open returns what shows this program's own notifications, nil where osascript has to. A program that cannot use the
// notification center has been refused nothing by the person, so that osascript may show what it has to say.
func (n *Notifier) open() *bundled {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.opened {
		return n.own
	}
	n.opened = true
	own := newBundled(n.chosen, n.done, n.log)
	var err error
	if own.center, err = openCenter(own.respond, own.banner); err != nil {
		n.log.Info("notifications have no buttons: osascript shows them", "err", err)
		return nil
	}
	n.own = own
	return n.own
}

// Withdraw takes the notification with this tag off the screen and out of the list. What osascript showed stays.
func (n *Notifier) Withdraw(tag string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.own != nil {
		n.own.withdraw(tag)
	}
}

// Close withdraws what is still shown, because nobody would answer its buttons any more.
func (n *Notifier) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.done:
		return
	default:
		close(n.done)
	}
	if n.own != nil {
		n.own.withdrawAll()
	}
}

// script shows notice through osascript.
func script(ctx context.Context, notice menu.Notice) error {
	if notice.Update {
		return nil // nothing is changed in place here, and it would be shown anew
	}
	cmd := exec.CommandContext(ctx, "/usr/bin/osascript", scriptArgs(notice)...)
	cmd.Stdin = strings.NewReader(appleScript)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: osascript: %w", ErrNone, err)
	}
	return nil
}
