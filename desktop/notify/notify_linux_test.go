package notify

import (
	"bytes"
	"errors"
	"html"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/desktop/internal/bustest"
	"github.com/kubecreds/kubecreds/internal/hostile"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// server plays a desktop's notification service.
type server struct {
	t    *testing.T
	conn *dbus.Conn
	can  []string

	mu      sync.Mutex
	hang    chan struct{} // Notify waits for its end, where it is set
	last    uint32
	seen    map[uint32]sent
	pressAt string // the key that a person presses before Notify has even answered
}

// sent is what Notify was called with.
type sent struct {
	app, icon, title, body string
	actions                []string
	hints                  map[string]dbus.Variant
	expire                 int32
}

func newServer(t *testing.T, bus *bustest.Bus, can ...string) *server {
	t.Helper()
	s := &server{t: t, conn: bus.Connect(t), can: can, seen: map[uint32]sent{}}
	if err := s.conn.Export(s, servicePath, service); err != nil {
		t.Fatal(err)
	}
	if _, err := s.conn.RequestName(service, 0); err != nil {
		t.Fatal(err)
	}
	return s
}

// set changes what the methods look at.
func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// GetCapabilities is the specification's.
func (s *server) GetCapabilities() ([]string, *dbus.Error) { return s.can, nil }

// Notify is the specification's.
func (s *server) Notify(app string, replaces uint32, icon, title, body string, actions []string,
	hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hang != nil {
		<-s.hang
	}
	id := replaces
	if _, there := s.seen[id]; !there {
		s.last++
		id = s.last
	}
	s.seen[id] = sent{app, icon, title, body, actions, hints, expire}
	if s.pressAt != "" {
		s.emit("ActionInvoked", id, s.pressAt)
	}
	return id, nil
}

// CloseNotification is the specification's.
func (s *server) CloseNotification(id uint32) *dbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.seen[id]; !there {
		return dbus.MakeFailedError(errors.New("no such notification"))
	}
	delete(s.seen, id)
	s.emit("NotificationClosed", id, uint32(3))
	return nil
}

func (s *server) emit(signal string, body ...any) {
	if err := s.conn.Emit(servicePath, service+"."+signal, body...); err != nil {
		s.t.Error(err)
	}
}

// onScreen returns what is shown, in the order of its numbers.
func (s *server) onScreen() (all []sent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.seen)) {
		all = append(all, s.seen[id])
	}
	return all
}

// press does what a desktop does when a person presses a button: two signals.
func (s *server) press(id uint32, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, id)
	s.emit("ActionInvoked", id, key)
	s.emit("NotificationClosed", id, uint32(2))
}

// desktop starts a bus with a notification service, and a notifier on it.
func desktop(t *testing.T, can ...string) (*bustest.Bus, *server, *Notifier) {
	t.Helper()
	bus := bustest.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	s := newServer(t, bus, can...)
	n := Open(slog.New(slog.DiscardHandler))
	t.Cleanup(n.Close)
	return bus, s, n
}

func show(t *testing.T, n *Notifier, notice menu.Notice) {
	t.Helper()
	if err := n.Show(t.Context(), notice); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, n *Notifier, want menu.Action) {
	t.Helper()
	select {
	case got := <-n.Chosen():
		if got != want {
			t.Fatalf("chosen %v, want %v", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%v was not chosen", want)
	}
}

var (
	login = menu.Action{Verb: menu.VerbLogin, On: "corp"}
	renew = menu.Action{Verb: menu.VerbRenew, On: "corp"}
)

func ended(account string) menu.Notice {
	return menu.Notice{
		Tag: account, Title: account + ": login needed", Body: "<b>The</b> session & all ended.",
		Buttons: []menu.Button{{Label: "Log in", Do: menu.Action{Verb: menu.VerbLogin, On: account}}, {Label: "Try again", Do: renew}},
	}
}

func TestANotificationIsShownWithItsButtons(t *testing.T) {
	_, s, n := desktop(t, "actions", "body", "body-markup")
	show(t, n, ended("corp"))
	all := s.onScreen()
	if len(all) != 1 {
		t.Fatalf("on the screen: %v", all)
	}
	got := all[0]
	if got.app != "kubecreds" || got.icon != "kubecreds" || got.expire != -1 ||
		got.title != "corp: login needed" || got.body != "&lt;b&gt;The&lt;/b&gt; session &amp; all ended." ||
		!slices.Equal(got.actions, []string{"default", "", "0", "Log in", "1", "Try again"}) ||
		got.hints["urgency"].Value() != byte(1) || got.hints["desktop-entry"].Value() != "kubecreds" {
		t.Errorf("shown: %+v", got)
	}
}

func TestOnlyWhatNeedsAPersonLooksLikeIt(t *testing.T) {
	_, s, n := desktop(t, "actions")
	show(t, n, ended("corp"))
	show(t, n, menu.Notice{Tag: "question", Title: "Start at login?", Icon: menu.IconReady})
	for i, icon := range []menu.Icon{menu.IconAttention, menu.IconReady} {
		want, _ := picture(icon)
		var got raw
		if err := s.onScreen()[i].hints["image-data"].Store(&got); err != nil || !bytes.Equal(got.Pixels, want.Value().(raw).Pixels) {
			t.Errorf("notification %d does not have the picture %s", i, icon)
		}
	}
}

func TestAServiceWithoutButtonsSaysWhereTheyAre(t *testing.T) {
	_, s, n := desktop(t, "body")
	show(t, n, ended("corp"))
	show(t, n, menu.Notice{Tag: "news", Title: "that is all"})
	all := s.onScreen()
	if len(all) != 2 || len(all[0].actions) != 0 || !strings.HasSuffix(all[0].body, "\n"+where) || all[1].body != "" {
		t.Errorf("on the screen: %+v", all)
	}
}

func TestTheSameTagReplacesAndAnotherDoesNot(t *testing.T) {
	_, s, n := desktop(t, "actions")
	show(t, n, ended("corp"))
	show(t, n, ended("lab"))
	again := ended("corp")
	again.Title = "corp: login still needed"
	show(t, n, again)
	all := s.onScreen()
	if len(all) != 2 || all[0].title != "corp: login still needed" || all[1].title != "lab: login needed" {
		t.Errorf("on the screen: %+v", all)
	}
}

func TestAPressedButtonIsChosenOnce(t *testing.T) {
	_, s, n := desktop(t, "actions")
	for i, c := range []struct {
		key  string
		want menu.Action
	}{{"0", login}, {"1", renew}, {"default", login}} {
		show(t, n, ended("corp"))
		id := uint32(i + 1)
		s.emit("ActionInvoked", id+100, "0")     // of another application
		s.emit("ActionInvoked", id, "2")         // no such button
		s.emit("ActionInvoked", id, "nonsense")  //
		s.emit("ActionInvoked", id)              // malformed
		s.emit("ActionInvoked", "nonsense", "0") //
		s.emit("NotificationClosed", "x", "y")   //
		s.emit("ActionInvoked", id, c.key)
		s.press(id, "1") // a second press: the notification has had its answer
		expect(t, n, c.want)
	}
	show(t, n, ended("lab"))
	s.press(4, "0")
	expect(t, n, menu.Action{Verb: menu.VerbLogin, On: "lab"}) // and nothing came between
}

func TestAButtonPressedAtOnceIsNotLost(t *testing.T) {
	_, s, n := desktop(t, "actions")
	s.set(func() { s.pressAt = "0" })
	show(t, n, ended("corp"))
	expect(t, n, login)
}

func TestPressesWaitForABusyReceiver(t *testing.T) {
	_, s, n := desktop(t, "actions")
	const many = 20
	for i := range uint32(many) {
		show(t, n, ended("corp"))
		s.press(i+1, "0")
	}
	for range many {
		expect(t, n, login)
	}
}

func TestWhatIsWithdrawnIsGone(t *testing.T) {
	_, s, n := desktop(t, "actions")
	n.Withdraw("corp") // nothing yet
	show(t, n, ended("corp"))
	show(t, n, ended("lab"))
	n.Withdraw("corp")
	n.Withdraw("corp")
	n.Withdraw("never shown")
	if all := s.onScreen(); len(all) != 1 || all[0].title != "lab: login needed" {
		t.Errorf("on the screen: %+v", all)
	}
	n.Close()
	n.Close()
	if all := s.onScreen(); len(all) != 0 {
		t.Errorf("after Close: %+v", all)
	}
	if err := n.Show(t.Context(), ended("corp")); !errors.Is(err, ErrNone) {
		t.Errorf("after Close: %v", err)
	}
}

func TestAnUpdateChangesWhatIsOnTheScreenAndBringsNothingBack(t *testing.T) {
	_, s, n := desktop(t, "actions")
	update := ended("corp")
	update.Title, update.Update = "changed", true
	show(t, n, update)
	if got := s.onScreen(); len(got) != 0 {
		t.Errorf("%+v is on the screen", got)
	}
	show(t, n, ended("corp"))
	show(t, n, update)
	if got := s.onScreen(); len(got) != 1 || got[0].title != "changed" {
		t.Errorf("%+v is on the screen", got)
	}
	s.press(1, "1")
	bustest.Until(t, "the press was seen", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.link.number(update.Tag) == 0
	})
	show(t, n, update)
	if got := s.onScreen(); len(got) != 0 {
		t.Errorf("%+v came back", got)
	}
}

func TestNothingIsEverUrgent(t *testing.T) {
	_, s, n := desktop(t, "actions")
	show(t, n, ended("corp"))
	hints := s.onScreen()[0].hints
	if got := hints["urgency"].Value(); got != byte(1) { // what is critical is shown in do-not-disturb too, and stays
		t.Errorf("urgency %v", got)
	}
	for _, sound := range []string{"sound-name", "sound-file"} {
		if _, is := hints[sound]; is {
			t.Errorf("it has a %s", sound)
		}
	}
}

func TestHostileTextsAreNeverMarkupAndNeverBreakTheBus(t *testing.T) {
	_, s, n := desktop(t, "actions", "body", "body-markup")
	for _, h := range hostile.All() {
		show(t, n, menu.Notice{Tag: h, Title: h, Body: h, Buttons: []menu.Button{{Label: h, Do: login}}})
	}
	all := s.onScreen()
	if len(all) < hostile.Texts-20 {
		t.Errorf("%d notifications on the screen", len(all))
	}
	for _, shown := range all {
		if strings.ContainsAny(shown.body, "<>") {
			t.Errorf("markup: %.100q", shown.body)
		}
		for _, text := range append([]string{shown.title, shown.body}, shown.actions...) {
			if unescaped := html.UnescapeString(text); len([]rune(unescaped)) > bodyMax {
				t.Errorf("%d characters: %.40q", len([]rune(unescaped)), text)
			}
		}
		if strings.Contains(shown.title, "\n") {
			t.Errorf("a title of several lines: %.40q", shown.title)
		}
	}
}
