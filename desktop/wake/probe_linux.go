package wake

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// Missing names what would tell of sleep and network and is not there; the clock is watched in its place. An error says that the
// system bus itself is missing.
func Missing(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, errors.New("there is no system bus") // which of its addresses fails is no help
	}
	defer func() { _ = conn.Close() }()
	var missing []string
	for _, service := range []struct{ name, what string }{{logind, "logind (sleep)"}, {network, "NetworkManager (network)"}} {
		var there bool
		err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, service.name).Store(&there)
		if err != nil {
			return nil, fmt.Errorf("the system bus does not answer: %w", err)
		}
		if !there {
			missing = append(missing, service.what)
		}
	}
	return missing, nil
}
