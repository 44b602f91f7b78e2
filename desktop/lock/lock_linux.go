package lock

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/desktop/internal/bus"
)

const (
	logind     = "org.freedesktop.login1"
	logindPath = dbus.ObjectPath("/org/freedesktop/login1")
	properties = "org.freedesktop.DBus.Properties"

	callMax   = 5 * time.Second
	retryWait = 10 * time.Minute // this rarely, because it wakes the process for nothing where there is no bus
)

// savers are the names and paths of screen savers; each has the method GetActive and the signal ActiveChanged.
func savers() map[string]dbus.ObjectPath {
	return map[string]dbus.ObjectPath{
		"org.freedesktop.ScreenSaver": "/org/freedesktop/ScreenSaver",
		"org.gnome.ScreenSaver":       "/org/gnome/ScreenSaver",
		"org.cinnamon.ScreenSaver":    "/org/cinnamon/ScreenSaver",
		"org.mate.ScreenSaver":        "/org/mate/ScreenSaver",
		"org.xfce.ScreenSaver":        "/org/xfce/ScreenSaver",
	}
}

// A source is a bus, what to ask on it, and the signals after which to ask again.
type source struct {
	name    string
	dial    func(context.Context) (*dbus.Conn, error)
	wanted  [][]dbus.MatchOption
	locked  func(context.Context, *dbus.Conn) bool
	retries bool // a bus that went comes back
}

// follow sets whether logind or a screen saver calls the screen locked, until ctx ends.
func follow(ctx context.Context, set func(bool), log *slog.Logger) {
	var all sync.WaitGroup
	var mu sync.Mutex
	said := map[string]bool{}
	for _, s := range []source{systemBus(), sessionBus()} {
		all.Go(func() {
			s.follow(ctx, func(locked bool) {
				mu.Lock()
				defer mu.Unlock()
				said[s.name] = locked
				any := false
				for _, l := range said {
					any = any || l
				}
				set(any)
			}, log)
		})
	}
	all.Wait()
}

// systemBus is logind, which desktops tell that they locked the screen.
func systemBus() source {
	return source{
		name: "system", dial: func(context.Context) (*dbus.Conn, error) { return dbus.ConnectSystemBus() }, locked: lockedHint, retries: true,
		wanted: [][]dbus.MatchOption{{
			dbus.WithMatchSender(logind), dbus.WithMatchInterface(properties), dbus.WithMatchMember("PropertiesChanged"),
			dbus.WithMatchArg(0, logind+".Session"),
		}},
	}
}

// sessionBus is the screen savers.
func sessionBus() source {
	s := source{
		name: "session", locked: saverActive,
		dial: func(ctx context.Context) (*dbus.Conn, error) { return bus.Session(ctx) },
	}
	for name := range savers() {
		s.wanted = append(s.wanted,
			[]dbus.MatchOption{dbus.WithMatchInterface(name), dbus.WithMatchMember("ActiveChanged")},
			[]dbus.MatchOption{
				dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
				dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name),
			})
	}
	return s
}

func (s source) follow(ctx context.Context, tell func(bool), log *slog.Logger) {
	for {
		err := s.listen(ctx, tell)
		if ctx.Err() != nil {
			return
		}
		tell(false)
		log.Debug("this bus does not say whether the screen is locked", "bus", s.name, "err", err)
		if !s.retries {
			return
		}
		select {
		case <-time.After(retryWait):
		case <-ctx.Done():
			return
		}
	}
}

// listen tells whether the screen is locked until the bus is lost or ctx ends. What signals say is not believed, every user of
// the machine may send one: they are a reason to ask.
func (s source) listen(ctx context.Context, tell func(bool)) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	for _, match := range s.wanted {
		if err := conn.AddMatchSignal(match...); err != nil {
			return err
		}
	}
	for {
		tell(s.locked(ctx, conn))
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-signals:
			if !ok {
				return errors.New("the connection ended")
			}
		}
	}
}

// lockedHint asks logind for LockedHint of the person's session on a screen, whichever session this process belongs to.
func lockedHint(ctx context.Context, conn *dbus.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	var user dbus.ObjectPath
	if conn.Object(logind, logindPath).CallWithContext(ctx, logind+".Manager.GetUser", 0, uint32(os.Getuid())).Store(&user) != nil {
		return false
	}
	var display struct {
		ID   string
		Path dbus.ObjectPath
	}
	if get(ctx, conn, user, logind+".User", "Display", &display) != nil || !display.Path.IsValid() || display.Path == "/" {
		return false
	}
	locked := false
	return get(ctx, conn, display.Path, logind+".Session", "LockedHint", &locked) == nil && locked
}

func get(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, iface, property string, to any) error {
	var v dbus.Variant
	if err := conn.Object(logind, path).CallWithContext(ctx, properties+".Get", 0, iface, property).Store(&v); err != nil {
		return err
	}
	return v.Store(to)
}

// saverActive asks every screen saver that runs; none is started for this.
func saverActive(ctx context.Context, conn *dbus.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	for name, path := range savers() {
		active := false
		if conn.Object(name, path).CallWithContext(ctx, name+".GetActive", dbus.FlagNoAutoStart).Store(&active) == nil && active {
			return true
		}
	}
	return false
}
