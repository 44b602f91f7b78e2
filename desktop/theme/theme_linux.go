package theme

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/desktop/internal/bus"
)

const (
	portal     = "org.freedesktop.portal.Desktop"
	portalPath = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	settings   = "org.freedesktop.portal.Settings"
	appearance = "org.freedesktop.appearance"
	scheme     = "color-scheme"
	kdePath    = dbus.ObjectPath("/KGlobalSettings")
	kde        = "org.kde.KGlobalSettings"

	callMax = 5 * time.Second // how long the portal may take to answer
)

// follow tells how the panel looks, and again each time the portal or KDE says that something changed, until ctx ends.
func follow(ctx context.Context, tell func(Panel), log *slog.Logger) {
	conn, signals, err := dial(ctx)
	if err != nil {
		log.Debug("nobody tells the desktop's colours", "err", err)
		tell(look(ctx, nil))
		return
	}
	defer func() { _ = conn.Close() }()
	tell(look(ctx, conn))
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-signals:
			if !ok {
				return
			}
			if !concerns(s) {
				continue
			}
		}
		tell(look(ctx, conn))
	}
}

// dial asks the session bus for the signals that may mean another colour.
func dial(ctx context.Context) (*dbus.Conn, <-chan *dbus.Signal, error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return nil, nil, err
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	err = errors.Join(
		conn.AddMatchSignal(dbus.WithMatchInterface(settings), dbus.WithMatchMember("SettingChanged"), dbus.WithMatchArg(0, appearance)),
		conn.AddMatchSignal(dbus.WithMatchInterface(kde), dbus.WithMatchMember("notifyChange"), dbus.WithMatchObjectPath(kdePath)),
		conn.AddMatchSignal(dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
			dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, portal)),
	)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, signals, nil
}

// concerns reports whether s may mean another colour. What it says is not believed: the portal is asked.
func concerns(s *dbus.Signal) bool {
	switch s.Name {
	case settings + ".SettingChanged":
		return len(s.Body) == 3 && s.Body[0] == appearance && s.Body[1] == scheme
	case kde + ".notifyChange", "org.freedesktop.DBus.NameOwnerChanged":
		return true
	}
	return false
}

// look asks portal and files. conn may be nil.
func look(ctx context.Context, conn *dbus.Conn) Panel {
	desktop := os.Getenv("XDG_CURRENT_DESKTOP")
	var plasmarc, kdeglobals string
	if strings.Contains(desktop, "KDE") {
		plasmarc, kdeglobals = config("plasmarc"), config("kdeglobals")
	}
	asked := uint32(schemeNone)
	if conn != nil {
		asked = portalScheme(ctx, conn)
	}
	return linuxPanel(desktop, asked, plasmarc, kdeglobals)
}

// portalScheme asks the portal that runs; none is started for this. Portals before version 2 know Read only, which answers in
// one variant more.
func portalScheme(ctx context.Context, conn *dbus.Conn) uint32 {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	object := conn.Object(portal, portalPath)
	for _, method := range []string{settings + ".ReadOne", settings + ".Read"} {
		var v dbus.Variant
		if object.CallWithContext(ctx, method, dbus.FlagNoAutoStart, appearance, scheme).Store(&v) != nil {
			continue
		}
		for range 2 {
			if inner, is := v.Value().(dbus.Variant); is {
				v = inner
			}
		}
		if n, is := v.Value().(uint32); is {
			return n
		}
	}
	return schemeNone
}

// config reads a file of KDE's configuration, "" where there is none.
func config(name string) string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return string(text)
}
