package theme

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/desktop/internal/bustest"
)

// desktopPortal plays the settings portal.
type desktopPortal struct {
	t      *testing.T
	conn   *dbus.Conn
	scheme atomic.Uint32
}

func startPortal(t *testing.T, bus *bustest.Bus, now uint32) *desktopPortal {
	t.Helper()
	p := &desktopPortal{t: t, conn: bus.Connect(t)}
	p.scheme.Store(now)
	if err := p.conn.Export(p, portalPath, settings); err != nil {
		t.Fatal(err)
	}
	if _, err := p.conn.RequestName(portal, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return p
}

// Read is what portals of version 1 have: it answers in a variant within the variant.
func (p *desktopPortal) Read(namespace, key string) (dbus.Variant, *dbus.Error) {
	if namespace != appearance || key != scheme {
		return dbus.Variant{}, dbus.MakeFailedError(os.ErrNotExist)
	}
	return dbus.MakeVariant(dbus.MakeVariant(p.scheme.Load())), nil
}

func (p *desktopPortal) change(to uint32) {
	p.scheme.Store(to)
	if err := p.conn.Emit(portalPath, settings+".SettingChanged", appearance, scheme, dbus.MakeVariant(to)); err != nil {
		p.t.Error(err)
	}
}

func expect(t *testing.T, panels <-chan Panel, want Panel) {
	t.Helper()
	select {
	case got := <-panels:
		if got != want {
			t.Errorf("the panel is %v, want %v", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("never told that the panel is %v", want)
	}
}

func watch(t *testing.T) <-chan Panel {
	return Watch(t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil)))
}

func TestTheIconFollowsThePortal(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	t.Setenv("XDG_CURRENT_DESKTOP", "XFCE")
	panels := watch(t)
	expect(t, panels, Any) // no portal yet
	p := startPortal(t, bus, schemeDark)
	expect(t, panels, Dark)
	p.change(schemeLight)
	expect(t, panels, Light)
	p.change(schemeLight) // says nothing new
	p.change(schemeNone)
	expect(t, panels, Any)
}

func TestOnKDETheFilesCount(t *testing.T) {
	bus := bustest.Start(t)
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	t.Setenv("XDG_CURRENT_DESKTOP", "KDE")
	t.Setenv("XDG_CONFIG_HOME", dir)
	globals := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "kdeglobals"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	globals(breezeLight)
	panels := watch(t)
	expect(t, panels, Light)
	globals(breezeDark)
	if err := bus.Connect(t).Emit(kdePath, kde+".notifyChange", int32(0), int32(0)); err != nil {
		t.Fatal(err)
	}
	expect(t, panels, Dark)
}

func TestWithoutABusTheFilesAreRead(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "no bus"))
	t.Setenv("XDG_CURRENT_DESKTOP", "XFCE")
	expect(t, watch(t), Any)
}
