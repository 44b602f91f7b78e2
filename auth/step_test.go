package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

var t0 = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) // a Monday

// play takes a session through events at one moment and returns the effects of the last one.
func play(s session, now time.Time, events ...event) (session, []effect) {
	var do []effect
	for _, e := range events {
		s, do = step(s, e, now)
	}
	return s, do
}

func names(do []effect) string {
	var all []string
	for _, e := range do {
		n := strings.TrimPrefix(fmt.Sprintf("%T", e), "auth.do")
		switch e := e.(type) {
		case doStore:
			n += fmt.Sprint(e.slot)
		case doForget:
			n += fmt.Sprint(e.slot)
		}
		all = append(all, n)
	}
	return strings.Join(all, " ")
}

func rec(refresh string, since time.Time) keychain.Record {
	return keychain.Record{Refresh: secret.New(refresh), Issuer: "https://i", ClientID: "c", Subject: "s1", Since: since}
}

func tok(now time.Time, life time.Duration) oidc.Token {
	return oidc.Token{Value: secret.New("id-token"), Issued: now, Expires: now.Add(life)}
}

var alice = oidc.Claims{Subject: "s1", Person: "alice@example.com"}

// loggedIn is a session with an hour's token, just renewed, nothing under way.
func loggedIn() session {
	s, _ := play(session{account: "corp"}, t0, started{}, loaded{current: rec("r1", t0.Add(-time.Hour))},
		granted{of: lineage{false, t0.Add(-time.Hour)}, grant: oidc.Grant{Refresh: secret.New("r2")}},
		stored{}, verified{of: lineage{false, t0.Add(-time.Hour)}, token: tok(t0, time.Hour), claims: alice}, settled{})
	return s
}

func TestARefreshTokenIsStoredBeforeItsTokenIsVerified(t *testing.T) {
	s, do := play(session{account: "corp"}, t0, started{}, loaded{current: rec("r1", t0)})
	if names(do) != "Renew" {
		t.Fatalf("after the keychain answered: %s", names(do))
	}
	s, do = play(s, t0, granted{of: lineage{false, t0}, grant: oidc.Grant{Refresh: secret.New("r2")}})
	if names(do) != "Store0 Verify" {
		t.Errorf("a renewal's answer: %s, want it stored, then verified", names(do))
	}
	if st := do[0].(doStore); st.record.Refresh.Reveal() != "r2" || st.record.Subject != "s1" {
		t.Errorf("stored: %+v", st.record)
	}
	if s.answer(t0).err == nil {
		t.Error("a token is handed out before it was verified")
	}
}

func TestALoginIsStoredBesideTheOldSessionUntilItIsVerified(t *testing.T) {
	s, do := play(loggedIn(), t0, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("new")}, record: keychain.Record{Issuer: "https://i"}})
	if names(do) != "Store1 Verify" {
		t.Fatalf("after the login: %s, want it stored as pending, then verified", names(do))
	}
	if s.record.Refresh.Reveal() != "r2" {
		t.Error("the old session was replaced before the new one was verified")
	}
	s, do = play(s, t0, stored{}, verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: alice})
	if names(do) != "Store0" {
		t.Fatalf("after its verification: %s, want it promoted", names(do))
	}
	promotion := do[0].(doStore)
	s, do = play(s, t0, stored{promotion, keychain.ErrUnavailable})
	if len(do) != 0 {
		t.Errorf("the keychain refused the promoted record: %s, want the pending one left", names(do))
	}
	s, do = play(s, t0, settled{}, looked{again: true}, stored{promotion, nil})
	if names(do) != "Forget1" {
		t.Errorf("after it was stored: %s, want the pending record removed", names(do))
	}
	if s.record.Refresh.Reveal() != "new" || s.record.Subject != "s1" {
		t.Errorf("the session is %+v", s.record)
	}
}

func TestAnotherPersonsLoginIsRevokedAndTheOldSessionStays(t *testing.T) {
	s, do := play(loggedIn(), t0, loginBegun{}, entered{grant: oidc.Grant{Refresh: secret.New("bobs")}}, stored{},
		verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: oidc.Claims{Subject: "s2", Person: "bob"}})
	if names(do) != "Revoke Forget1" {
		t.Errorf("effects: %s", names(do))
	}
	if s.record.Refresh.Reveal() != "r2" || s.lastLogin.Code != CodeOtherPerson || s.person != "alice@example.com" {
		t.Errorf("record %v, last login %v, person %v", s.record, s.lastLogin, s.person)
	}
}

func TestAPendingRecordFoundAtStartIsTriedUnlessItWasPromoted(t *testing.T) {
	for _, c := range []struct {
		name             string
		current, pending keychain.Record
		want             string
		pendingSent      bool
	}{
		{"cut short before verification", rec("r1", t0), rec("p", t0.Add(time.Minute)), "Renew", true},
		{"promoted, not yet removed", rec("r9", t0), rec("p", t0), "Forget1 Renew", false},
		{"the first login", keychain.Record{}, rec("p", t0), "Renew", true},
		{"none", rec("r1", t0), keychain.Record{}, "Renew", false},
		{"nothing at all", keychain.Record{}, keychain.Record{}, "", false},
	} {
		_, do := play(session{}, t0, started{}, loaded{current: c.current, pending: c.pending})
		if names(do) != c.want {
			t.Errorf("%s: %q, want %q", c.name, names(do), c.want)
		}
		if len(do) > 0 {
			if r, ok := do[len(do)-1].(doRenew); ok && r.of.pending != c.pendingSent {
				t.Errorf("%s: the pending refresh token is sent: %v", c.name, r.of.pending)
			}
		}
	}
}

func TestOnlyADefiniteRefusalEndsASession(t *testing.T) {
	refused := func(weak bool) error { return &oidc.Refusal{Kind: oidc.Ended, Words: "no", Weak: weak} }
	of := lineage{false, t0.Add(-time.Hour)}
	for _, c := range []struct {
		name   string
		errs   []error
		phase  Phase
		reason Code
	}{
		{"refused", []error{refused(false)}, LoginNeeded, CodeEnded},
		{"refused weakly once", []error{refused(true)}, Offline, CodeUnreachable},
		{"refused weakly twice", []error{refused(true), refused(true)}, LoginNeeded, CodeEnded},
		{"weather", []error{&oidc.Weather{Words: "503"}}, Offline, CodeUnreachable},
		{"weather, often", []error{&oidc.Weather{}, &oidc.Weather{}, &oidc.Weather{}, &oidc.Weather{}}, Offline, CodeUnreachable},
		{"the client is refused", []error{&oidc.Refusal{Kind: oidc.Misconfigured}}, Offline, CodeMisconfigured},
		{"something unforeseen", []error{errors.New("?")}, Offline, CodeUnreachable},
		{"refused, then weather", []error{refused(false), &oidc.Weather{}}, LoginNeeded, CodeEnded},
		{"the configuration changed", []error{&OtherEndsError{"corp", "issuer", "a", "b"}}, LoginNeeded, CodeOtherEnds},
	} {
		s := loggedIn()
		now := t0.Add(2 * time.Hour)
		for i, err := range c.errs {
			now = now.Add(time.Duration(i) * secondTry)
			s, _ = play(s, now, looked{again: true}, granted{of: of, err: err}, settled{})
		}
		st := s.status(now)
		if st.Phase != c.phase || st.Reason.Code != c.reason {
			t.Errorf("%s: %v %v, want %v %v", c.name, st.Phase, st.Reason, c.phase, c.reason)
		}
		if s.record.Refresh.Reveal() != "r2" {
			t.Errorf("%s: the refresh token was thrown away", c.name)
		}
		if s, do := play(s, now.Add(doubtAgain), looked{}); names(do) != "Renew" || !s.busy {
			t.Errorf("%s: after an hour: %q, want another try", c.name, names(do))
		}
		if _, do := play(s, now.Add(time.Second), looked{again: true}); names(do) != "Renew" {
			t.Errorf("%s: after a wake: %q, want another try", c.name, names(do))
		}
	}
}

func TestAWeakRefusalIsHeardAgainAfterThirtySeconds(t *testing.T) {
	s := loggedIn()
	now := t0.Add(2 * time.Hour)
	s, _ = play(s, now, looked{}, granted{of: lineage{false, t0.Add(-time.Hour)}, err: &oidc.Refusal{Kind: oidc.Ended, Weak: true}}, settled{})
	if got := s.deadline().Sub(now); got != 30*time.Second {
		t.Errorf("second try after %v", got)
	}
}

func TestTheOldTokenServesWhileTheProviderCannotBeReached(t *testing.T) {
	s := loggedIn()
	now := t0.Add(50 * time.Minute)
	s, _ = play(s, now, looked{}, granted{of: lineage{false, t0.Add(-time.Hour)}, err: &oidc.Weather{Words: "down"}}, settled{})
	a := s.answer(now)
	if a.err != nil || a.wait != 0 || a.token.Value.Reveal() != "id-token" {
		t.Errorf("10 min before its end: %+v", a)
	}
	late := t0.Add(time.Hour)
	s, _ = play(s, late, looked{again: true}, granted{of: lineage{false, t0.Add(-time.Hour)}, err: &oidc.Weather{Words: "down"}}, settled{})
	a = s.answer(late.Add(time.Second))
	var off *OfflineError
	if !errors.As(a.err, &off) || a.wait != 0 {
		t.Errorf("after its end, right after a try: %+v, want the remembered failure at once", a)
	}
	if a = s.answer(late.Add(3 * time.Second)); !a.better || a.wait == 0 {
		t.Errorf("3 s after the last try: %+v, want a try of its own", a)
	}
}

func TestHowLongARequestWaitsGrowsAsTheTokenAges(t *testing.T) {
	s := loggedIn() // an hour: lead 12 min
	for _, c := range []struct {
		left   time.Duration
		better bool
		wait   time.Duration
	}{
		{30 * time.Minute, false, 0},
		{7 * time.Minute, false, 0},
		{6 * time.Minute, true, time.Second},
		{3 * time.Minute, true, forever},
		{-time.Second, true, forever},
	} {
		a := s.answer(t0.Add(time.Hour - c.left))
		if a.better != c.better || a.wait != c.wait {
			t.Errorf("%v left: renewal %v, wait %v; want %v, %v", c.left, a.better, a.wait, c.better, c.wait)
		}
	}
}

func TestALogOutForgetsWhateverAnswersComeLater(t *testing.T) {
	s, do := play(loggedIn(), t0, looked{force: true}, loggedOut{})
	if names(do) != "Revoke Forget0 Forget1" {
		t.Errorf("effects: %s", names(do))
	}
	s, do = play(s, t0, granted{of: lineage{false, t0.Add(-time.Hour)}, grant: oidc.Grant{Refresh: secret.New("late")}})
	if names(do) != "Revoke" {
		t.Errorf("a renewal that was under way: %q, want its refresh token revoked", names(do))
	}
	s, do = play(s, t0, verified{of: lineage{false, t0.Add(-time.Hour)}, token: tok(t0, time.Hour), claims: alice}, settled{})
	if len(do) != 0 || s.phase(t0) != LoggedOut || s.answer(t0).err == nil {
		t.Errorf("after the log out: %v %s", s.phase(t0), names(do))
	}
}

func TestASessionTheKeychainRefusesGoesOnInMemoryAndIsWrittenAgain(t *testing.T) {
	s, _ := play(session{account: "corp"}, t0, started{}, loaded{err: keychain.ErrUnavailable}, settled{}, loginBegun{},
		entered{grant: oidc.Grant{Refresh: secret.New("r")}}, stored{err: keychain.ErrUnavailable},
		verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: alice}, stored{err: keychain.ErrUnavailable}, settled{})
	st := s.status(t0)
	if st.Phase != Valid || !st.Troubles.Has(NotStored) || s.answer(t0).err != nil {
		t.Fatalf("status %+v", st)
	}
	s, do := play(s, t0.Add(storeEvery), looked{})
	if names(do) != "Store0" {
		t.Fatalf("two minutes later: %q, want it written again", names(do))
	}
	s, _ = play(s, t0.Add(storeEvery), stored{}, settled{})
	if st := s.status(t0.Add(storeEvery)); st.Troubles != 0 {
		t.Errorf("after it was written: %+v", st)
	}
	if s.deadline() != s.plan.renew {
		t.Error("renewal is no longer planned")
	}
}

func TestALockedKeychainAtStartIsUnknownAndAskedAgain(t *testing.T) {
	s, _ := play(session{account: "corp"}, t0, started{}, loaded{err: keychain.ErrLocked}, settled{})
	st := s.status(t0)
	if st.Phase != Unknown || !st.Troubles.Has(KeychainLocked) {
		t.Fatalf("status %+v", st)
	}
	var blocked *BlockedError
	if !errors.As(s.answer(t0).err, &blocked) {
		t.Errorf("get-token: %v", s.answer(t0).err)
	}
	if s.deadline().IsZero() || s.deadline().Sub(t0) > 5*time.Minute*5/4 {
		t.Errorf("asked again at %v", s.deadline())
	}
	if _, do := play(s, t0, looked{again: true}); names(do) != "Load" {
		t.Errorf("after an unlock: %q", names(do))
	}
}

func TestAProviderThatRenewsNoIDTokenIsNotAskedInALoop(t *testing.T) {
	s := loggedIn()
	now := t0.Add(50 * time.Minute)
	of := lineage{false, t0.Add(-time.Hour)}
	s, do := play(s, now, looked{}, granted{of: of, grant: oidc.Grant{Refresh: secret.New("r3")}})
	if names(do) != "Store0 Verify" {
		t.Fatalf("the new refresh token: %q", names(do))
	}
	s, _ = play(s, now, stored{}, verified{of: of, err: oidc.ErrNoIDToken}, settled{})
	if st := s.status(now); st.Phase != Valid || !st.Troubles.Has(NoIDTokenOnRenewal) || s.record.Refresh.Reveal() != "r3" {
		t.Errorf("while the old token is valid: %+v", st)
	}
	if d := s.deadline(); !d.Equal(t0.Add(time.Hour)) {
		t.Errorf("asked again at %v, want at the token's end", d)
	}
	s, _ = play(s, t0.Add(time.Hour), looked{}, granted{of: of, grant: oidc.Grant{Refresh: secret.New("r4")}}, stored{}, verified{of: of, err: oidc.ErrNoIDToken}, settled{})
	if st := s.status(t0.Add(time.Hour)); st.Phase != LoginNeeded || st.Reason.Code != CodeNoIDToken {
		t.Errorf("at its end: %+v", st)
	}
}

func TestALoginWithoutARefreshTokenEndsWithItsToken(t *testing.T) {
	s, _ := play(session{account: "corp"}, t0, started{}, loaded{}, settled{}, loginBegun{}, entered{}, verified{of: lineage{true, t0}, token: tok(t0, time.Hour), claims: alice}, settled{})
	if st := s.status(t0); st.Phase != Valid || !st.Troubles.Has(NoRefreshToken) {
		t.Fatalf("status %+v", st)
	}
	s, do := play(s, t0.Add(time.Hour), looked{})
	if st := s.status(t0.Add(time.Hour)); len(do) != 0 || st.Phase != LoginNeeded || st.Reason.Code != CodeNoRefreshToken {
		t.Errorf("at its end: %v %s", st, names(do))
	}
}

func TestAnEndThatRenewalsDoNotMoveIsTheSessionsEnd(t *testing.T) {
	s := loggedIn()
	of := lineage{false, t0.Add(-time.Hour)}
	renew := func(now, ends time.Time) {
		s, _ = play(s, now, looked{force: true}, granted{of: of, grant: oidc.Grant{RefreshEnds: ends}}, verified{of: of, token: tok(now, time.Hour), claims: alice}, settled{})
	}
	renew(t0, t0.Add(30*time.Minute))
	renew(t0.Add(10*time.Minute), t0.Add(40*time.Minute))
	if st := s.status(t0); !st.SessionEnds.IsZero() {
		t.Errorf("an idle limit is announced as the session's end: %v", st.SessionEnds)
	}
	if want := t0.Add(25 * time.Minute); !s.plan.renew.Equal(want) {
		t.Errorf("renewed at %v, want before half of the idle limit: %v", s.plan.renew, want)
	}
	renew(t0.Add(20*time.Minute), t0.Add(40*time.Minute))
	if st := s.status(t0); !st.SessionEnds.Equal(t0.Add(40 * time.Minute)) {
		t.Errorf("the session's end is %v", st.SessionEnds)
	}
}

func TestATokenThatLooksOldByAWrongClockIsNotRenewedInALoop(t *testing.T) {
	for _, ahead := range []time.Duration{55 * time.Minute, 24 * time.Hour} {
		s := loggedIn()
		now := t0.Add(ahead)
		s, _ = play(s, now, looked{force: true}, granted{of: lineage{false, t0.Add(-time.Hour)}}, verified{of: lineage{false, t0.Add(-time.Hour)}, token: tok(t0, time.Hour), claims: alice}, settled{})
		if next := s.deadline().Sub(now); next < 20*time.Minute {
			t.Errorf("a clock %v ahead: renewed again after %v", ahead, next)
		}
	}
}
