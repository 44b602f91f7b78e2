package notify

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/desktop/internal/bustest"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// What happens where the service, or the bus, is not there, dies, hangs or comes later.

func TestAServiceThatDiesAndReturnsGetsNewNotifications(t *testing.T) {
	bus, s, n := desktop(t, "actions")
	show(t, n, ended("corp"))
	if err := s.conn.Close(); err != nil {
		t.Fatal(err)
	}
	bustest.Until(t, "the loss was seen", func() bool { return errors.Is(n.Show(t.Context(), ended("corp")), ErrNone) })

	s = newServer(t, bus, "actions")
	s.set(func() { s.last, s.seen[1] = 1, sent{title: "another application's"} }) // numbers begin again
	show(t, n, ended("corp"))
	if all := s.onScreen(); len(all) != 2 || all[0].title != "another application's" {
		t.Errorf("on the screen: %+v", all)
	}
	s.press(2, "0")
	expect(t, n, login)
}

func TestABusThatDiesAndReturnsIsConnectedAgain(t *testing.T) {
	bus, _, n := desktop(t, "actions")
	show(t, n, ended("corp"))
	bus.Stop()
	n.Withdraw("corp")
	if err := n.Show(t.Context(), ended("corp")); !errors.Is(err, ErrNone) {
		t.Errorf("without a bus: %v", err)
	}
	bus.Restart(t)
	s := newServer(t, bus, "actions")
	bustest.Until(t, "the new bus was used", func() bool { return n.Show(t.Context(), ended("corp")) == nil })
	s.press(1, "0")
	expect(t, n, login)
}

func TestWhereNothingShowsNotificationsTheReasonIsSaid(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	n := Open(slog.New(slog.DiscardHandler))
	defer n.Close()
	if err := n.Show(t.Context(), ended("corp")); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "/nonexistent/bus") {
		t.Errorf("without a bus: %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bustest.Start(t).Address)
	if err := n.Show(t.Context(), ended("corp")); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), service) {
		t.Errorf("without a service: %v", err)
	}
}

func TestAServiceThatHangsIsNotWaitedForPastTheContext(t *testing.T) {
	_, s, n := desktop(t, "actions")
	hang := make(chan struct{})
	defer close(hang)
	s.set(func() { s.hang = hang })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := n.Show(ctx, ended("corp")); !errors.Is(err, ErrNone) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyWhatAnEarlierServiceShowedIsLostWithIt(t *testing.T) {
	l := &link{shown: map[uint32]shown{
		1: {ended("corp"), 8}, 2: {ended("lab"), 12}, 3: {ended("corp"), 9}, 4: {ended("home"), 10},
	}}
	for _, c := range []struct {
		owner   string
		lost    []string
		started bool
	}{{"", []string{"corp", "home"}, false}, {":1.7", nil, true}} {
		lost, started := l.ownerChanged(&dbus.Signal{Name: "org.freedesktop.DBus.NameOwnerChanged", Sequence: 11, Body: []any{service, "", c.owner}})
		var tags []string
		for _, w := range lost {
			tags = append(tags, w.Tag)
		}
		if !slices.Equal(tags, c.lost) || started != c.started {
			t.Errorf("owner %q: lost %q, started %v", c.owner, tags, started)
		}
	}
	if l.number("corp") != 0 || l.number("lab") != 2 {
		t.Errorf("left: %v", l.shown)
	}
}

// titles waits until just these notifications are on the screen, and returns their numbers.
func (s *server) titles(want ...string) (numbers map[string]uint32) {
	s.t.Helper()
	bustest.Until(s.t, "on the screen: "+strings.Join(want, ", "), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		numbers = map[string]uint32{}
		for id, n := range s.seen {
			numbers[n.title] = id
		}
		return slices.Equal(slices.Sorted(maps.Keys(numbers)), want) && len(s.seen) == len(want)
	})
	return numbers
}

func TestWhatCouldNotBeShownIsShownByTheServiceThatStartsLater(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	n := Open(slog.New(slog.DiscardHandler))
	t.Cleanup(n.Close)
	for _, account := range []string{"corp", "lab", "corp", "home"} {
		if err := n.Show(t.Context(), ended(account)); !errors.Is(err, ErrNone) {
			t.Errorf("without a service: %v", err)
		}
	}
	n.Withdraw("home")
	s := newServer(t, bus, "actions")
	numbers := s.titles("corp: login needed", "lab: login needed")
	s.press(numbers["corp: login needed"], "0")
	expect(t, n, login)
}

func TestWhatStoodOnTheScreenOfAServiceThatDiedIsShownByTheNext(t *testing.T) {
	bus, s, n := desktop(t, "actions")
	for _, account := range []string{"corp", "lab", "home", "away"} {
		show(t, n, ended(account))
	}
	s.press(1, "1") // answered
	expect(t, n, renew)
	n.Withdraw("home")
	if err := s.conn.Close(); err != nil {
		t.Fatal(err)
	}
	bustest.Until(t, "the loss was seen", func() bool { return errors.Is(n.Show(t.Context(), ended("away")), ErrNone) })
	s = newServer(t, bus, "actions")
	numbers := s.titles("away: login needed", "lab: login needed")
	s.press(numbers["lab: login needed"], "0")
	expect(t, n, menu.Action{Verb: menu.VerbLogin, On: "lab"})
}
