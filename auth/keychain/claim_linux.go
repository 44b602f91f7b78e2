package keychain

import (
	"context"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// A kubecreds that was killed may leave a helper that is still writing. The next one must read what that helper wrote: the
// refresh token before it, sent again, would look like theft to a provider that rotates. So a helper that writes a record owns a
// name on the session bus meanwhile, which the bus takes back when it ends, however it ends; and whoever reads waits for that.

// claimName is the name that stands for the records of key's account.
func claimName(key string) string {
	account, _, _ := strings.Cut(key, "#") // '#' begins what tells the items of one account apart
	return "io.github.kubecreds.Keychain.k" + digest(account)[:32]
}

// claim implements vault. A bus that gives no names is no reason not to write.
func (s *secretService) claim(ctx context.Context, key string) error {
	name := claimName(key)
	for s.claimed != name {
		var got uint32
		err := s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0, name, uint32(dbus.NameFlagDoNotQueue)).Store(&got)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil || dbus.RequestNameReply(got) != dbus.RequestNameReplyExists:
			s.claimed = name
		default:
			if err := pause(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// unclaimed waits until no other helper writes a record of key's account.
func (s *secretService) unclaimed(ctx context.Context, key string) error {
	name := claimName(key)
	for s.claimed != name {
		writes := false // so it stays where the bus does not know
		_ = s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&writes)
		if ctx.Err() != nil || !writes {
			return ctx.Err()
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// pause is the time between two looks at a name.
func pause(ctx context.Context) error {
	const while = 10 * time.Millisecond
	t := time.NewTimer(while)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
