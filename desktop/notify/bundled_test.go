package notify

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/internal/hostile"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// shelf plays macOS' notification center: it answers from threads of its own.
type shelf struct {
	mu      sync.Mutex
	refused error                              // what permission is refused with
	person  chan func(granted bool, err error) // takes the question, where the person is still to answer it
	failure error                              // what posting fails with
	seen    map[string]request
}

func (s *shelf) allow(answer func(granted bool, err error)) {
	if s.person != nil {
		s.person <- answer
		return
	}
	go answer(s.refused == nil, s.refused)
}

func (s *shelf) post(r request, answer func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.seen[r.id] = r
	}
	go answer(s.failure)
}

func (s *shelf) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, id)
}

// onScreen returns the titles of what is shown, in order.
func (s *shelf) onScreen() (titles []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.seen {
		titles = append(titles, r.title)
	}
	slices.Sort(titles)
	return titles
}

// inApp returns a notifier of a program in a bundle, what plays macOS, and what presses choose.
func inApp(t *testing.T) (*bundled, *shelf, <-chan menu.Action) {
	t.Helper()
	chosen, done := make(chan menu.Action), make(chan struct{})
	t.Cleanup(func() { close(done) })
	b, s := newBundled(chosen, done, slog.New(slog.DiscardHandler)), &shelf{seen: map[string]request{}}
	b.center = s
	return b, s, chosen
}

func needed(account string) menu.Notice {
	return menu.Notice{
		Tag: account, Title: account + ": login needed", Body: "The session <b>ended</b>.",
		Buttons: []menu.Button{{Label: "Log in", Do: menu.Action{Verb: menu.VerbLogin, On: account}}, {Label: "Later"}},
	}
}

func showIn(t *testing.T, b *bundled, n menu.Notice) {
	t.Helper()
	if err := b.show(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

func wantChosen(t *testing.T, chosen <-chan menu.Action, want menu.Action) {
	t.Helper()
	select {
	case got := <-chosen:
		if got != want {
			t.Errorf("chosen %v, want %v", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%v was not chosen", want)
	}
}

func TestAnAppShowsItsTextWithItsButtons(t *testing.T) {
	b, s, _ := inApp(t)
	showIn(t, b, needed("corp"))
	r := s.seen[identifier("corp")]
	if r.title != "corp: login needed" || r.body != "The session <b>ended</b>." || r.silent {
		t.Errorf("shown: %+v", r)
	}
	want := []action{{"0", "Log in"}, {"1", "Later"}}
	if len(r.categories) != 1 || r.categories[0].id != r.category || !slices.Equal(r.categories[0].actions, want) {
		t.Errorf("its buttons: %+v", r.categories)
	}
	showIn(t, b, needed("lab"))
	showIn(t, b, menu.Notice{Tag: "news", Title: "that is all"})
	r = s.seen[identifier("news")]
	if len(r.categories) != 2 || r.categories[1].id != r.category || len(r.categories[1].actions) != 0 {
		t.Errorf("one set of buttons is one category, and none takes another's away: %+v", r.categories)
	}
}

func TestAnAppsNoticeReplacesTheOneOfTheSameTag(t *testing.T) {
	b, s, _ := inApp(t)
	for _, title := range []string{"ends in an hour", "ends in ten minutes"} {
		showIn(t, b, menu.Notice{Tag: "end:corp", Title: title})
	}
	showIn(t, b, needed("lab"))
	if got := s.onScreen(); !slices.Equal(got, []string{"ends in ten minutes", "lab: login needed"}) {
		t.Errorf("on the screen: %q", got)
	}
}

func TestAnUpdateIsSilentAndNeverBringsBackWhatWasClosed(t *testing.T) {
	b, s, _ := inApp(t)
	update := needed("corp")
	update.Update = true
	showIn(t, b, update)
	if got := s.onScreen(); len(got) != 0 {
		t.Fatalf("%q was never shown", got)
	}
	showIn(t, b, needed("corp"))
	if !b.banner(identifier("corp")) {
		t.Error("the first one has no banner")
	}
	showIn(t, b, update)
	if !s.seen[identifier("corp")].silent || b.banner(identifier("corp")) {
		t.Error("the update is shown anew")
	}
	b.respond(identifier("corp"), "com.apple.UNNotificationDismissActionIdentifier")
	s.remove(identifier("corp"))
	showIn(t, b, update)
	if got := s.onScreen(); len(got) != 0 {
		t.Errorf("%q came back", got)
	}
}

func TestAnAnswerIsItsButtonsActionOnce(t *testing.T) {
	b, _, chosen := inApp(t)
	login := menu.Action{Verb: menu.VerbLogin, On: "corp"}
	for _, c := range []struct {
		key  string
		want menu.Action
	}{{"0", login}, {"1", menu.Action{}}, {bodyKey, login}} {
		showIn(t, b, needed("corp"))
		b.respond(identifier("corp"), c.key)
		b.respond(identifier("corp"), "0") // it has had its answer
		wantChosen(t, chosen, c.want)
	}
	for _, key := range []string{"com.apple.UNNotificationDismissActionIdentifier", "2", "-1", "", "nonsense"} {
		showIn(t, b, needed("corp"))
		b.respond(identifier("corp"), key)
	}
	b.respond(identifier("of an earlier run"), "0")
	b.respond("corp", "0")
	select {
	case got := <-chosen:
		t.Errorf("%v was chosen", got)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestAnAnswerNeverHoldsUpTheSystem(t *testing.T) {
	b, _, chosen := inApp(t)
	const many = 20
	for range many {
		showIn(t, b, needed("corp"))
		b.respond(identifier("corp"), "0") // nobody receives yet
	}
	for range many {
		wantChosen(t, chosen, menu.Action{Verb: menu.VerbLogin, On: "corp"})
	}
}

func TestWhoRefusedIsNotAskedInAnotherWay(t *testing.T) {
	b, s, _ := inApp(t)
	s.refused = errors.New("not\x00 allowed")
	err := b.show(t.Context(), needed("corp"))
	if !errors.Is(err, ErrNone) || !strings.HasSuffix(err.Error(), "allow it in System Settings, Notifications (not allowed)") {
		t.Errorf("refused: %v", err)
	}
	s.refused = nil // in the settings
	s.failure = errors.New("no such service")
	if err := b.show(t.Context(), needed("corp")); !errors.Is(err, ErrNone) || !errors.Is(err, s.failure) {
		t.Errorf("failed: %v", err)
	}
	s.failure = nil
	update := needed("corp")
	update.Update = true
	showIn(t, b, update)
	if got := s.onScreen(); len(got) != 0 {
		t.Errorf("an update of what was not shown: %q", got)
	}
	showIn(t, b, needed("corp"))
	if got := s.onScreen(); len(got) != 1 {
		t.Errorf("allowed again: %q", got)
	}
}

func TestWhatThePersonHasNotAllowedYetWaitsForThem(t *testing.T) {
	b, s, _ := inApp(t)
	s.person = make(chan func(bool, error), 10)
	later := func(n menu.Notice) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := b.show(ctx, n); !errors.Is(err, ErrNone) || !errors.Is(err, errUnanswered) {
			t.Fatalf("unanswered: %v", err)
		}
	}
	later(needed("corp"))
	changed := needed("corp")
	changed.Title, changed.Update = "corp and lab: login needed", true
	later(changed)
	later(needed("home"))
	b.withdraw("home")
	for range 3 {
		(<-s.person)(true, nil)
	}
	if got := s.onScreen(); !slices.Equal(got, []string{"corp and lab: login needed"}) {
		t.Errorf("on the screen: %q", got)
	}
	if s.seen[identifier("corp")].silent {
		t.Error("it was not on the screen before, and nobody sees it")
	}
}

func TestAnAppWithdrawsItsOwn(t *testing.T) {
	b, s, _ := inApp(t)
	s.seen[identifier("old")] = request{title: "of an earlier run"}
	for _, account := range []string{"corp", "lab", "home"} {
		showIn(t, b, needed(account))
	}
	b.withdraw("lab")
	b.withdraw("old")
	b.withdraw("never shown")
	if got := s.onScreen(); !slices.Equal(got, []string{"corp: login needed", "home: login needed"}) {
		t.Errorf("on the screen: %q", got)
	}
	b.withdrawAll()
	if got := s.onScreen(); len(got) != 0 {
		t.Errorf("at the end: %q", got)
	}
}

func TestMacOSGetsNoTextItCannotBear(t *testing.T) {
	b, s, _ := inApp(t)
	tags := map[string]bool{}
	for _, h := range hostile.All() {
		tags[h] = true
		showIn(t, b, menu.Notice{Tag: h, Title: h, Body: h, Buttons: []menu.Button{{Label: h}, {Label: "Later"}}})
	}
	if len(s.seen) != len(tags) {
		t.Errorf("%d tags became %d identifiers", len(tags), len(s.seen))
	}
	for _, r := range s.seen {
		clean(t, r.id, r.category, r.title, strings.ReplaceAll(r.body, "\n", ""))
	}
	for _, c := range b.categories {
		for _, a := range c.actions {
			clean(t, c.id, a.id, a.label)
			if a.label == "" || c.actions[len(c.actions)-1].id != "1" {
				t.Errorf("buttons: %+v", c.actions)
			}
		}
	}
}

func clean(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !utf8.ValidString(text) || printable(text) != text || strings.Contains(text, "\n") {
			t.Errorf("%.80q", text)
		}
	}
}

func TestOnlyAnAppHasANotificationCenter(t *testing.T) {
	for _, c := range []struct {
		identifier, path string
		want             bool
	}{
		{"io.github.kubecreds", "/Applications/kubecreds.app", true},
		{"io.github.kubecreds", "/Users/alice/Kubecreds.APP/", true},
		{"", "/Applications/kubecreds.app", false},
		{"io.github.kubecreds", "/usr/local/bin", false}, // an Info.plist inside the program's file
		{"io.github.kubecreds", "/Applications/kubecreds.app/Contents/Resources", false},
		{"", "/opt/homebrew/bin", false},
		{"", "", false},
	} {
		if got := isApp(c.identifier, c.path); got != c.want {
			t.Errorf("%q in %q: %v", c.identifier, c.path, got)
		}
	}
}
