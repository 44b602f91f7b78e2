package wake

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// holdPoll is how often busy is asked while sleep is held back.
const holdPoll = 20 * time.Millisecond

// What Windows tells a suspend-resume callback (winuser.h), and macOS a power callback (IOMessage.h).
const (
	pbtSuspend         = 0x4
	pbtResumeSuspend   = 0x7  // a person is there; comes after the next, if at all
	pbtResumeAutomatic = 0x12 // always

	ioWillSleep    = 0xe0000280
	ioHasPoweredOn = 0xe0000300
)

// windowsLook says what Windows' power event means; 0 is nothing.
func windowsLook(event uint32) auth.Look {
	switch event {
	case pbtSuspend:
		return auth.LookSleeping
	case pbtResumeSuspend, pbtResumeAutomatic:
		return auth.LookResumed
	}
	return 0
}

// macLook says what macOS' power message means; 0 is nothing.
func macLook(message uint32) auth.Look {
	switch message {
	case ioWillSleep:
		return auth.LookSleeping
	case ioHasPoweredOn:
		return auth.LookResumed
	}
	return 0
}

// readMessage reads one message of four bytes, in this machine's order, as a callback in C writes it.
func readMessage(from io.Reader) (uint32, error) {
	var message uint32
	err := binary.Read(from, binary.NativeEndian, &message)
	return message, err
}

// An event is what a system's callback heard. done is closed when sleep needs to be held back no longer; nil: nobody waits.
type event struct {
	look auth.Look
	done chan struct{}
}

// relay sends what callbacks hear to looks, in its order, until ctx ends. Sleep is held back while busy, at most for hold.
func relay(ctx context.Context, events <-chan event, looks chan<- auth.Look, busy func() bool, hold time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			sendLook(ctx, looks, e.look)
			if e.done != nil {
				waitIdle(ctx, busy, hold)
				close(e.done)
			}
		}
	}
}

func sendLook(ctx context.Context, looks chan<- auth.Look, look auth.Look) {
	select {
	case looks <- look:
	case <-ctx.Done():
	}
}

// waitIdle returns when nothing is under way any more, or after hold.
func waitIdle(ctx context.Context, busy func() bool, hold time.Duration) (idle bool) {
	ctx, cancel := context.WithTimeout(ctx, hold)
	defer cancel()
	for busy() {
		select {
		case <-time.After(holdPoll):
		case <-ctx.Done():
			return false
		}
	}
	return true
}
