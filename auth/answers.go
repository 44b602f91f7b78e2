package auth

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

// What the answers of providers and of the keychain do to a session: the part of step that is about refresh tokens.

func (s *session) onEntered(e entered, now time.Time) []effect {
	s.loggingIn, s.entering, s.user = false, true, e.user
	s.weak, s.heard, s.skew = time.Time{}, now, skew(e.grant, now)
	s.candidate = e.record
	s.candidate.Refresh, s.candidate.Since, s.candidate.Ends = e.grant.Refresh, now, e.grant.RefreshEnds
	s.idleLimit, s.idleNext = 0, 0
	if limit := e.grant.RefreshEnds.Sub(now).Round(time.Second); limit > 0 && limit < shortIdle {
		s.idleNext = limit
	}
	do := s.keepThenVerify(lineage{true, now}, e.grant, s.candidate)
	if !e.client.Secret.Empty() {
		s.client, s.clientNew = e.client, true
		do = slices.Insert(do, len(do)-1, effect(doStoreClient{s.client}))
	}
	return do
}

func (s *session) onGranted(e granted, now time.Time) []effect {
	rec := s.of(e.of)
	switch {
	case rec == nil && s.record.Refresh.Empty() && e.err == nil && !e.grant.Refresh.Empty():
		return []effect{doRevoke{keychain.Record{Refresh: e.grant.Refresh}}} // logged out while the renewal was under way
	case rec == nil:
		return nil
	case e.err != nil:
		return s.onRefused(e, now)
	}
	s.weak, s.skew = time.Time{}, skew(e.grant, now)
	s.rotation = s.rotation.after(e.grant, rec.Refresh)
	s.learnEnd(rec, e.grant.RefreshEnds, now)
	if e.grant.Refresh.Empty() || e.grant.Refresh.Equal(rec.Refresh) {
		return []effect{doVerify{e.of, e.grant, rec.Subject}}
	}
	rec.Refresh = e.grant.Refresh
	return s.keepThenVerify(e.of, e.grant, *rec)
}

// keepThenVerify is rule 1: the refresh token is stored before its token is verified, published or handed out.
func (s *session) keepThenVerify(of lineage, g oidc.Grant, r keychain.Record) []effect {
	verify := doVerify{of, g, r.Subject}
	if r.Refresh.Empty() {
		return []effect{verify}
	}
	return []effect{doStore{of.slot(), r}, verify}
}

// slot is where the keychain has the record of l.
func (l lineage) slot() keychain.Slot {
	if l.pending {
		return keychain.Pending
	}
	return keychain.Current
}

// skew is how far this machine's clock is ahead of the provider's; 0 where it did not say.
func skew(g oidc.Grant, now time.Time) time.Duration {
	if g.Date.IsZero() {
		return 0
	}
	return now.Sub(g.Date)
}

// learnEnd tells an idle limit, which renewals move, from the session's end, which they leave where it was.
func (s *session) learnEnd(r *keychain.Record, ends, now time.Time) {
	const same = 5 * time.Second // lifetimes come in whole seconds, and travel
	before := r.Ends
	soon := now.Sub(s.heard).Abs() < 2*same
	if soon || s.heard.IsZero() { // an earlier run may have heard it a moment ago
		before = s.ends // too soon to see it move: what is known stands
	}
	if !soon {
		r.Ends, s.heard = ends, now
	}
	s.idleEnd, s.ends = ends, time.Time{}
	if !before.IsZero() && !ends.IsZero() && ends.Sub(before).Abs() < same {
		s.idleEnd, s.ends = time.Time{}, ends
	}
}

// onRefused tells refusals from weather: rule 2.
func (s *session) onRefused(e granted, now time.Time) []effect {
	s.tried = now
	reason, ended, after := judge(e.err)
	var refusal *oidc.Refusal
	if errors.As(e.err, &refusal) && refusal.Weak && s.ended == (Reason{}) {
		if s.weak.IsZero() {
			s.weak = now
		}
		if now.Sub(s.weak).Abs() < secondTry {
			s.fault, s.retry = Reason{CodeUnreachable, reason.Words}, s.weak.Add(secondTry)
			return nil
		}
	}
	switch {
	case ended && e.of.pending && reason.Code != CodeClientSecret:
		// The login that was cut short came to nothing. The session it would have replaced goes on.
		s.forgetCandidate()
		s.weak = time.Time{}
		do := append([]effect{doForget{keychain.Pending}}, s.next(now)...)
		if s.record.Refresh.Empty() {
			s.ended = reason
		}
		return do
	case ended:
		s.ended, s.fault, s.weak, s.failures = reason, Reason{}, time.Time{}, 0
		s.retry = now.Add(doubtAgain)
	case s.ended != Reason{}:
		s.retry = now.Add(doubtAgain) // weather says nothing new of a session that was refused
	default:
		s.fail(reason, after, e.r, now)
	}
	return nil
}

// fail notes a failed try and plans the next one.
func (s *session) fail(reason Reason, after time.Duration, r float64, now time.Time) {
	s.failures++
	s.fault, s.tried = reason, now
	wait := backoff(s.failures, after, r)
	if left := s.idleEnd.Sub(now); left > 0 { // not later than the refresh token can bear
		wait = min(wait, max(left/2, time.Second))
	}
	s.retry = now.Add(wait)
}

func (s *session) onStored(e stored, now time.Time) []effect {
	s.unstored[e.slot] = e.err != nil
	s.onKept(e.err, now)
	if e.err != nil {
		return nil
	}
	if e.slot == keychain.Current && s.promoted && e.record.Since.Equal(s.record.Since) {
		s.promoted = false
		return []effect{doForget{keychain.Pending}}
	}
	return nil
}

// onKept notes how a write to the keychain went.
func (s *session) onKept(err error, now time.Time) {
	s.troubles &^= NotStored | KeychainLocked
	somebody := !s.record.Refresh.Empty() || !s.candidate.Refresh.Empty() // whose session would be missed
	if s.unstored != [2]bool{} || s.clientNew && somebody {
		s.troubles |= NotStored
	}
	if errors.Is(err, keychain.ErrLocked) {
		s.troubles |= KeychainLocked
	}
	if err != nil {
		s.storeAt = now.Add(storeEvery)
	}
}

func (s *session) onVerified(e verified, now time.Time) []effect {
	if s.of(e.of) == nil {
		return nil
	}
	if e.err != nil {
		return s.onUnverified(e, now)
	}
	var do []effect
	if e.of.pending {
		if s.isOther(e.claims) {
			return s.dropCandidate(Reason{CodeOtherPerson, e.claims.Person})
		}
		do = s.promote(e.claims)
	}
	s.token, s.person = e.token, e.claims.Person
	s.serial++
	s.known = true
	s.ended, s.fault, s.failures, s.tried = Reason{}, Reason{}, 0, now
	s.troubles &^= ClockWrong | NoRefreshToken | NoIDTokenOnRenewal
	if s.record.Refresh.Empty() {
		s.troubles |= NoRefreshToken
	}
	if s.skew.Abs() > clockBears {
		s.troubles |= ClockWrong
	}
	s.plan = schedule(e.token.Issued, e.token.Expires, s.idleEnd, max(s.floor, leadFloor), e.r)
	// A new token can look old: by a clock that is wrong, or because the provider had it ready. It is not renewed again at once,
	// and again.
	if earliest := now.Add(s.plan.renew.Sub(e.token.Issued) / 2); s.plan.renew.Before(earliest) {
		s.plan.renew = earliest
		s.plan.urgent, s.plan.pressing = later(s.plan.urgent, earliest), later(s.plan.pressing, earliest)
	}
	return do
}

// isOther reports whether somebody else answered a login than whose session it replaces, or than whom the configuration names.
func (s *session) isOther(c oidc.Claims) bool {
	return s.record.Subject != "" && s.record.Subject != c.Subject || s.mustBe != "" && !strings.EqualFold(s.mustBe, c.Person)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// promote makes the verified candidate the session. The old record is overwritten, and only when
// that has succeeded is the pending one removed.
func (s *session) promote(c oidc.Claims) []effect {
	s.record = s.candidate
	s.record.Subject, s.record.Person = c.Subject, c.Person
	s.idleLimit = s.idleNext
	s.forgetCandidate()
	if s.entering {
		s.idleEnd, s.ends = s.record.Ends, time.Time{}
	}
	s.promoted = !s.record.Refresh.Empty()
	if !s.promoted {
		s.unstored = [2]bool{}
		return []effect{doForget{keychain.Current}, doForget{keychain.Pending}}
	}
	return []effect{doStore{keychain.Current, s.record}}
}

func (s *session) forgetCandidate() {
	s.candidate, s.unstored[keychain.Pending], s.idleNext = keychain.Record{}, false, 0
}

// dropCandidate ends a login that must not become the session; the session it was meant to replace stays.
func (s *session) dropCandidate(why Reason) []effect {
	dropped := s.candidate
	s.forgetCandidate()
	s.lastLogin = why
	if dropped.Refresh.Empty() {
		return nil
	}
	return []effect{doRevoke{dropped}, doForget{keychain.Pending}}
}

// onUnverified keeps everything: the refresh token is stored already, the old token goes on while it is valid.
func (s *session) onUnverified(e verified, now time.Time) []effect {
	reason, _, after := judge(e.err)
	if s.entering {
		s.lastLogin = reason
	}
	noIDToken := errors.Is(e.err, oidc.ErrNoIDToken)
	if e.of.pending && (noIDToken || s.candidate.Refresh.Empty()) {
		return s.dropCandidate(reason) // nothing can come of it, now or later
	}
	if noIDToken {
		s.renewsNoIDToken(now)
		return nil
	}
	s.ended = Reason{} // the provider took the refresh token
	s.fail(reason, after, e.r, now)
	var untrusted *oidc.Untrusted
	if errors.As(e.err, &untrusted) && untrusted.Skew != 0 {
		s.troubles |= ClockWrong
		s.retry = now.Add(doubtAgain) // until somebody sets the clock, which is noticed, the next is no better
	}
	return nil
}

// renewsNoIDToken: the provider renewed the session and sent no ID token, as some do. The old one serves to its end; asking
// again before would bring no other answer.
func (s *session) renewsNoIDToken(now time.Time) {
	s.troubles |= NoIDTokenOnRenewal
	s.ended, s.fault, s.failures, s.tried = Reason{}, Reason{}, 0, now
	end := s.token.Expires
	s.plan.renew, s.plan.urgent, s.plan.pressing = end, end, end
	if !now.Before(end) {
		s.ended, s.retry = Reason{Code: CodeNoIDToken}, now.Add(doubtAgain)
	}
}

func (s *session) onLoggedOut() []effect {
	var do []effect
	for _, r := range []keychain.Record{s.record, s.candidate} {
		if !r.Refresh.Empty() {
			do = append(do, doRevoke{r})
		}
	}
	*s = session{account: s.account, floor: s.floor, user: s.user, mustBe: s.mustBe, serial: s.serial, busy: s.busy, since: s.since,
		known: true, rotation: s.rotation, client: s.client, clientNew: s.clientNew}
	return append(do, doForget{keychain.Current}, doForget{keychain.Pending})
}
