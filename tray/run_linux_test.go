package tray

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/assets"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// sample is a menu with one row of each kind.
func sample(words string) menu.Menu {
	return menu.Menu{Icon: menu.IconReady, Tooltip: "kubecreds: " + words, Rows: []menu.Row{
		{Text: words, Disabled: true},
		{Separator: true},
		{Text: "prod_eu: " + words, State: menu.ShapeReady, Sub: []menu.Row{
			{Text: "Re-login…", Do: menu.Action{Verb: menu.VerbLogin, On: "prod_eu"}},
			{Text: "Renew now", Do: menu.Action{Verb: menu.VerbRenew, On: "prod_eu"}, Disabled: true},
		}},
		{Text: "Start at login", Do: menu.Action{Verb: menu.VerbAutostart, On: "on"}, Checkable: true},
		{Text: "Quit", Do: menu.Action{Verb: menu.VerbQuit}},
	}}
}

// asSeen is what a host shows of sample.
func asSeen(words string) []string {
	return []string{
		"[" + words + "]", "--",
		fmt.Sprintf("prod__eu: %s (%d bytes)", words, len(assets.Row("ready"))), "  Re-login…", "  [Renew now]",
		"Start at login", "Quit",
	}
}

// start runs the tray with the sample menu on a bus with a host.
func start(t *testing.T) (*app, *watcher, string) {
	t.Helper()
	address := startBus(t)
	w := startWatcher(t, address)
	a := startApp(t, address, sample("1 of 1"))
	a.bus = connectTo(t, address)
	eventually(t, "the icon is registered", func() bool { return len(w.registered()) == 1 })
	a.sees(asSeen("1 of 1")...)
	// Another program than the host reads the menu here, perhaps first: the submenus are drawn anew for the host.
	eventually(t, "the submenus are younger than all rows", func() bool {
		var row, inside int32
		for _, e := range a.seen() {
			if !strings.HasPrefix(e.text, "  ") {
				row = max(row, e.id)
			} else if inside == 0 || e.id < inside {
				inside = e.id
			}
		}
		return inside > row
	})
	return a, w, address
}

func TestTheIconIsKnownByAConstantNameAndHasAPicture(t *testing.T) {
	a, _, _ := start(t)
	for property, want := range map[string]string{"Id": `"kubecreds"`, "Title": `"kubecreds"`} {
		v, err := a.item().GetProperty("org.kde.StatusNotifierItem." + property)
		if err != nil || v.String() != want {
			t.Errorf("%s: got %v, %v, want %s", property, v, err, want)
		}
	}
	v, err := a.item().GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil {
		t.Fatal(err)
	}
	var pictures []struct {
		W, H int32
		Data []byte
	}
	if err := v.Store(&pictures); err != nil || len(pictures) != 1 || pictures[0].W != 48 || pictures[0].H != 48 {
		t.Errorf("got %d pictures, %v", len(pictures), err)
	}
}

func TestRowsAreChangedInPlace(t *testing.T) {
	a, _, _ := start(t)
	before := a.seen()
	m := sample("0 of 1")
	m.Rows[2].Sub[1].Disabled = false
	m.Rows[3].Checked = true
	a.show(m)
	want := asSeen("0 of 1")
	want[4], want[5] = "  Renew now", "x Start at login"
	a.sees(want...)
	for i, e := range a.seen() {
		if e.id != before[i].id {
			t.Errorf("%q was built again", e.text)
		}
	}
}

func TestAnotherConfigurationBuildsTheRowsAgain(t *testing.T) {
	a, _, _ := start(t)
	m := sample("1 of 1")
	m.Rows = m.Rows[3:]
	a.show(m)
	a.sees("Start at login", "Quit")
	a.click(a.id("Start at login"))
	a.says("clicked autostart on")
	a.show(sample("1 of 1"))
	a.sees(asSeen("1 of 1")...)
	a.refills(a.seen())
	a.click(a.id("  Re-login…"))
	a.says("clicked login prod_eu")
}

func TestOnlyWhatDiffersIsSent(t *testing.T) {
	a, _, address := start(t)
	listener := connectTo(t, address)
	signals := make(chan *dbus.Signal, 1000)
	listener.Signal(signals)
	if err := listener.AddMatchSignal(dbus.WithMatchSender(a.name())); err != nil {
		t.Fatal(err)
	}
	a.show(sample("1 of 1"))
	changed := sample("1 of 1")
	changed.Rows[0].Text = "changed"
	a.show(changed)
	want := asSeen("1 of 1")
	want[0] = "[changed]"
	a.sees(want...)
	var updates int
	eventually(t, "the change is signalled", func() bool {
		for {
			select {
			case s := <-signals:
				if s.Name == "com.canonical.dbusmenu.ItemsPropertiesUpdated" {
					updates++
				}
			default:
				return updates > 0
			}
		}
	})
	// The signals are in order: those of the equal menu would have come before.
	if updates != 1 {
		t.Errorf("got %d updates of rows, want 1", updates)
	}
}

func TestEveryClickArrives(t *testing.T) {
	a, _, _ := start(t)
	id := a.id("  Re-login…")
	for range 4 { // without waiting for an answer
		a.menu().Go("com.canonical.dbusmenu.Event", dbus.FlagNoReplyExpected, nil, id, "clicked", dbus.MakeVariant(0), uint32(0))
	}
	for range 4 {
		a.says("clicked login prod_eu")
	}
}

// systray sends a click after it let go of its lock: on a channel closed meanwhile that is a panic.
func TestRebuildingClosesNoChannelOfClicks(t *testing.T) {
	p := newPainter(escaper("linux", ""), t.Context().Done())
	p.show(sample("1 of 1"))
	var channels []chan struct{}
	note := func() { each(p.rows, func(r *row) { channels = append(channels, r.item.ClickedCh) }) }
	note()
	p.rebuild()
	note()
	p.refill()
	note()
	p.letGo(p.rows)
	if len(channels) != 3*6 {
		t.Fatalf("got %d channels, want 18", len(channels))
	}
	for i, c := range channels {
		select {
		case c <- struct{}{}: // panics if it is closed
		default:
			t.Errorf("channel %d keeps no click", i)
		}
	}
}

func TestAClickOnADisabledRowDoesNothing(t *testing.T) {
	a, _, _ := start(t)
	a.click(a.id("  [Renew now]"))
	a.click(a.id("[1 of 1]"))
	a.click(a.id("Start at login"))
	a.says("clicked autostart on") // and nothing before it
}

func TestQuitEndsTheTrayAndLeavesNothingBehind(t *testing.T) {
	a, _, _ := start(t)
	a.click(a.id("Quit"))
	a.says("clicked quit ")
	a.says("ended false <nil>")
	a.says("left 0")
	if err := a.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A signal of two arguments on systray's connection, such as the end of a keyring's prompt, ends systray's own watching:
// fyne-io/systray#131.
func TestTheIconComesBackWhenTheHostRestartsAfterASignalOfTwoArguments(t *testing.T) {
	a, w, address := start(t)
	for round := range 2 {
		var owner string
		if err := a.bus.BusObject().Call(busName+".GetNameOwner", 0, a.name()).Store(&owner); err != nil {
			t.Fatal(err)
		}
		msg := &dbus.Message{
			Type: dbus.TypeSignal,
			Headers: map[dbus.HeaderField]dbus.Variant{
				dbus.FieldDestination: dbus.MakeVariant(owner),
				dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")),
				dbus.FieldInterface:   dbus.MakeVariant("org.freedesktop.Secret.Prompt"),
				dbus.FieldMember:      dbus.MakeVariant("Completed"),
				dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(false, "")),
			},
			Body: []any{false, ""},
		}
		a.bus.Send(msg, nil)
		before := a.seen()
		w.conn.Close()
		w = startWatcher(t, address)
		eventually(t, "the icon is registered again", func() bool { return len(w.registered()) > 0 })
		a.refills(before)
		if got := w.registered(); len(got) != 1 || got[0] != owner+"/StatusNotifierItem" {
			t.Errorf("round %d: registered %v", round, got)
		}
		a.sees(asSeen("1 of 1")...)
		a.click(a.id("Start at login"))
		a.says("clicked autostart on")
	}
}

func TestTheIconAppearsWhenAHostStartsLater(t *testing.T) {
	address := startBus(t)
	a := startApp(t, address, sample("1 of 1"))
	a.bus = connectTo(t, address)
	a.sees(asSeen("1 of 1")...)
	before := a.seen()
	w := startWatcher(t, address)
	eventually(t, "the icon is registered", func() bool { return len(w.registered()) > 0 })
	a.refills(before)
	if got := w.registered(); len(got) != 1 {
		t.Errorf("registered %v", got)
	}
}

func TestWithoutASessionBusThereIsNoTray(t *testing.T) {
	a := startApp(t, "unix:path=/nonexistent/bus", sample(""))
	line := <-a.lines
	if !strings.HasPrefix(line, "ended true no tray icon: there is no session bus") {
		t.Errorf("got %q", line)
	}
	a.says("left 0")
}

func TestEveryStateHasADrawing(t *testing.T) {
	for _, i := range []menu.Icon{menu.IconNothing, menu.IconReady, menu.IconRenewing, menu.IconAttention, menu.IconOffline} {
		if assets.Icon(string(i), "any") == nil {
			t.Errorf("no icon %s", i)
		}
	}
	for _, s := range []menu.Shape{menu.ShapeReady, menu.ShapeAttention, menu.ShapeOffline, menu.ShapeBusy, menu.ShapeNothing} {
		if assets.Row(string(s)) == nil {
			t.Errorf("no picture for rows that are %s", s)
		}
	}
}
