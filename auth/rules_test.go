package auth

import (
	"errors"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// corpsLogin is the login that loggedIn descends from.
var corpsLogin = lineage{false, t0.Add(-time.Hour)}

// renewed answers a renewal of loggedIn's session at now with a token of an hour.
func renewed(s session, now time.Time, g oidc.Grant) session {
	s, _ = play(s, now, looked{force: true}, granted{of: corpsLogin, grant: g},
		verified{of: corpsLogin, token: tok(now, time.Hour), claims: alice}, settled{})
	return s
}

func TestOneRenewalIsUnderWayAtATimeHoweverManyAsk(t *testing.T) {
	s, do := play(loggedIn(), t0.Add(time.Hour), wanted{})
	if names(do) != "Renew" {
		t.Fatalf("the first to ask: %q", names(do))
	}
	for _, e := range []event{wanted{}, looked{}, looked{again: true}, looked{force: true}} {
		if _, do := play(s, t0.Add(time.Hour+time.Minute), e); len(do) != 0 {
			t.Errorf("%T while one is under way: %q", e, names(do))
		}
	}
}

func TestARequestThatComesLateFindsTheRenewalDone(t *testing.T) {
	if _, do := play(loggedIn(), t0, wanted{}); len(do) != 0 {
		t.Errorf("with a new token: %q", names(do))
	}
}

func TestWeatherDoesNotHastenTheDoubtOfAnEndedSession(t *testing.T) {
	s, _ := play(loggedIn(), t0, looked{force: true}, granted{of: corpsLogin, err: &oidc.Refusal{Kind: oidc.Ended}}, settled{},
		looked{again: true}, granted{of: corpsLogin, err: &oidc.Weather{}}, settled{})
	if got := s.deadline().Sub(t0); got != doubtAgain {
		t.Errorf("tried again after %v", got)
	}
}

func TestAWeakRefusalHeardAgainTooSoonIsNotBelieved(t *testing.T) {
	weak := granted{of: corpsLogin, err: &oidc.Refusal{Kind: oidc.Ended, Weak: true}}
	s, _ := play(loggedIn(), t0, looked{force: true}, weak, settled{})
	s, _ = play(s, t0.Add(3*time.Second), looked{again: true}, weak, settled{})
	if st := s.status(t0); st.Phase != Offline || !s.deadline().Equal(t0.Add(secondTry)) {
		t.Errorf("3 s later: %v, next try %v", st.Phase, s.deadline().Sub(t0))
	}
	s, _ = play(s, t0.Add(secondTry), looked{}, weak, settled{})
	if st := s.status(t0); st.Phase != LoginNeeded {
		t.Errorf("30 s later: %v", st.Phase)
	}
}

func TestARequestStartsATryOnlyWhereOneMayHelp(t *testing.T) {
	late := t0.Add(2 * time.Hour)
	for _, c := range []struct {
		name  string
		e     event
		after time.Duration
		tries bool
	}{
		{"weather, 2 s ago", granted{of: corpsLogin, err: &oidc.Weather{RetryAfter: time.Minute}}, 2 * time.Second, false},
		{"weather, 3 s ago", granted{of: corpsLogin, err: &oidc.Weather{RetryAfter: time.Minute}}, 3 * time.Second, true},
		{"weather, by a clock that was set back since", granted{of: corpsLogin, err: &oidc.Weather{RetryAfter: time.Minute}}, -time.Hour, true},
		{"the session has ended", granted{of: corpsLogin, err: &oidc.Refusal{Kind: oidc.Ended}}, time.Minute, false},
		{"a token that does not verify", verified{of: corpsLogin, err: &oidc.Untrusted{Skew: time.Hour}}, time.Minute, false},
	} {
		s, _ := play(loggedIn(), late, looked{force: true}, c.e, settled{})
		if _, do := play(s, late.Add(c.after), wanted{}); (len(do) > 0) != c.tries {
			t.Errorf("%s: %q", c.name, names(do))
		}
	}
}

func TestWhatTheKeychainHeldDoesNotReplaceALoginOrUndoALogOut(t *testing.T) {
	answer := loaded{current: rec("old", t0.Add(-time.Hour)), pending: rec("older", t0.Add(-30*time.Minute))}
	s, _ := play(session{}, t0, started{}, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("new")}}, answer)
	s, _ = play(s, t0, stored{}, verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: alice}, settled{})
	if s.record.Refresh.Reveal() != "new" || s.phase(t0) != Valid {
		t.Errorf("after a login: %v, %q", s.phase(t0), s.record.Refresh.Reveal())
	}
	s, do := play(session{}, t0, started{}, loggedOut{}, answer, settled{})
	if !s.record.Refresh.Empty() || s.phase(t0) != LoggedOut || len(do) != 0 {
		t.Errorf("after a log out: %v, %q", s.phase(t0), s.record.Refresh.Reveal())
	}
}

func TestARecordTheKeychainRefusedIsWrittenAfterALoginThatCameToNothing(t *testing.T) {
	s, _ := play(loggedIn(), t0, looked{force: true}, granted{of: corpsLogin, grant: oidc.Grant{Refresh: secret.New("r3")}},
		stored{err: keychain.ErrUnavailable}, verified{of: corpsLogin, token: tok(t0, time.Hour), claims: alice}, settled{},
		loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("bobs")}}, stored{doStore: doStore{slot: keychain.Pending}},
		verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: oidc.Claims{Subject: "s2"}}, settled{})
	if !s.status(t0).Troubles.Has(NotStored) {
		t.Error("nobody is told that the session is not stored")
	}
	if _, do := play(s, t0.Add(storeEvery), looked{}); names(do) != "Store0" {
		t.Errorf("two minutes later: %q", names(do))
	}
}

func TestASessionKeptFromRenewalByALoginThatCameToNothingIsRenewed(t *testing.T) {
	s, do := play(session{}, t0, started{}, loaded{current: rec("r1", t0.Add(-time.Hour)), pending: rec("bobs", t0)},
		granted{of: lineage{true, t0}, grant: oidc.Grant{Refresh: secret.New("bobs")}},
		verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: oidc.Claims{Subject: "s2"}}, settled{}, looked{})
	if names(do) != "Renew" || do[0].(doRenew).record.Refresh.Reveal() != "r1" || s.record.Refresh.Reveal() != "r1" {
		t.Errorf("%q", names(do))
	}
}

func TestARenewalTheProviderTookMeansThatTheSessionGoesOn(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		phase Phase
	}{
		{"its keys cannot be had", &oidc.Weather{}, Offline},
		{"no ID token", oidc.ErrNoIDToken, Valid},
	} {
		s, _ := play(loggedIn(), t0, looked{force: true}, granted{of: corpsLogin, err: &oidc.Refusal{Kind: oidc.Ended}}, settled{},
			looked{again: true}, granted{of: corpsLogin, grant: oidc.Grant{Refresh: secret.New("r3")}}, stored{}, verified{of: corpsLogin, err: c.err}, settled{})
		if got := s.phase(t0); got != c.phase || s.record.Refresh.Reveal() != "r3" {
			t.Errorf("%s: %v, want %v", c.name, got, c.phase)
		}
	}
}

func TestAClockThatIsWrongIsNamedAndNothingIsLost(t *testing.T) {
	for _, ahead := range []time.Duration{-24 * time.Hour, -time.Hour, -10 * time.Minute, -time.Minute, 0, time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour} {
		now := t0.Add(ahead)
		s := renewed(loggedIn(), now, oidc.Grant{Date: t0})
		wrong := ahead.Abs() > clockBears
		if got := s.status(now).Troubles.Has(ClockWrong); got != wrong {
			t.Errorf("%v ahead: called wrong: %v", ahead, got)
		}
		if a := s.answer(now); a.err != nil || a.better || !a.token.Tell.After(now) {
			t.Errorf("%v ahead: handed out %+v", ahead, a)
		}
		s = renewed(s, t0, oidc.Grant{Date: t0})
		if s.status(t0).Troubles.Has(ClockWrong) {
			t.Errorf("%v ahead, and set right: still called wrong", ahead)
		}
	}
}

func TestATokenThatCannotBeHeldAgainstAWrongClockIsNotAskedForInALoop(t *testing.T) {
	late := t0.Add(24 * time.Hour)
	s, _ := play(loggedIn(), late, looked{}, granted{of: corpsLogin, grant: oidc.Grant{Refresh: secret.New("r3"), Date: t0}}, stored{},
		verified{of: corpsLogin, err: &oidc.Untrusted{Check: "exp", Skew: 24 * time.Hour}}, settled{})
	if st := s.status(late); !st.Troubles.Has(ClockWrong) || st.Phase != Offline || s.record.Refresh.Reveal() != "r3" {
		t.Errorf("%+v", st)
	}
	if next := s.deadline().Sub(late); next != doubtAgain {
		t.Errorf("asked again after %v", next)
	}
	var off *OfflineError
	if a := s.answer(late.Add(time.Minute)); !errors.As(a.err, &off) || a.better {
		t.Errorf("a request: %+v", a)
	}
	if _, do := play(s, t0, looked{again: true}); names(do) != "Renew" {
		t.Errorf("when the clock was set: %q", names(do))
	}
}

func TestAClockThatWasSetBackMakesTheTokensEndUncertain(t *testing.T) {
	s, do := play(loggedIn(), t0.Add(time.Minute), looked{})
	if len(do) != 0 {
		t.Fatalf("before: %q", names(do))
	}
	if _, do = play(s, t0.Add(-time.Hour), looked{}); names(do) != "Renew" {
		t.Errorf("set back by an hour: %q", names(do))
	}
	if _, do = play(s, t0.Add(59*time.Second), looked{}); len(do) != 0 {
		t.Errorf("set back by a second: %q", names(do))
	}
}

func TestRequestsDoNotRenewATokenThatTheProviderHadReady(t *testing.T) {
	s := loggedIn()
	now := t0.Add(55 * time.Minute)
	s, _ = play(s, now, looked{}, granted{of: corpsLogin}, verified{of: corpsLogin, token: tok(t0, time.Hour), claims: alice}, settled{})
	if a := s.answer(now); a.err != nil || a.better {
		t.Errorf("%+v", a)
	}
}

func TestAnEndHeardTwiceInAMomentIsNotTakenForTheSessionsEnd(t *testing.T) {
	idle := func(now time.Time) oidc.Grant { return oidc.Grant{RefreshEnds: now.Add(30 * time.Minute)} }
	s := renewed(loggedIn(), t0.Add(time.Minute), idle(t0.Add(time.Minute)))
	again := t0.Add(time.Minute + 3*time.Second)
	s = renewed(s, again, idle(again))
	if !s.ends.IsZero() || s.plan.renew.After(again.Add(15*time.Minute)) {
		t.Errorf("renewed after 3 s: ends %v, renewal %v", s.ends, s.plan.renew)
	}
	old := rec("r", t0.Add(-time.Hour))
	old.Ends = t0.Add(30*time.Minute - 3*time.Second)
	s, _ = play(session{}, t0, started{}, loaded{current: old}, granted{of: corpsLogin, grant: idle(t0)},
		verified{of: corpsLogin, token: tok(t0, time.Hour), claims: alice}, settled{})
	if !s.ends.IsZero() || s.plan.renew.After(t0.Add(15*time.Minute)) {
		t.Errorf("started again after 3 s: ends %v, renewal %v", s.ends, s.plan.renew)
	}
}

func TestABackoffDoesNotOutliveTheRefreshToken(t *testing.T) {
	s := renewed(loggedIn(), t0, oidc.Grant{RefreshEnds: t0.Add(20 * time.Minute)})
	now := t0.Add(10 * time.Minute)
	s, _ = play(s, now, looked{}, granted{of: corpsLogin, err: &oidc.Weather{RetryAfter: 15 * time.Minute}}, settled{})
	if got := s.deadline().Sub(now); got != 5*time.Minute {
		t.Errorf("tried again after %v, want half of what is left", got)
	}
}

func TestALoginWithAShortIdleLimitIsSaidOnce(t *testing.T) {
	enter := func(s session, ends time.Time) *session {
		s, _ = play(s, t0, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("new"), RefreshEnds: ends}}, stored{},
			verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: alice}, stored{doStore: doStore{slot: keychain.Current, record: rec("new", t0)}}, settled{})
		return &s
	}
	for _, c := range []struct {
		left, want time.Duration
	}{{30 * time.Minute, 30 * time.Minute}, {30*time.Minute - 20*time.Millisecond, 30 * time.Minute}, {12*time.Hour - time.Second, 12*time.Hour - time.Second}, {12 * time.Hour, 0}, {30 * 24 * time.Hour, 0}} {
		if got := enter(loggedIn(), t0.Add(c.left)).status(t0).IdleLimit; got != c.want {
			t.Errorf("it ends in %v: told %v, want %v", c.left, got, c.want)
		}
	}
	if got := enter(loggedIn(), time.Time{}).status(t0).IdleLimit; got != 0 {
		t.Errorf("the provider does not say when it ends: told %v", got)
	}

	s := *enter(loggedIn(), t0.Add(30*time.Minute))
	late := t0.Add(10 * time.Minute)
	s, _ = play(s, late, looked{force: true}, granted{of: lineage{false, t0}, grant: oidc.Grant{RefreshEnds: late.Add(10 * time.Minute)}},
		verified{of: lineage{false, t0}, token: tok(late, time.Hour), claims: alice}, settled{})
	if got := s.status(late).IdleLimit; got != 30*time.Minute {
		t.Errorf("after a renewal: %v, want the login's, which was told", got)
	}
	s, _ = play(s, late, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("bobs"), RefreshEnds: late.Add(time.Minute)}}, stored{},
		verified{of: lineage{true, late}, token: tok(late, time.Hour), claims: oidc.Claims{Subject: "s2"}}, settled{})
	if got := s.status(late).IdleLimit; got != 0 {
		t.Errorf("after a login that came to nothing: %v", got)
	}
	if s, _ = play(session{}, t0, started{}, loaded{current: rec("r1", t0.Add(-time.Hour))}, granted{of: corpsLogin, grant: oidc.Grant{RefreshEnds: t0.Add(time.Minute)}},
		verified{of: corpsLogin, token: tok(t0, time.Hour), claims: alice}, settled{}); s.status(t0).IdleLimit != 0 {
		t.Error("told at a start, where nobody logged in")
	}
}

func TestOnlyThePersonWhomTheConfigurationNamesMayLogIn(t *testing.T) {
	for person, taken := range map[string]bool{"alice@example.com": true, "Alice@Example.com": true, "bob@example.com": false, "": false} {
		s, do := play(session{mustBe: "alice@example.com", known: true}, t0, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("new")}}, stored{},
			verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: oidc.Claims{Subject: "s1", Person: person}})
		if got := s.record.Refresh.Reveal() == "new"; got != taken {
			t.Errorf("%q: logged in: %v", person, got)
		}
		if !taken && (names(do) != "Revoke Forget1" || s.lastLogin.Code != CodeOtherPerson || !s.token.Value.Empty()) {
			t.Errorf("%q: %s, %v", person, names(do), s.lastLogin)
		}
	}
}

func TestALoginThatYieldsNoIDTokenIsRevokedAndSaysWhy(t *testing.T) { // a password's at Django OAuth Toolkit
	s, do := play(loggedIn(), t0, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("new")}}, stored{},
		verified{of: lineage{true, t0}, err: oidc.ErrNoIDToken})
	if names(do) != "Revoke Forget1" || s.record.Refresh.Reveal() != "r2" || s.lastLogin.Code != CodeUntrusted {
		t.Errorf("%s, %v, %v", names(do), s.record.Refresh.Reveal(), s.lastLogin)
	}
}
