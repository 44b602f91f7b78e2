package lock

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sys/windows"
)

// every is how often Windows is asked. It tells windows only, and this package has none.
const every = 5 * time.Second

// follow sets whether another desktop than the person's has the keyboard: the lock screen's, or that of a prompt for
// elevation. A program of the person's cannot open those.
func follow(ctx context.Context, set func(bool), _ *slog.Logger) {
	user32 := windows.NewLazySystemDLL("user32.dll")
	open, closeIt := user32.NewProc("OpenInputDesktop"), user32.NewProc("CloseDesktop")
	if open.Find() != nil || closeIt.Find() != nil {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	poll(ctx, tick.C, func() bool {
		const desktopSwitchDesktop = 0x0100
		desktop, _, _ := open.Call(0, 0, desktopSwitchDesktop)
		if desktop == 0 {
			return true
		}
		_, _, _ = closeIt.Call(desktop)
		return false
	}, set)
}
