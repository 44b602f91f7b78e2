package wake

import (
	"context"
	"fmt"
	"log/slog"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/kubecreds/kubecreds/auth"
)

// holdMax is how long sleep is held back: Windows gives a program 2 s.
const holdMax = 1500 * time.Millisecond

// subscription is DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS.
type subscription struct{ callback, context uintptr }

// start registers for what the system calls back, until ctx ends.
func start(ctx context.Context, looks chan<- auth.Look, busy func() bool, log *slog.Logger) {
	events := make(chan event, 16)
	go relay(ctx, events, looks, busy, holdMax)
	if err := onPower(ctx, events); err != nil {
		log.Info("Windows tells nothing of sleep; the clock is watched instead", "err", err)
	}
	if err := onNetwork(ctx, events); err != nil {
		log.Info("Windows tells nothing of the network; failed renewals are tried again by themselves", "err", err)
	}
}

// onPower has sleep and resume sent to events. PowerRegisterSuspendResumeNotification needs no window of ours.
func onPower(ctx context.Context, events chan<- event) error {
	powrprof := windows.NewLazySystemDLL("powrprof.dll")
	register, unregister := powrprof.NewProc("PowerRegisterSuspendResumeNotification"), powrprof.NewProc("PowerUnregisterSuspendResumeNotification")
	if err := register.Find(); err != nil {
		return err
	}
	const deviceNotifyCallback = 2
	s := &subscription{callback: windows.NewCallback(func(_, kind, _ uintptr) uintptr {
		heard(ctx, events, windowsLook(uint32(kind)))
		return 0
	})}
	var handle uintptr
	// The result is the error; what Call returns as its last value never is nil.
	if status, _, _ := register.Call(deviceNotifyCallback, uintptr(unsafe.Pointer(s)), uintptr(unsafe.Pointer(&handle))); status != 0 {
		return fmt.Errorf("PowerRegisterSuspendResumeNotification: %w", windows.Errno(status))
	}
	context.AfterFunc(ctx, func() {
		_, _, _ = unregister.Call(handle)
		s.callback = 0 // it lived until now
	})
	return nil
}

// onNetwork has new and changed network interfaces sent to events.
func onNetwork(ctx context.Context, events chan<- event) error {
	callback := windows.NewCallback(func(_, _ uintptr, kind uintptr) uintptr {
		if kind == windows.MibAddInstance || kind == windows.MibParameterNotification {
			heard(ctx, events, auth.LookNetwork)
		}
		return 0
	})
	var handle windows.Handle
	if err := windows.NotifyIpInterfaceChange(windows.AF_UNSPEC, callback, nil, false, &handle); err != nil {
		return fmt.Errorf("NotifyIpInterfaceChange: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = windows.CancelMibChangeNotify2(handle) })
	return nil
}

// heard hands on what a callback was told. It runs on a thread of the system's and waits for the end of a renewal only, before
// sleep; where nobody takes events any more it drops them.
func heard(ctx context.Context, events chan<- event, look auth.Look) {
	if look == 0 {
		return
	}
	e := event{look: look}
	if look == auth.LookSleeping {
		e.done = make(chan struct{})
	}
	select {
	case events <- e:
	default:
		return
	}
	if e.done == nil {
		return
	}
	limit := time.NewTimer(holdMax)
	defer limit.Stop()
	select {
	case <-e.done:
	case <-limit.C:
	case <-ctx.Done():
	}
}
