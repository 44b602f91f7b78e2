package auth

import (
	"errors"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

const (
	secondTry  = 30 * time.Second // a weak refusal is believed when it is heard again after this
	doubtAgain = time.Hour        // how often a session believed ended is tried once more
	storeEvery = 2 * time.Minute  // how often a record the keychain refused is written again
	ownTry     = 3 * time.Second  // a request starts a try of its own this long after the last one ended
	clockBears = 5 * time.Minute  // clocks that differ by more are called wrong
	shortIdle  = 12 * time.Hour   // a session that ends when it is not renewed for less does not outlive a night's sleep
)

// step is the whole life of a session: no clock, network or goroutine in it. Effects run in order and each comes back as an
// event; a crash is the loss of a tail of that list.
func step(s session, e event, now time.Time) (session, []effect) {
	var do []effect
	switch e := e.(type) {
	case started:
		do = s.try(now)
	case loaded:
		do = s.onLoaded(e, now)
	case looked:
		do = s.onLooked(e, now)
	case wanted:
		if s.answer(now).better { // it may have come since the request looked
			do = s.try(now)
		}
	case loginBegun:
		s.loggingIn, s.lastLogin = true, Reason{}
	case loginFailed:
		s.loggingIn, s.lastLogin = false, e.reason
		if e.user != "" {
			s.user = e.user
		}
	case entered:
		do = s.onEntered(e, now)
	case unwanted:
		if !e.grant.Refresh.Empty() {
			do = []effect{doRevoke{keychain.Record{Refresh: e.grant.Refresh}}}
		}
	case granted:
		do = s.onGranted(e, now)
	case stored:
		do = s.onStored(e, now)
	case clientForgotten:
		s.client, s.clientNew = keychain.Client{}, false
	case clientStored:
		s.clientNew = e.err != nil
		s.onKept(e.err, now)
	case verified:
		do = s.onVerified(e, now)
	case loggedOut:
		do = s.onLoggedOut()
	case takenOver:
		do = s.onTakenOver(e)
	case handedOver:
		do = s.onHandedOver()
	case identifiedAs:
		do = s.onIdentifiedAs(e)
	case settled:
		s.busy, s.entering, s.since = false, false, time.Time{}
	}
	if len(do) > 0 && !s.busy {
		s.busy, s.since = true, now
	}
	return s, do
}

// try is what can be done now to get what is missing, the most urgent first; nil if something is under way or nothing helps.
func (s *session) try(now time.Time) []effect {
	switch {
	case s.busy, s.entering: // after a login, its own effects come first
		return nil
	case !s.known:
		return []effect{doLoad{}}
	case !s.candidate.Refresh.Empty():
		return []effect{doRenew{lineage{true, s.candidate.Since}, s.candidate, s.rotation}}
	case !s.record.Refresh.Empty():
		return []effect{doRenew{lineage{false, s.record.Since}, s.record, s.rotation}}
	}
	return nil
}

// healthy reports whether nothing is known to stand in the way of the next renewal.
func (s *session) healthy() bool { return s.ended == Reason{} && s.fault == Reason{} }

// mayTry reports whether a request that needs a better token may start a try of its own.
func (s *session) mayTry(now time.Time) bool {
	switch {
	case s.ended != Reason{}:
		return false
	case s.fault.Code == CodeUntrusted: // the provider did answer, and would say the same again
		return !now.Before(s.retry)
	}
	return s.healthy() || now.Sub(s.tried).Abs() >= ownTry
}

// of returns the record that an answer belongs to; nil if a login or a log out has replaced it meanwhile.
func (s *session) of(l lineage) *keychain.Record {
	r := &s.record
	if l.pending {
		r = &s.candidate
	}
	if !r.Since.Equal(l.since) || r.Since.IsZero() {
		return nil
	}
	return r
}

// deadline is when the session must be looked at next; zero: never by itself.
func (s *session) deadline() time.Time {
	if s.busy {
		return time.Time{}
	}
	next := s.tryAt()
	if s.writes() && (next.IsZero() || s.storeAt.Before(next)) {
		next = s.storeAt
	}
	return next
}

// tryAt is when try is due; zero: never by itself.
func (s *session) tryAt() time.Time {
	switch {
	case !s.known, !s.healthy(), !s.candidate.Refresh.Empty():
		return s.retry
	case s.record.Refresh.Empty():
		return s.token.Expires
	case s.plan == plan{}: // a login that came to nothing kept it from being renewed
		return s.tried
	}
	return s.plan.renew
}

// writes reports whether something that the keychain refused is to be written again.
func (s *session) writes() bool { return s.known && (s.unstored != [2]bool{} || s.clientNew) }

func (s *session) onLooked(e looked, now time.Time) []effect {
	if now.Before(s.seen.Add(-tick/2)) && s.plan != (plan{}) {
		// The clock was set back. The token's end is not where it seems to be: another token tells.
		s.plan.renew, s.plan.urgent, s.plan.pressing = now, now, now
	}
	s.seen = now
	expired := !s.token.Expires.IsZero() && !now.Before(s.token.Expires)
	if expired && s.known && s.healthy() && s.record.Refresh.Empty() && s.candidate.Refresh.Empty() {
		s.ended = Reason{Code: CodeNoRefreshToken}
	}
	if s.busy {
		return nil
	}
	if s.writes() && (e.again || !now.Before(s.storeAt)) {
		return s.storeAgain()
	}
	hopeful := e.again && (!s.known || !s.healthy() || !s.candidate.Refresh.Empty())
	if at := s.tryAt(); e.force || hopeful || !at.IsZero() && !now.Before(at) {
		return s.try(now)
	}
	return nil
}

// storeAgain is the writing of what the keychain refused before.
func (s *session) storeAgain() []effect {
	switch {
	case s.unstored[keychain.Current]:
		return []effect{doStore{keychain.Current, s.record}}
	case s.unstored[keychain.Pending]:
		return []effect{doStore{keychain.Pending, s.candidate}}
	}
	return []effect{doStoreClient{s.client}}
}

func (s *session) onLoaded(e loaded, now time.Time) []effect {
	if s.known {
		return nil // somebody logged in or out meanwhile: what the keychain held is no longer so
	}
	s.tried = now
	if e.err != nil {
		s.failures++
		s.retry = now.Add(backoff(s.failures+3, 0, e.r))
		s.troubles &^= KeychainLocked
		s.fault = Reason{CodeKeychain, strings.TrimPrefix(e.err.Error(), s.account+": ")} // whoever shows it names the account
		if errors.Is(e.err, keychain.ErrLocked) {
			s.troubles |= KeychainLocked
			s.fault = Reason{Code: CodeKeychainLocked}
		}
		return nil
	}
	s.known, s.failures, s.retry, s.fault = true, 0, time.Time{}, Reason{}
	s.troubles &^= KeychainLocked
	s.record, s.person, s.client = e.current, e.current.Person, e.client
	if e.pending.Refresh.Empty() || !s.candidate.Since.IsZero() { // a login that was answered meanwhile is newer
		return s.next(now)
	}
	// A pending record is a login cut short before its token was verified. One of the same login as the current record was
	// promoted already: sending its refresh token again would look like theft to a provider that rotates.
	if e.pending.Since.Equal(e.current.Since) {
		return append([]effect{doForget{keychain.Pending}}, s.next(now)...)
	}
	s.candidate = e.pending
	return s.next(now)
}

// next is try for the middle of a list of effects, where busy only means this very list.
func (s *session) next(now time.Time) []effect {
	busy := s.busy
	s.busy = false
	do := s.try(now)
	s.busy = busy
	return do
}

// judge says what an error of the provider means: the reason in our words, whether it ends the session, and how long the
// provider asked us to wait.
func judge(err error) (reason Reason, ended bool, after time.Duration) {
	var (
		refusal   *oidc.Refusal
		weather   *oidc.Weather
		untrusted *oidc.Untrusted
		other     *OtherEndsError
		client    *ClientSecretError
	)
	switch {
	case errors.As(err, &client):
		return Reason{CodeClientSecret, client.Error()}, true, 0
	case errors.As(err, &refusal) && (refusal.Kind == oidc.Misconfigured || refusal.Kind == oidc.NeedsOther):
		return Reason{CodeMisconfigured, refusal.Words}, false, 0
	case errors.As(err, &refusal) && refusal.Kind == oidc.Denied:
		return Reason{CodeDenied, refusal.Words}, false, 0
	case errors.As(err, &refusal) && refusal.Kind == oidc.WrongPassword:
		return Reason{CodeWrongPassword, refusal.Words}, true, 0
	case errors.As(err, &refusal):
		return Reason{CodeEnded, refusal.Words}, true, 0
	case errors.As(err, &other):
		return Reason{CodeOtherEnds, other.Error()}, true, 0
	case errors.As(err, &untrusted):
		return Reason{CodeUntrusted, untrusted.Error()}, false, 0
	case errors.Is(err, oidc.ErrNoIDToken):
		return Reason{CodeUntrusted, "the provider sent no ID token; ask for the scope openid"}, false, 0
	case errors.As(err, &weather):
		return Reason{CodeUnreachable, weather.Words}, false, weather.RetryAfter
	}
	return Reason{CodeUnreachable, err.Error()}, false, 0
}
