package auth

import (
	"time"

	"github.com/kubecreds/kubecreds/auth/oidc"
)

const (
	showRenewing = 2 * time.Second // a renewal is shown only when it takes longer
	shortWait    = time.Second     // how long a request waits while its token is still rather good
)

// status is what the world may know of the session at now.
func (s *session) status(now time.Time) Status {
	st := Status{
		Account:     s.account,
		Person:      s.person,
		User:        s.user,
		Phase:       s.phase(now),
		Until:       s.token.Expires,
		SessionEnds: s.ends,
		IdleLimit:   s.idleLimit,
		Troubles:    s.troubles,
		LastLogin:   s.lastLogin,
		Serial:      s.serial,
	}
	st.Renewing = s.busy && !s.entering && now.Sub(s.since) >= showRenewing
	switch {
	case s.ended != Reason{}:
		st.Reason = s.ended
	case s.fault != Reason{}:
		st.Reason, st.RetryAt = s.fault, s.retry
	}
	return st
}

func (s *session) phase(now time.Time) Phase {
	switch {
	case s.loggingIn, s.entering:
		return LoggingIn
	case !s.known:
		return Unknown
	case s.ended != Reason{}:
		return LoginNeeded
	case s.fault != Reason{}:
		return Offline
	case s.token.Expires.After(now):
		return Valid
	case s.record.Refresh.Empty() && s.candidate.Refresh.Empty():
		return LoggedOut
	}
	return Valid // a renewal is under way: the first after a start, or one that the token did not outlive
}

// Token is what an API server is given.
type Token struct {
	oidc.Token
	Tell time.Time // the end to tell kubectl: a margin before the real one
}

// reply is what a request for a token gets at one moment.
type reply struct {
	token  Token
	err    error
	better bool          // a renewal should be under way for it
	wait   time.Duration // how long to wait for that renewal before asking again; 0: do not
}

// forever stands for "as long as the request may".
const forever = time.Duration(1<<63 - 1)

// answer says what a request for the token gets at now. See DESIGN, Renewal, and rule 4.
func (s *session) answer(now time.Time) reply {
	var a reply
	good := s.token.Expires.After(now)
	if good {
		a.token = Token{s.token, s.plan.told(s.token.Expires, now)}
	} else {
		a.err = s.why(now)
	}
	renewable := !s.known || !s.record.Refresh.Empty() || !s.candidate.Refresh.Empty()
	switch {
	case !renewable, s.ended != Reason{}:
		if !good && s.entering {
			a.wait = forever // a login has just been answered
		}
	case !s.healthy():
		// Remembered: the old token or the same line at once, but for a request that has nothing and finds that the last try
		// is some seconds old, or one under way.
		if !good && (s.busy || s.mayTry(now)) {
			a.better, a.wait = true, forever
		}
	case !good, !now.Before(s.plan.pressing):
		a.better, a.wait = true, forever
	case !now.Before(s.plan.urgent):
		a.better, a.wait = true, shortWait
	}
	return a
}

// why is the error of a request that cannot be given a token.
func (s *session) why(now time.Time) error {
	switch {
	case s.loggingIn:
		return &LoginNeededError{s.account, Reason{Code: CodeLoggingIn}}
	case s.ended != Reason{}:
		return &LoginNeededError{s.account, s.ended}
	case s.fault.Code == CodeKeychain, s.fault.Code == CodeKeychainLocked:
		return &BlockedError{s.account, s.fault}
	case s.fault.Code == CodeMisconfigured:
		return &BlockedError{s.account, s.fault}
	case s.fault != Reason{}:
		return &OfflineError{s.account, s.fault, s.retry}
	case s.known && s.record.Refresh.Empty() && s.candidate.Refresh.Empty():
		return &LoginNeededError{s.account, Reason{}}
	}
	return &OfflineError{s.account, Reason{Code: CodeUnreachable, Words: "no answer yet"}, now}
}

// shownAt is when a renewal under way begins to show; zero: none is.
func (s *session) shownAt() time.Time {
	if !s.busy || s.entering {
		return time.Time{}
	}
	return s.since.Add(showRenewing)
}
