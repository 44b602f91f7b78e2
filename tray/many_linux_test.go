package tray

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// fleet is the menu of 400 clusters of 8 accounts, all of them well.
func fleet() menu.Menu {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s := &auth.Snapshot{}
	for i := range 8 {
		s.Accounts = append(s.Accounts, auth.Status{Account: fmt.Sprint("account", i), Phase: auth.Valid, Until: now.Add(time.Hour)})
	}
	for i := range 400 {
		s.Clusters = append(s.Clusters, auth.Cluster{Name: fmt.Sprint("cluster", i), Account: fmt.Sprint("account", i%8)})
	}
	return menu.View(s, menu.Settings{Version: "1.0"}, now)
}

// An update of a row is three signals of systray's: what changed, that the menu did, and a property nobody reads. Text and
// picture are two updates.
func TestAChangeOfOneRowOfFourHundredClustersUpdatesThatRowOnly(t *testing.T) {
	address := startBus(t)
	begun := time.Now()
	a := startApp(t, address, fleet())
	a.bus = connectTo(t, address)
	eventually(t, "the menu is drawn", func() bool { return len(a.seen()) > 100 })
	t.Logf("the first paint: %v after the start of the process", time.Since(begun))

	listener := connectTo(t, address)
	signals := make(chan *dbus.Signal, 1000)
	listener.Signal(signals)
	if err := listener.AddMatchSignal(dbus.WithMatchSender(a.name()), dbus.WithMatchMember("ItemsPropertiesUpdated")); err != nil {
		t.Fatal(err)
	}
	came := 0
	count := func() int {
		for {
			select {
			case s := <-signals:
				if s.Name == "com.canonical.dbusmenu.ItemsPropertiesUpdated" { // others are the listener's own
					came++
				}
			default:
				return came
			}
		}
	}
	m, updates := fleet(), 0
	for _, c := range []struct {
		text    string
		state   menu.Shape
		updates int
	}{{"account2: another text", menu.ShapeReady, 1}, {"account2: another state", menu.ShapeAttention, 2}} {
		m.Rows[4].Text, m.Rows[4].State = c.text, c.state
		a.show(m)
		// Signals come in order: the one of a change after it is the end of this one's.
		m.Rows[0].Text = "the end of " + c.text
		a.show(m)
		eventually(t, "the last change is drawn", func() bool { return strings.HasPrefix(a.seen()[0].text, "["+m.Rows[0].Text) })
		updates += c.updates + 1
		eventually(t, "the signals of both changes", func() bool { return count() >= updates })
		if got := count() - updates; got > 0 {
			t.Errorf("%s: %d updates too many", c.text, got)
		}
	}
}
