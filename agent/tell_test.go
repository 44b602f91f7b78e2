package agent

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// lockedScreen is a screen that is locked while it is true.
type lockedScreen struct{ locked bool }

func (s *lockedScreen) Locked() bool           { return s.locked }
func (*lockedScreen) Changes() <-chan struct{} { return nil }

// titles of the notifications so far.
func (d *desk) titles() string {
	var all []string
	for _, n := range d.shown {
		all = append(all, n.Title)
	}
	return strings.Join(all, "; ")
}

func TestNothingPopsUpOnALockedScreenOrBesideADialog(t *testing.T) {
	a, s, d := atDesk(t)
	screen := &lockedScreen{locked: true}
	a.Screen = screen
	after := snapshot()
	a.notify(t.Context(), nil, after)
	screen.locked, s.busy = false, true
	a.notify(t.Context(), after, after)
	if len(d.shown) > 0 {
		t.Errorf("shown %q", d.titles())
	}
	s.busy = false
	a.notify(t.Context(), after, after)
	a.notify(t.Context(), after, after)
	if d.titles() != "lab: login needed" {
		t.Errorf("shown %q", d.titles())
	}
}

func TestWhatWasToldAndPutOffOutlivesARestart(t *testing.T) {
	a, _, d := atDesk(t)
	a.Tray = true
	after := snapshot()
	after.Accounts[0].SessionEnds = noon.Add(50 * time.Minute)
	a.notify(t.Context(), nil, after)
	if d.titles() != "lab: login needed; corp: session ends at 12:50" {
		t.Fatalf("shown %q", d.titles())
	}
	a.Do(d.shown[1].Buttons[1].Do) // Later

	b, _, d := atDesk(t)
	b.Places = a.Places
	b.loadState()
	b.Now = func() time.Time { return noon.Add(45 * time.Minute) }
	b.notify(t.Context(), nil, after)
	if len(d.shown) > 0 {
		t.Errorf("told again: %q", d.titles())
	}
	if text, err := os.ReadFile(a.Places.StateFile()); err != nil || strings.Contains(string(text), "alice") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWhatAnAgentWithoutAnIconToldIsToldAgainByOneWith(t *testing.T) {
	a, _, _ := atDesk(t)
	a.notify(t.Context(), nil, snapshot())
	b, _, d := atDesk(t)
	b.Places, b.Tray = a.Places, true
	b.loadState()
	b.notify(t.Context(), nil, snapshot())
	if d.titles() != "lab: login needed" {
		t.Errorf("told %q", d.titles())
	}
}

func TestTheQuestionWhetherToStartAtLoginIsForInstalledProgramsWithAnIcon(t *testing.T) {
	for _, c := range []struct {
		tray bool
		home string
		asks bool
	}{{true, "", true}, {false, "", false}, {true, "/second/life", false}} {
		a, _, d := atDesk(t)
		a.Tray, a.Places.Home, a.Autostart = c.tray, c.home, &entry{}
		after := snapshot()
		after.Accounts = after.Accounts[:1]
		a.notify(t.Context(), &auth.Snapshot{}, after)
		if asked := d.titles() == "Start kubecreds when you log in?"; asked != c.asks {
			t.Errorf("%+v: shown %q", c, d.titles())
		}
	}
}

func TestAMissingTrayIsToldWhenItIsKnown(t *testing.T) {
	a, _, d := atDesk(t)
	t.Setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
	after := &auth.Snapshot{}
	a.notify(t.Context(), nil, after)
	a.TrayHost(false)
	a.notify(t.Context(), after, after)
	if len(d.shown) != 1 || !strings.Contains(d.shown[0].Body, "AppIndicator") || d.shown[0].Buttons[0].Do.Verb != menu.VerbMenu {
		t.Errorf("shown %+v", d.shown)
	}
	a.TrayHost(true)
	a.notify(t.Context(), after, after)
	if len(d.shown) != 1 || len(d.withdrawn) != 1 {
		t.Errorf("shown %q, withdrawn %q", d.titles(), d.withdrawn)
	}
}

// entry is an autostart entry in memory.
type entry struct{ on bool }

func (e *entry) Enabled() (bool, error) { return e.on, nil }
func (e *entry) Enable() error          { e.on = true; return nil }
func (e *entry) Disable() error         { e.on = false; return nil }
