package provider_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/kubecreds/kubecreds/demo/provider"
)

func TestPasswordLoginTellsWhoThePersonIs(t *testing.T) {
	w := start(t, provider.Options{})
	for _, c := range []struct {
		login string
		want  claims
	}{
		{"alice", claims{Email: "alice@example.com", Name: "Alice Example", Username: "alice", Groups: []string{"developers", "oncall"}}},
		{"alice@example.com", claims{Email: "alice@example.com", Name: "Alice Example", Username: "alice", Groups: []string{"developers", "oncall"}}},
		{"bob", claims{Email: "bob@example.com", Name: "Bob Example", Username: "bob", Groups: []string{"viewers"}}},
	} {
		got := w.verified(w.loggedIn(c.login).IDToken)
		if got.Email != c.want.Email || !got.Verified || got.Name != c.want.Name || got.Username != c.want.Username ||
			!slices.Equal(got.Groups, c.want.Groups) || !slices.Equal(got.Audience, []string{provider.PublicClient}) || got.Subject == "" {
			t.Errorf("%s: %+v", c.login, got)
		}
	}
}

func TestWrongPasswordOrUserIsInvalidGrant(t *testing.T) {
	w := start(t, provider.Options{})
	for _, c := range [][2]string{{"alice", "Password"}, {"alice", ""}, {"carol", "password"}, {"alice@example.org", "password"}, {"", "password"}} {
		w.refused(w.login(c[0], c[1]), http.StatusBadRequest, "invalid_grant")
	}
}

func TestScopesDecideWhatALoginYields(t *testing.T) {
	w := start(t, provider.Options{})
	for _, c := range []struct {
		scope                    string
		id, refresh, mail, group bool
	}{
		{"openid email groups offline_access", true, true, true, true},
		{"openid email groups", true, false, true, true},
		{"openid", true, false, false, false},
		{"openid unknown", true, false, false, false},
		{"email", false, false, false, false},
		{"", false, false, false, false},
	} {
		a := w.post("/oauth/token", "grant_type", "password", "client_id", provider.PublicClient,
			"username", "alice", "password", "password", "scope", c.scope)
		if a.Status != http.StatusOK || a.AccessToken == "" {
			t.Fatalf("%q: %d %s", c.scope, a.Status, a.Error)
		}
		if (a.IDToken != "") != c.id || (a.RefreshToken != "") != c.refresh {
			t.Errorf("%q: ID token %v, refresh token %v", c.scope, a.IDToken != "", a.RefreshToken != "")
		}
		if !c.id {
			continue
		}
		if got := w.verified(a.IDToken); (got.Email != "") != c.mail || (got.Groups != nil) != c.group {
			t.Errorf("%q: email %q, groups %v", c.scope, got.Email, got.Groups)
		}
	}
}

func TestConfidentialClientMustAuthenticate(t *testing.T) {
	w := start(t, provider.Options{})
	base := []string{"grant_type", "password", "username", "alice", "password", "password", "scope", allScopes}
	with := func(pairs ...string) answer { return w.post("/oauth/token", append(slices.Clone(base), pairs...)...) }

	w.refused(with("client_id", provider.ConfidentialClient), http.StatusUnauthorized, "invalid_client")
	w.refused(with("client_id", provider.ConfidentialClient, "client_secret", "wrong"), http.StatusUnauthorized, "invalid_client")
	w.refused(with("client_id", "unknown"), http.StatusUnauthorized, "invalid_client")
	w.refused(with(), http.StatusUnauthorized, "invalid_client")

	a := with("client_id", provider.ConfidentialClient, "client_secret", provider.ConfidentialSecret)
	if a.Status != http.StatusOK {
		t.Fatalf("secret in the form: %d %s", a.Status, a.Error)
	}
	if got := w.verified(a.IDToken); !slices.Equal(got.Audience, []string{provider.ConfidentialClient}) {
		t.Errorf("aud is %v", got.Audience)
	}
	renewal := w.request(http.MethodPost, "/oauth/token", form("grant_type", "refresh_token", "refresh_token", a.RefreshToken))
	renewal.SetBasicAuth(form("", provider.ConfidentialClient).Encode()[1:], form("", provider.ConfidentialSecret).Encode()[1:]) // RFC 6749 2.3.1
	if a := w.do(renewal); a.Status != http.StatusOK {
		t.Errorf("renewal with Basic: %d %s", a.Status, a.Error)
	}
}

func TestDiscoveryListsThePasswordGrant(t *testing.T) {
	w := start(t, provider.Options{})
	if a := w.get("/.well-known/openid-configuration"); a.Status != http.StatusOK || !slices.Contains(grants(t, a.Body), "password") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
