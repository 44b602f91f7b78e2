package menu

import (
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// Words says in a few words what an account's session is doing and what ails it, as the menu does: `valid until 14:32,
// provider unreachable`. Times are absolute, in now's time zone, and written as the zero Times has it.
func Words(st auth.Status, now time.Time) string { return Times{}.Words(st, now) }

// ClusterWords says the same of a cluster opened by the account with status st: what its API server and its kubeconfig
// entry say stands first.
func ClusterWords(c auth.Cluster, st auth.Status, now time.Time) string {
	return Times{}.ClusterWords(c, st, now)
}

// Words is the function of that name, with times written as f has it.
func (f Times) Words(st auth.Status, now time.Time) string {
	s := f.phase(st, now)
	for _, t := range troubles(st) {
		s += "; " + t
	}
	return s
}

// ClusterWords is the function of that name, with times written as f has it.
func (f Times) ClusterWords(c auth.Cluster, st auth.Status, now time.Time) string {
	s := f.Words(st, now)
	if c.Remark != "" {
		s += "; " + clean(c.Remark, maxSentence)
	}
	if c.WriteError != "" {
		s = "kubeconfig not written: " + clean(c.WriteError, maxSentence) + "; " + s
	}
	if c.Rejected != (auth.Reason{}) {
		s = "rejected by the API server" + quoted(c.Rejected.Words) + "; " + s
	}
	return s
}

// phase is DESIGN's table of states in words.
func (f Times) phase(st auth.Status, now time.Time) string {
	until := "valid until " + f.Clock(st.Until, now)
	switch st.Phase {
	case auth.LoggedOut:
		return "not logged in" + lastLogin(st)
	case auth.LoggingIn:
		return "logging in…"
	case auth.Valid:
		switch {
		case !st.Good(now):
			return "renewing…"
		case st.Renewing:
			until += ", renewing…"
		}
		return until + f.ends(st, now)
	case auth.Offline:
		if st.Good(now) {
			return until + ", " + why(st.Reason, "provider unreachable") + f.ends(st, now)
		}
		s := why(st.Reason, "provider unreachable") + ", trying again"
		if st.RetryAt.After(now) {
			s += " at " + f.Clock(st.RetryAt, now)
		}
		return s
	case auth.LoginNeeded:
		s := "login needed: " + why(st.Reason, "the session ended")
		if st.Good(now) {
			s += "; kubectl works until " + f.Clock(st.Until, now)
		}
		return s + lastLogin(st)
	}
	switch {
	case st.Troubles.Has(auth.KeychainLocked):
		return "keychain locked"
	case st.Reason.Code != auth.CodeNone:
		return why(st.Reason, "")
	}
	return "reading the keychain…"
}

// lastLogin adds why the last login failed, while there has been no better one.
func lastLogin(st auth.Status) string {
	if failed := failure(st.LastLogin); failed != "" {
		return "; the last login failed: " + failed
	}
	return ""
}

func (f Times) ends(st auth.Status, now time.Time) string {
	if st.SessionEnds.IsZero() {
		return ""
	}
	return ", session ends at " + f.Clock(st.SessionEnds, now)
}

// troubles are what ails an account beside its phase, in words.
func troubles(st auth.Status) []string {
	var all []string
	say := func(t auth.Troubles, words string) {
		if st.Troubles.Has(t) {
			all = append(all, words)
		}
	}
	switch {
	case st.Troubles.Has(auth.NotStored | auth.KeychainLocked):
		all = append(all, "not kept: keychain locked")
	case st.Phase != auth.Unknown: // whose words say it already
		say(auth.KeychainLocked, "keychain locked")
		say(auth.NotStored, "not kept: the keychain refused it")
	}
	if misconfigured(st) && (st.Phase == auth.LoggedOut || st.Phase == auth.Valid) {
		all = append(all, why(st.Reason, ""))
	}
	say(auth.ClockWrong, "this computer's clock is wrong")
	say(auth.NoRefreshToken, "cannot be renewed: the provider gave no refresh token")
	say(auth.NoIDTokenOnRenewal, "cannot be renewed: the provider renews no ID token")
	return all
}

// why says a reason in a few words. Where our own words say it all, the provider's are left out. otherwise is said of no
// reason at all.
func why(r auth.Reason, otherwise string) string {
	switch r.Code {
	case auth.CodeUnreachable:
		return "provider unreachable"
	case auth.CodeEnded:
		return "the provider ended the session"
	case auth.CodeWrongPassword:
		return "the provider refused user name and password"
	case auth.CodeMisconfigured:
		return "check the configuration" + quoted(r.Words)
	case auth.CodeOtherEnds:
		return "the configuration changed since the last login" + quoted(r.Words)
	case auth.CodeOtherPerson:
		return "somebody else logged in" + quoted(r.Words)
	case auth.CodeClientSecret:
		if r.Words != "" { // a sentence of ours
			return clean(r.Words, maxSentence)
		}
		return "the client secret is missing or refused"
	case auth.CodeUntrusted:
		return "the token did not verify" + quoted(r.Words)
	case auth.CodeKeychain:
		return "the keychain cannot be used" + quoted(r.Words)
	case auth.CodeKeychainLocked:
		return "keychain locked"
	case auth.CodeNoRefreshToken:
		return "the token ended and there is no refresh token"
	case auth.CodeNoIDToken:
		return "the token ended and the provider renews no ID token"
	case auth.CodeLoggingIn:
		return "a login is under way"
	case auth.CodeDenied:
		return "the provider declined the login" + quoted(r.Words)
	case auth.CodeCancelled:
		return "cancelled"
	case auth.CodeTooManyAttempts:
		return "the password was wrong three times"
	case auth.CodeNoDialog:
		if r.Words != "" { // a sentence of ours, that says what to do
			return clean(r.Words, maxSentence)
		}
		return "nobody can be asked here"
	case auth.CodeNone:
		return otherwise
	}
	return clean(string(r.Code), maxName) + quoted(r.Words) // a code newer than this text
}

// failure says why a login came to nothing; "" if it did not, or if the person wanted it so.
func failure(r auth.Reason) string {
	if r.Code == auth.CodeCancelled {
		return ""
	}
	return why(r, "")
}

// quoted puts words of others behind ours, marked as theirs.
func quoted(words string) string {
	if words = clauses(clean(words, maxSentence), maxName); words == "" {
		return ""
	}
	return " (" + words + ")"
}
