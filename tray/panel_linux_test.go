package tray

import (
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"
)

// portal plays the settings portal of a desktop whose colour scheme changes.
type portal struct{ scheme atomic.Uint32 }

// ReadOne is the D-Bus method.
func (p *portal) ReadOne(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(p.scheme.Load()), nil
}

// key is the colour of the icon's key, as the host gets it.
func (a *app) key() (alpha, red, green, blue byte) {
	v, err := a.item().GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil {
		return 0, 0, 0, 0
	}
	var pictures []struct {
		W, H int32
		Data []byte
	}
	if v.Store(&pictures) != nil || len(pictures) != 1 {
		return 0, 0, 0, 0
	}
	at := 4 * (15*pictures[0].W + 2) // the left edge of the key's bow, in ARGB
	d := pictures[0].Data[at:][:4]
	return d[0], d[1], d[2], d[3]
}

func TestTheIconIsPaintedAgainWhenThePanelChangesItsColour(t *testing.T) {
	a, _, address := start(t)
	const path, settings = "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings"
	p, conn := &portal{}, connectTo(t, address)
	if err := conn.Export(p, path, settings); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the icon has colours for any panel", func() bool { _, r, _, b := a.key(); return b > r })
	p.scheme.Store(1)
	if _, err := conn.RequestName("org.freedesktop.portal.Desktop", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the icon is light on a dark panel", func() bool { _, r, g, b := a.key(); return min(r, g, b) > 0xe0 })
	p.scheme.Store(2)
	if err := conn.Emit(path, settings+".SettingChanged", "org.freedesktop.appearance", "color-scheme", dbus.MakeVariant(uint32(2))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the icon is dark on a light panel", func() bool { alpha, r, g, b := a.key(); return alpha > 0xe0 && max(r, g, b) < 0x50 })
}
