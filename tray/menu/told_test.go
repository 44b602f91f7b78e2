package menu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// A step of a day in a person's life: what is the case now, and what the person is told then.
type step struct {
	at   time.Time
	s    *auth.Snapshot
	set  Settings
	want string // titles of what is shown, "~" before one that only changes what is there, "-TAG" of what is withdrawn
	// What happens after it:
	later   string // the person puts off the notice with that tag
	restart bool   // kubecreds starts anew
}

// live goes through the steps, and asks twice at each: the second time nothing may be said.
func live(t *testing.T, steps []step) {
	t.Helper()
	var before *auth.Snapshot
	told := Told{}
	for i, st := range steps {
		for again, want := range []string{st.want, ""} {
			var said []string
			show, withdraw, next := Notices(before, st.s, told, st.set, st.at)
			for _, n := range show {
				said = append(said, strings.Repeat("~", map[bool]int{true: 1}[n.Update])+n.Title)
			}
			for _, tag := range withdraw {
				said = append(said, "-"+tag)
			}
			if got := strings.Join(said, "; "); got != want {
				t.Errorf("step %d, time %d: got %q, want %q (told %v)", i+1, again+1, got, want, told)
			}
			before, told = st.s, next
		}
		if st.later != "" {
			told = told.Later(st.later)
		}
		if st.restart {
			before = nil
		}
	}
}

// both is a configuration of two accounts, corp with prod and lab with dev.
func both(corp, lab auth.Status) *auth.Snapshot {
	corp.Account, lab.Account = "corp", "lab"
	return &auth.Snapshot{
		Accounts: []auth.Status{corp, lab},
		Clusters: []auth.Cluster{{Name: "prod", Account: "corp"}, {Name: "dev", Account: "lab"}},
	}
}

func TestWhatIsToldIsToldOnce(t *testing.T) {
	ended := auth.Status{Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded}}
	loggingIn, unknown := auth.Status{Phase: auth.LoggingIn}, auth.Status{}
	locked := auth.Status{Troubles: auth.KeychainLocked}
	cancelled := with(ended, func(s *auth.Status) { s.LastLogin.Code = auth.CodeCancelled })
	failedTwice := with(ended, func(s *auth.Status) { s.LastLogin.Code = auth.CodeUnreachable })
	quiet := Settings{Quiet: true}
	for name, steps := range map[string][]step{
		"a re-login that is cancelled leads back to what was told": {
			{s: one(ended), want: "corp: login needed"}, {s: one(loggingIn), want: "-login"}, {s: one(cancelled)}, {s: one(valid()), want: "-login"},
			{s: one(ended), want: "corp: login needed"}},
		"each failed login is told": {
			{s: one(ended), want: "corp: login needed"}, {s: one(loggingIn), want: "-login"}, {s: one(failedTwice), want: "corp: login failed"},
			{s: one(with(loggingIn, func(s *auth.Status) { s.LastLogin.Code = auth.CodeUnreachable })), want: "-failed:corp; -login"},
			{s: one(failedTwice), want: "corp: login failed"}},
		"over a restart too": {
			{s: one(ended), want: "corp: login needed", restart: true}, {s: one(unknown)}, {s: one(ended)}},
		"but a session that began since then and ended while kubecreds was off is another one": {
			{s: one(ended), want: "corp: login needed"}, {s: one(valid()), want: "-login", restart: true}, {s: one(ended), want: "corp: login needed"}},
		"the keychain's lock at each start": {
			{s: one(locked), want: "The keychain is locked", restart: true}, {s: one(unknown)}, {s: one(locked), want: "The keychain is locked"}},
		"a session that ended while nobody was there is told when somebody is": {
			{s: one(valid())}, {s: one(valid()), set: quiet}, {s: one(ended), set: quiet}, {s: one(ended), want: "corp: login needed"}},
		"what held only while nobody was there is not told": {
			{s: one(valid())}, {s: one(ended), set: quiet}, {s: one(valid()), set: quiet, want: "-login"}, {s: one(valid())}},
		"what no longer holds is withdrawn at once": {
			{s: one(ended), want: "corp: login needed"}, {s: one(valid()), set: quiet, want: "-login"}},
		"on a Monday morning it is one notification": {
			{s: both(valid(), valid())}, {s: both(ended, valid()), set: quiet}, {s: both(ended, ended), set: quiet},
			{s: both(ended, ended), want: "corp and lab: login needed"},
			{s: both(loggingIn, loggingIn), want: "-login"}, {s: both(valid(), loggingIn)}, {s: both(valid(), cancelled)}, {s: both(valid(), valid()), want: "-login"}},
		"which is changed when one of the two is logged in": {
			{s: both(ended, ended), want: "corp and lab: login needed"}, {s: both(valid(), ended), want: "~lab: login needed"},
			{s: both(ended, ended), want: "corp and lab: login needed"}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range steps {
				steps[i].at = noon()
			}
			live(t, steps)
		})
	}
}

func TestTheNoticeOfTwoEndedSessionsLogsInToBoth(t *testing.T) {
	ended := auth.Status{Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded}}
	show, _, _ := Notices(nil, both(ended, with(ended, func(s *auth.Status) { s.Until = at(14, 0) })), nil, Settings{}, noon())
	if len(show) != 1 || show[0].Body != "dev: kubectl works until 14:00. kubectl has no access to prod." || show[0].Buttons[0].Do != (Action{Verb: VerbLogin}) {
		t.Errorf("got %+v", show)
	}
}

func TestTheEndOfASessionIsAnnounced(t *testing.T) {
	ending := func(end time.Time) *auth.Snapshot {
		return one(auth.Status{Phase: auth.Valid, Until: end, SessionEnds: end})
	}
	end, quiet := at(18, 0), Settings{Quiet: true}
	day := func(d int, t time.Time) time.Time { return t.AddDate(0, 0, d) }
	const told = "corp: session ends at 18:00"
	for name, steps := range map[string][]step{
		"in the morning, an hour and ten minutes before": {
			{at: at(8, 0), s: ending(end), want: told}, {at: at(9, 0), s: ending(end)},
			{at: at(17, 0), s: ending(end), want: told}, {at: at(17, 30), s: ending(end)},
			{at: at(17, 50), s: ending(end), want: told}, {at: at(17, 59), s: ending(end)}, {at: at(18, 1), s: ending(end)},
			{at: at(18, 2), s: one(auth.Status{Phase: auth.LoginNeeded}), want: "corp: login needed; -ends:corp"}},
		"not in the morning of the day before": {
			{at: day(-1, at(8, 0)), s: ending(end)}, {at: day(-1, at(12, 0)), s: ending(end)}, {at: at(8, 0), s: ending(end), want: told}},
		"in the morning when the screen is unlocked, and not at midnight": {
			{at: day(-1, at(20, 0)), s: ending(end)}, {at: at(0, 30), s: ending(end)}, {at: at(7, 0), s: ending(end), set: quiet}, {at: at(7, 50), s: ending(end), want: told}},
		"no more once it was put off": {
			{at: at(17, 0), s: ending(end), want: told, later: "ends:corp"}, {at: at(17, 50), s: ending(end)}},
		"put off for that end, not for the next": {
			{at: at(17, 0), s: ending(end), want: told, later: "ends:corp"},
			{at: at(17, 10), s: one(auth.Status{Phase: auth.LoggingIn}), want: "-ends:corp"},
			{at: at(17, 11), s: ending(at(23, 0))}, {at: at(22, 0), s: ending(at(23, 0)), want: "corp: session ends at 23:00"}},
		"put off over a restart": {
			{at: at(17, 0), s: ending(end), want: told, later: "ends:corp", restart: true}, {at: at(17, 1), s: one(auth.Status{})}, {at: at(17, 50), s: ending(end)}},
		"once, when it was missed": {
			{at: at(12, 0), s: ending(end), want: told}, {at: at(17, 0), s: ending(end), set: quiet}, {at: at(17, 40), s: ending(end), want: told}},
		"though the program was off then": {
			{at: at(12, 0), s: ending(end), want: told, restart: true}, {at: at(17, 40), s: one(auth.Status{})}, {at: at(17, 41), s: ending(end), want: told}},
		"once, though the provider names it to another second each time": {
			{at: at(17, 0), s: ending(end), want: told}, {at: at(17, 10), s: ending(end.Add(3 * time.Second))}, {at: at(17, 20), s: ending(end.Add(-4 * time.Second))}},
		"not right after the login that brought it": {
			{at: at(17, 30), s: one(auth.Status{Phase: auth.LoggingIn})}, {at: at(17, 31), s: ending(end)},
			{at: at(17, 50), s: ending(end), want: told}},
		"not after a re-login that was cancelled": {
			{at: at(17, 0), s: ending(end), want: told}, {at: at(17, 1), s: one(auth.Status{Phase: auth.LoggingIn}), want: "-ends:corp"}, {at: at(17, 2), s: ending(end)}},
		"not of one that renewals move": {
			{at: at(8, 0), s: one(valid())}, {at: at(14, 30), s: one(valid())}},
	} {
		t.Run(name, func(t *testing.T) { live(t, steps) })
	}
}

func TestThePersonIsAskedOnceWhetherToStartAtLogin(t *testing.T) {
	ask, on := Settings{AskAutostart: true, CanAutostart: true}, Settings{AskAutostart: true, CanAutostart: true, Autostart: true}
	const question = "Start kubecreds when you log in?"
	for name, steps := range map[string][]step{
		"after the first login": {
			{s: one(auth.Status{Phase: auth.LoggedOut}), set: ask}, {s: one(valid()), set: ask, want: question, restart: true},
			{s: one(valid()), set: ask}, {s: one(auth.Status{Phase: auth.LoggedOut}), set: ask}, {s: one(valid()), set: ask}},
		"and not if it is on":            {{s: one(valid()), set: on}, {s: one(valid()), set: ask}},
		"and not where it has no effect": {{s: one(valid())}},
		"and the question goes when it is answered in the menu": {
			{s: one(valid()), set: ask, want: question}, {s: one(valid()), set: on, want: "-autostart"}, {s: one(valid()), set: ask}},
		"when nothing else is on the screen": {
			{s: one(valid()), set: Settings{AskAutostart: true, Quiet: true}}, {s: one(valid()), set: ask, want: question}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range steps {
				steps[i].at = noon()
			}
			live(t, steps)
		})
	}
	if n := autostartNotice(); n.Buttons[0].Do.Verb == VerbAutostart {
		t.Error("a click on the question's body switches it on")
	}
}

func TestNothingIsToldAgainBecauseADayHasPassed(t *testing.T) {
	shortLived := one(with(valid(), func(s *auth.Status) { s.Troubles, s.Until = auth.NoRefreshToken, at(9, 0).AddDate(0, 0, 1) }))
	live(t, []step{
		{at: at(23, 0), s: shortLived, want: "corp: this login cannot be renewed"}, {at: at(8, 0).AddDate(0, 0, 1), s: shortLived},
	})
}

func TestAFirstStartSaysOnceWhereToBegin(t *testing.T) {
	fresh := Settings{Welcome: true}
	const told = "kubecreds is here: add your clusters"
	live(t, []step{
		{at: noon(), s: &auth.Snapshot{}, set: fresh, want: told, restart: true}, {at: noon(), s: &auth.Snapshot{}, set: fresh},
		{at: noon(), s: one(auth.Status{Phase: auth.LoggedOut}), want: "-welcome"}, {at: noon(), s: &auth.Snapshot{}, set: fresh},
	})
}

func TestAMissingTrayIsExplainedOnce(t *testing.T) {
	none := Settings{NoHost: true}
	const told = "kubecreds runs, and its icon cannot be shown"
	live(t, []step{
		{at: noon(), s: one(valid())}, {at: noon(), s: one(valid()), set: none, want: told, restart: true},
		{at: noon(), s: one(valid()), set: none}, {at: noon(), s: one(valid()), want: "-tray"}, {at: noon(), s: one(valid()), set: none},
	})
	for desktop, want := range map[string]string{
		"ubuntu:GNOME": "gnome-shell-extension-appindicator", "XFCE": "Status Tray", "sway": "waybar", "": "snixembed", "X-Cinnamon": "XApp",
	} {
		if n := trayNotice(desktop); !strings.Contains(n.Body, want) || !strings.Contains(n.Body, "kubectl creds menu") {
			t.Errorf("%s: %s", desktop, n.Body)
		}
	}
}

// What was told must never grow: it is kept on the disk.
func TestWhatWasToldOfAccountsThatLeftIsForgotten(t *testing.T) {
	told := Told{}
	for i := range 100 {
		s := one(auth.Status{Phase: auth.LoginNeeded})
		s.Accounts[0].Account = fmt.Sprint("a", i)
		_, _, told = Notices(nil, s, told, Settings{}, noon())
	}
	tags := slices.Sorted(maps.Keys(told))
	if want := []string{"day", "needed:a99"}; !slices.Equal(tags, want) {
		t.Errorf("got %v, want %v", tags, want)
	}
}
