package menu

import (
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
)

func TestWhyIsExplained(t *testing.T) {
	for name, c := range map[string]struct {
		st   auth.Status
		want string
		do   Button
	}{
		"login needed": {auth.Status{Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded, Words: "Session not active"}, Person: "alice@example.com", Provider: "login.example.com"},
			`dev: login needed: the provider ended the session.
The provider no longer accepts the session: it reached its end, it was ended elsewhere, or the password changed. Log in again.
In the words of the provider or system: “Session not active”
API server: https://dev:6443
Account: corp
Logged in as: alice@example.com
Provider: login.example.com`, Button{"Re-login…", Action{VerbLogin, "dev"}}},
		"offline": {with(valid(), func(s *auth.Status) {
			s.Phase, s.Person, s.Reason = auth.Offline, "", auth.Reason{Code: auth.CodeUnreachable, Words: "no such host"}
		}),
			`dev: valid until 14:32, provider unreachable.
The provider does not answer. Check the network or the VPN. Nothing is lost: kubecreds keeps trying, and at once when the network changes.
In the words of the provider or system: “no such host”
API server: https://dev:6443
Account: corp`, Button{"Try now", Action{VerbRenew, "dev"}}},
		"valid": {with(valid(), func(s *auth.Status) { s.Person = "" }),
			`dev: valid until 14:32.
Nothing needs doing: the token is renewed by itself before it ends.
API server: https://dev:6443
Account: corp`, Button{"Renew now", Action{VerbRenew, "dev"}}},
		"session ends soon": {with(valid(), func(s *auth.Status) { s.Person, s.SessionEnds = "", at(12, 30) }),
			`dev: valid until 14:32, session ends at 12:30.
The provider ends this session whatever is done with it. Log in again before, and a new one begins.
API server: https://dev:6443
Account: corp`, Button{"Re-login…", Action{VerbLogin, "dev"}}},
		"logging in": {auth.Status{Phase: auth.LoggingIn},
			`dev: logging in….
Answer the dialog or the browser. The login ends by itself after five minutes.
API server: https://dev:6443
Account: corp`, Button{"Cancel login", Action{VerbCancel, "corp"}}},
		"keychain locked": {auth.Status{Troubles: auth.KeychainLocked},
			`dev: keychain locked.
The keychain, which keeps sessions, is locked. Unlock it.
API server: https://dev:6443
Account: corp`, Button{"Unlock keychain…", Action{Verb: VerbUnlock}}},
		"starting": {auth.Status{},
			`dev: reading the keychain….
The keychain has not answered yet.
API server: https://dev:6443
Account: corp`, Button{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := one(c.st)
			s.Clusters[0].Server = "https://dev:6443"
			e, ok := Why(s, Settings{}, "dev", noon())
			want := strings.ReplaceAll(c.want, "….\n", "…\n")
			if got := strings.Join(e.Text, "\n"); !ok || got != want || e.Do != c.do || e.Title != "dev" {
				t.Errorf("got %q, %+v\n%s\nwant %+v\n%s", e.Title, e.Do, got, c.do, want)
			}
		})
	}
}

func TestWhyNamesWhatTheAPIServerAndTheKubeconfigSay(t *testing.T) {
	s := one(valid())
	s.Clusters[0].Rejected = auth.Reason{Code: auth.CodeUntrusted, Words: "Unauthorized\n\u202eevil"}
	s.Clusters[0].WriteError = "permission denied"
	e, _ := Why(s, Settings{}, "dev", noon())
	got := strings.Join(e.Text, "\n")
	for _, want := range []string{"rejected by the API server", "could not be written", "Ask whoever runs the cluster", "API server: “Unauthorized evil”"} {
		if !strings.Contains(got, want) {
			t.Errorf("without %q:\n%s", want, got)
		}
	}
}

func TestWhyOfAnAccountAndOfNobody(t *testing.T) {
	if e, ok := Why(one(valid()), Settings{}, "corp", noon()); !ok || !strings.HasPrefix(e.Text[0], "corp: valid until 14:32") {
		t.Errorf("got %+v, %v", e, ok)
	}
	if _, ok := Why(one(valid()), Settings{}, "gone", noon()); ok {
		t.Error("what is not configured is explained")
	}
}
