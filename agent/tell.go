package agent

import (
	"context"
	"maps"
	"os"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// Screen says whether anybody can see what is shown. desktop/lock has one.
type Screen interface {
	Locked() bool
	Changes() <-chan struct{} // one receiver; a signal after each change
}

// unlocked reports whether somebody may be sitting at the screen; where nobody knows, somebody may.
func (a *Agent) unlocked() bool { return a.Screen == nil || !a.Screen.Locked() }

// screenChanges signals when the screen was locked or unlocked; never, where nobody knows.
func (a *Agent) screenChanges() <-chan struct{} {
	if a.Screen == nil {
		return nil
	}
	return a.Screen.Changes()
}

// tell shows and withdraws the notifications that each change calls for, beside everything else: a notification service may
// hang.
func (a *Agent) tell(ctx context.Context, changed <-chan struct{}) {
	var before *auth.Snapshot
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		after := a.Keeper.Snapshot()
		a.notify(ctx, before, after)
		before = after
	}
}

// notify shows and withdraws what a change from before to after calls for, and keeps what was told.
func (a *Agent) notify(ctx context.Context, before, after *auth.Snapshot) {
	set := a.settings()
	set.Quiet = !a.unlocked() || a.Dialogs != nil && a.Dialogs.Busy()
	set.AskAutostart = a.Tray && a.Autostart != nil && a.Places.Home == "" // no desktop reads the entry of another life
	set.Welcome = a.Tray && a.Places.Home == "" && a.unconfigured()
	set.NoHost = a.noHost.Load()
	set.Desktop = os.Getenv("XDG_CURRENT_DESKTOP")
	var show []menu.Notice
	var withdraw []string
	a.keepTold(func(told menu.Told) menu.Told {
		show, withdraw, told = menu.Notices(before, after, told, set, a.Now())
		return told
	})
	for _, tag := range withdraw {
		a.Notify.Withdraw(tag)
	}
	for _, n := range show {
		if err := a.Notify.Show(ctx, n); err != nil {
			a.Log.Info("notification not shown", "title", n.Title, "err", err)
		}
	}
}

// putOff remembers that the person does not want to hear of a notice again.
func (a *Agent) putOff(tag string) {
	a.keepTold(func(told menu.Told) menu.Told { return told.Later(tag) })
}

// keepTold changes what was told, and keeps it for the next run: of an agent with an icon only, because one without may have
// told nobody.
func (a *Agent) keepTold(change func(menu.Told) menu.Told) {
	a.mu.Lock()
	defer a.mu.Unlock()
	told := change(a.told)
	if maps.Equal(told, a.told) {
		return
	}
	a.told = told
	if !a.Tray {
		return
	}
	a.state.Told = told
	if err := a.state.Save(a.Places.StateFile()); err != nil {
		a.Log.Warn("what was told is not remembered", "err", err)
	}
}

// TrayHost is told whether a program shows tray icons here, each time that changes.
func (a *Agent) TrayHost(here bool) {
	a.noHost.Store(!here)
	signal(a.dirty)
}
