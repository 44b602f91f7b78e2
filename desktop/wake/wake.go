// Package wake says when the machine sleeps, wakes and gets a network, so that every deadline is looked at again.
//
// On Linux it listens to logind and NetworkManager on the system bus, on Windows to what the system calls back for power and
// for network interfaces, on macOS, where the program was built with cgo, to IOKit. None of them is there always: the jump of
// the wall clock, which the keeper sees by itself within 30 s, has to do then, so no caller may depend on a look being sent.
package wake

import (
	"context"
	"log/slog"

	"github.com/kubecreds/kubecreds/auth"
)

// Watch sends what happens to the machine until ctx ends. The channel is unbuffered and never closed: once LookSleeping is
// received, sleep is held back until busy reports false, for at most 5 s. busy is called from another goroutine and must
// not wait. Looks are sent as they come, several for one resume; debouncing them, and waiting the 1-3 s until the network
// is up, is the receiver's part. After LookSleeping there is a LookResumed, at the latest when the system bus is lost.
//
// A machine without a system bus, logind or NetworkManager is no error: one line in the log, and the bus is looked for again
// every 10 minutes.
func Watch(ctx context.Context, busy func() bool, log *slog.Logger) <-chan auth.Look {
	looks := make(chan auth.Look)
	start(ctx, looks, busy, log)
	return looks
}
