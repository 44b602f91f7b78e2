package tray

import (
	"context"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"
)

// patience is how long a desktop may take to start the program that shows its icons, or to start it again.
const patience = 10 * time.Second

// WatchPresence tells seen whether a program shows tray icons here, when that is known and each time it changes, until ctx
// ends. That there is none it tells after 10 s only: a desktop that has just started may still bring one. Without a session
// bus it tells nothing.
func WatchPresence(ctx context.Context, seen func(here bool), log *slog.Logger) {
	conn, err := connect()
	if err != nil {
		return // Run says so
	}
	defer conn.Close()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName)},
		{dbus.WithMatchInterface(watcherName), dbus.WithMatchMember("StatusNotifierHostRegistered")},
		{dbus.WithMatchInterface(watcherName), dbus.WithMatchMember("StatusNotifierHostUnregistered")},
	} {
		if err := conn.AddMatchSignal(match...); err != nil {
			log.Info("whether icons are shown here is not known", "err", err)
			return
		}
	}
	follow(ctx, signals, func() bool { return showsIcons(ctx, conn) }, seen, time.After)
}

// follow asks here after each signal, at once and, where the answer is no, once more after a while, and tells what changed.
func follow(ctx context.Context, signals <-chan *dbus.Signal, here func() bool, seen func(bool), after func(time.Duration) <-chan time.Time) {
	var known, was bool
	tell := func(is bool) {
		if !known || is != was {
			known, was = true, is
			seen(is)
		}
	}
	for {
		var last <-chan time.Time
		if here() {
			tell(true)
		} else {
			last = after(patience)
		}
		select {
		case <-ctx.Done():
			return
		case _, ok := <-signals:
			if !ok {
				return // the bus is gone, and the desktop with it
			}
		case <-last:
			if !here() {
				tell(false)
				select {
				case <-ctx.Done():
					return
				case _, ok := <-signals:
					if !ok {
						return
					}
				}
			}
		}
	}
}

// showsIcons reports whether there is a list for icons, and somebody who draws what is in it.
func showsIcons(ctx context.Context, conn *dbus.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	var shows dbus.Variant
	err := conn.Object(watcherName, "/StatusNotifierWatcher").CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get",
		dbus.FlagNoAutoStart, watcherName, "IsStatusNotifierHostRegistered").Store(&shows)
	is, _ := shows.Value().(bool)
	return err == nil && is
}
