package menu

import (
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// Explanation says why a cluster or an account is as it is: for a dialog, or a terminal.
type Explanation struct {
	Title string
	Text  []string // paragraphs: the state, the reason, what to do, the provider's own words
	Do    Button   // what helps; none where Do.Do.Verb is ""
}

// Why explains the state of the cluster or account called on; ok is false where there is no such.
func Why(s *auth.Snapshot, set Settings, on string, now time.Time) (e Explanation, ok bool) {
	c, isCluster := s.Cluster(on)
	account := on
	if isCluster {
		account = c.Account
	}
	st, ok := s.Account(account)
	if !ok {
		return Explanation{}, false
	}
	words := set.Times.ClusterWords(c, st, now) // of no cluster: the account's
	if !strings.HasSuffix(words, "…") {
		words += "."
	}
	e = Explanation{Title: name(on), Text: []string{name(on) + ": " + words}}
	say := func(sentences string) {
		if sentences != "" {
			e.Text = append(e.Text, sentences)
		}
	}
	if isCluster {
		say(writeErrorHelp(c))
		say(rejectedHelp(c))
	}
	say(reasonHelp(st))
	for _, sentences := range troubleHelp(st) {
		say(sentences)
	}
	if len(e.Text) == 1 {
		say(phaseHelp(st, now))
	}
	say(theirWords(c, st))
	say(whoAndWhere(c, st))
	e.Do = remedy(st, on, now)
	return e, true
}

// remedy is the row that helps, as the menu has it.
func remedy(st auth.Status, on string, now time.Time) Button {
	first := sessionRows(st, on)[0]
	switch {
	case first.Disabled:
		return Button{}
	case st.Phase == auth.Valid && first.Do.Verb == VerbLogin && canRenew(st) && !endsSoon(st, now):
		return Button{"Renew now", Action{VerbRenew, on}}
	case st.Phase == auth.Offline && first.Do.Verb == VerbLogin:
		return Button{"Try now", Action{VerbRenew, on}}
	}
	return Button{first.Text, first.Do}
}

func writeErrorHelp(c auth.Cluster) string {
	if c.WriteError == "" {
		return ""
	}
	return "kubectl does not know this cluster, because its entry could not be written. The session is not touched by that. Mend what the line above names; it is tried again when config.yaml changes or kubecreds starts."
}

func rejectedHelp(c auth.Cluster) string {
	if c.Rejected == (auth.Reason{}) {
		return ""
	}
	return "The API server refused a token that has not ended. It may expect another issuer, client ID or claim, or its keys of the provider are old. Ask whoever runs the cluster, and tell them the words below."
}

// reasonHelp says in plain words what a reason means and what to do.
func reasonHelp(st auth.Status) string {
	switch st.Reason.Code {
	case auth.CodeUnreachable:
		return "The provider does not answer. Check the network or the VPN. Nothing is lost: kubecreds keeps trying, and at once when the network changes."
	case auth.CodeEnded:
		return "The provider no longer accepts the session: it reached its end, it was ended elsewhere, or the password changed. Log in again."
	case auth.CodeMisconfigured:
		return "The provider refuses this program as it is configured. Check issuer, clientID and scopes of this account in config.yaml, or ask whoever runs the provider."
	case auth.CodeOtherEnds:
		return "The session was got from another issuer, endpoint or client than config.yaml names now, so it is not sent there. Log in again, or put the old line back."
	case auth.CodeOtherPerson:
		return "The account belongs to one person, and somebody else answered the login. Log in as the right person, or log out first."
	case auth.CodeClientSecret:
		return "This client proves itself with a secret, which is kept in the keychain. It is missing there, was given for another provider or client, or the provider no longer takes it. Log in: you are asked for it. Ask whoever runs the provider for the secret."
	case auth.CodeUntrusted:
		return "The provider's token did not pass the checks, so nobody is given it. Ask whoever runs the provider, and check this computer's clock."
	case auth.CodeKeychain:
		return "The keychain that keeps sessions cannot be used. Install or start one (GNOME Keyring, KWallet, KeePassXC), then log in."
	case auth.CodeKeychainLocked:
		return "The session lies in the keychain, which is locked. Unlock it."
	case auth.CodeNoRefreshToken:
		return "The provider gave no refresh token, so the login could not be renewed. Log in again, and ask for the scope offline_access in config.yaml."
	case auth.CodeNoIDToken:
		return "The provider renews no ID token, so the login could not be renewed. Log in again, or write bearer: access_token if the API server accepts that."
	}
	return ""
}

// troubleHelp says what ails an account beside its phase, and what to do.
func troubleHelp(st auth.Status) []string {
	var all []string
	say := func(t auth.Troubles, sentences string) {
		if st.Troubles.Has(t) {
			all = append(all, sentences)
		}
	}
	if st.Reason.Code != auth.CodeKeychainLocked {
		say(auth.KeychainLocked, "The keychain, which keeps sessions, is locked. Unlock it.")
	}
	if st.Troubles.Has(auth.NotStored) && !st.Troubles.Has(auth.KeychainLocked) {
		all = append(all, "The keychain refused the session, so it works until kubecreds ends. Storing it is tried again by itself.")
	}
	say(auth.ClockWrong, "This computer's clock differs from the provider's by more than a token can bear. Set the clock.")
	if st.Reason.Code != auth.CodeNoRefreshToken {
		say(auth.NoRefreshToken, "The provider gave no refresh token: the login ends with its token. Ask for the scope offline_access in config.yaml.")
	}
	if st.Reason.Code != auth.CodeNoIDToken {
		say(auth.NoIDTokenOnRenewal, "The provider renews no ID token: the login ends with its token. bearer: access_token helps if the API server accepts that.")
	}
	return all
}

// phaseHelp is said where nothing else is the matter.
func phaseHelp(st auth.Status, now time.Time) string {
	switch {
	case st.Phase == auth.LoggingIn:
		return "Answer the dialog or the browser. The login ends by itself after five minutes."
	case st.Phase == auth.LoggedOut:
		return "Nobody is logged in. Log in once; from then on tokens are renewed by themselves."
	case st.Phase == auth.Unknown:
		return "The keychain has not answered yet."
	case endsSoon(st, now):
		return "The provider ends this session whatever is done with it. Log in again before, and a new one begins."
	case !st.SessionEnds.IsZero():
		return "Nothing needs doing: the token is renewed by itself until the session ends."
	}
	return "Nothing needs doing: the token is renewed by itself before it ends."
}

// theirWords are what the provider, the system or the API server said, marked as theirs.
func theirWords(c auth.Cluster, st auth.Status) string {
	var all []string
	for _, w := range []struct{ who, words string }{
		{"API server", c.Rejected.Words}, {"provider or system", theirs(st.Reason)}, {"last login", theirs(st.LastLogin)},
	} {
		if words := clean(w.words, maxSentence); words != "" {
			all = append(all, "In the words of the "+w.who+": “"+words+"”")
		}
	}
	return strings.Join(all, "\n")
}

// theirs are the words of a reason that are not ours.
func theirs(r auth.Reason) string {
	if r.Code == auth.CodeClientSecret || r.Code == auth.CodeOtherEnds {
		return ""
	}
	return r.Words
}

// whoAndWhere says whom it is all about.
func whoAndWhere(c auth.Cluster, st auth.Status) string {
	var all []string
	if c.Name != "" {
		all = append(all, "API server: "+clean(c.Server, maxSentence), "Account: "+name(st.Account))
	}
	if st.Person != "" {
		all = append(all, "Logged in as: "+name(st.Person))
	}
	if st.Provider != "" {
		all = append(all, "Provider: "+name(st.Provider))
	}
	return strings.Join(all, "\n")
}

// Notice is e where no dialog can be shown: what fits.
func (e Explanation) Notice() Notice {
	n := Notice{Tag: "told", Title: e.Title, Body: strings.Join(e.Text[:min(len(e.Text), 2)], " ")}
	if e.Do.Do.Verb != "" {
		n.Buttons = []Button{e.Do}
	}
	return n
}

// About says which program this is, and where its things are.
func About(version, config, log string) Explanation {
	return Explanation{Title: "About kubecreds", Text: []string{
		"kubecreds " + version,
		"Keeps your Kubernetes credentials fresh: log in once, and kubectl, k9s, Lens and helm just work.",
		"Configuration: " + clean(config, maxSentence) + "\nLog: " + clean(log, maxSentence),
		"https://github.com/kubecreds/kubecreds, Apache-2.0",
	}}
}
