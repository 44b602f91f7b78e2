// Package bus connects to the session bus for what a part of the program hears there: never over the shared connection, which
// is the tray library's, and never by starting a bus where there is none.
package bus

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Session returns a connection of its own to the session bus that is there. The usual call would start one where there is none,
// with dbus-launch, and leave it behind. ctx ends the connecting, not the connection.
func Session(ctx context.Context, options ...dbus.ConnOption) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(options...)
	if err != nil {
		return nil, err
	}
	tooLate := context.AfterFunc(ctx, func() { _ = conn.Close() }) // these steps know no context
	defer tooLate()
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}
