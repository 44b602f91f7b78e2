package wake

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/auth"
)

const (
	holdMax   = 5 * time.Second // logind's own limit (InhibitDelayMaxSec) is 5 s as well
	callMax   = 5 * time.Second
	retryWait = 10 * time.Minute // this rarely, because it wakes the process for nothing where there is no bus
)

// watcher passes on what the system bus says.
type watcher struct {
	looks chan<- auth.Look
	busy  func() bool
	hold  time.Duration // how long sleep is held back at most
	retry time.Duration // how long a missing bus is left alone
	log   *slog.Logger
}

func start(ctx context.Context, looks chan<- auth.Look, busy func() bool, log *slog.Logger) {
	go watcher{looks, busy, holdMax, retryWait, log}.run(ctx)
}

// run listens until ctx ends, on a new connection when the bus was away.
func (w watcher) run(ctx context.Context) {
	level := slog.LevelInfo
	for {
		err := w.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		w.log.Log(ctx, level, "the system bus tells nothing of sleep and network; the clock is watched instead", "error", err)
		level = slog.LevelDebug
		select {
		case <-time.After(w.retry):
		case <-ctx.Done():
			return
		}
	}
}

// listen sends looks until the bus is lost or ctx ends.
func (w watcher) listen(ctx context.Context) error {
	// A connection of its own, that delivers signals in the order they came.
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx), dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	signals := make(chan *dbus.Signal, 1)
	conn.Signal(signals)
	for _, match := range wanted() {
		if err := conn.AddMatchSignal(match...); err != nil {
			return err
		}
	}

	lock := w.delayLock(ctx, conn)
	defer func() { _ = lock.Close() }()
	asleep := false
	for signal := range signals { // closed with the connection
		look, service := meaning(signal)
		if look == 0 || !sentBy(ctx, conn, signal, service) {
			continue
		}
		w.log.Debug("the machine", "look", look, "from", service)
		if look == auth.LookSleeping {
			asleep = true
			w.holdBack(ctx)
			_ = lock.Close()
			continue
		}
		w.send(ctx, look)
		if look == auth.LookResumed {
			asleep = false
			_ = lock.Close() // still held where a sleep was not announced
			lock = w.delayLock(ctx, conn)
		}
	}
	if asleep {
		w.send(ctx, auth.LookResumed)
	}
	return errors.New("the connection ended")
}

// holdBack announces sleep and returns when nothing is under way any more, or when time is up.
func (w watcher) holdBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.hold)
	defer cancel()
	w.send(ctx, auth.LookSleeping)
	if !waitIdle(ctx, w.busy, w.hold) {
		w.log.Debug("sleep is not held back any longer, though a renewal is under way")
	}
}

func (w watcher) send(ctx context.Context, look auth.Look) { sendLook(ctx, w.looks, look) }

// delayLock takes logind's delay lock: while the file is open, logind waits with sleep, as long as its limit allows. It
// returns nil, which is closed as well as any, where there is no logind or it refuses.
func (w watcher) delayLock(ctx context.Context, conn *dbus.Conn) *os.File {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	var fd dbus.UnixFD
	err := conn.Object(logind, logindPath).CallWithContext(ctx, logindManager+".Inhibit", 0,
		"sleep", "kubecreds", "A renewal of credentials is finished first", "delay").Store(&fd)
	if err != nil {
		w.log.Debug("sleep cannot be held back", "error", err)
		return nil
	}
	return os.NewFile(uintptr(fd), "logind's delay lock")
}

// sentBy reports whether signal came from the owner of service. The match rules do not say so: every user of the machine may
// send a signal to a connection on the system bus, whatever it asked for.
func sentBy(ctx context.Context, conn *dbus.Conn, signal *dbus.Signal, service string) bool {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	var owner string
	err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, service).Store(&owner)
	return err == nil && owner == signal.Sender
}
