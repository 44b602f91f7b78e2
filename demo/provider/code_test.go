package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/kubecreds/kubecreds/demo/provider"
)

const (
	verifier = "a-code-verifier-of-at-least-43-characters-in-all-0123456789"
	redirect = "http://127.0.0.1:38123/callback"
)

func grants(t *testing.T, document string) []string {
	t.Helper()
	var d struct {
		Grants []string `json:"grant_types_supported"`
	}
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	return d.Grants
}

// authorize begins a code login. More parameters, or others, come in pairs.
func (w *world) authorize(pairs ...string) answer {
	w.Helper()
	values := form("response_type", "code", "client_id", provider.PublicClient, "redirect_uri", redirect, "scope", allScopes,
		"state", "state-12345678", "nonce", "nonce-12345678",
		"code_challenge", oidc.NewSHACodeChallenge(verifier), "code_challenge_method", "S256")
	for name, value := range form(pairs...) {
		values[name] = value
	}
	return w.get("/authorize?" + values.Encode())
}

// code walks through the login page as alice and returns what the redirect URI got.
func (w *world) code(pairs ...string) url.Values {
	w.Helper()
	page := w.authorize(pairs...)
	if page.Location == nil || page.Location.Path != "/login" {
		w.Fatalf("authorize: %d %v %s", page.Status, page.Location, page.Body)
	}
	back := w.post("/login", "request", page.Location.Query().Get("request"), "username", "alice", "password", "password")
	if back.Location == nil {
		w.Fatalf("login: %d %s", back.Status, back.Body)
	}
	done := w.get(back.Location.RequestURI())
	if done.Location == nil {
		w.Fatalf("authorize/callback: %d %s", done.Status, done.Body)
	}
	return done.Location.Query()
}

func (w *world) redeem(code, verifier string) answer {
	w.Helper()
	return w.post("/oauth/token", "grant_type", "authorization_code", "client_id", provider.PublicClient,
		"code", code, "redirect_uri", redirect, "code_verifier", verifier)
}

func TestCodeLoginWorksThroughTheLoginPage(t *testing.T) {
	w := start(t, provider.Options{})
	callback := w.code()
	if callback.Get("state") != "state-12345678" {
		t.Errorf("state came back as %q", callback.Get("state"))
	}
	a := w.redeem(callback.Get("code"), verifier)
	if a.Status != http.StatusOK || a.RefreshToken == "" {
		t.Fatalf("%d %s", a.Status, a.Error)
	}
	if got := w.verified(a.IDToken); got.Email != "alice@example.com" || got.Nonce != "nonce-12345678" || len(got.Groups) != 2 {
		t.Errorf("%+v", got)
	}
	if got := w.verified(w.renewed(a.RefreshToken).IDToken); got.Email != "alice@example.com" {
		t.Errorf("after the renewal: %+v", got)
	}
}

func TestCodeNeedsItsVerifierAndWorksOnce(t *testing.T) {
	w := start(t, provider.Options{})
	w.refused(w.redeem(w.code().Get("code"), strings.ToUpper(verifier)), http.StatusBadRequest, "invalid_grant")
	w.refused(w.redeem(w.code().Get("code"), ""), http.StatusBadRequest, "invalid_request")
	w.refused(w.redeem("no-such-code", verifier), http.StatusBadRequest, "invalid_grant")

	code := w.code().Get("code")
	if a := w.redeem(code, verifier); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Error)
	}
	w.refused(w.redeem(code, verifier), http.StatusBadRequest, "invalid_grant")
}

func TestRedirectMayBeAnyLoopbackAddressAndNoOther(t *testing.T) {
	w := start(t, provider.Options{})
	for _, client := range []string{provider.PublicClient, provider.ConfidentialClient} {
		for uri, fine := range map[string]bool{
			"http://127.0.0.1:1024/callback":  true,
			"http://127.0.0.1:65535/":         true,
			"http://127.0.0.1:8000":           true,
			"http://localhost:18000/a/b":      true,
			"http://[::1]:8000/callback":      true,
			"https://example.com/callback":    false,
			"http://127.0.0.1.example.com:1/": false,
			"http://10.0.0.1:8000/callback":   false,
			"urn:ietf:wg:oauth:2.0:oob":       false,
		} {
			a := w.authorize("client_id", client, "redirect_uri", uri)
			if (a.Location != nil && a.Location.Path == "/login") != fine {
				t.Errorf("%s, %s: %d %v %s", client, uri, a.Status, a.Location, a.Body)
			}
		}
	}
}

func TestLoginPageAsksAgainAfterAWrongPassword(t *testing.T) {
	w := start(t, provider.Options{})
	begun := w.authorize("login_hint", "alice")
	id := begun.Location.Query().Get("request")
	if page := w.get(begun.Location.RequestURI()); page.Status != http.StatusOK || !strings.Contains(page.Body, `name="username" value="alice"`) {
		t.Errorf("the form does not know the hint: %d %s", page.Status, page.Body)
	}
	again := w.post("/login", "request", id, "username", "alice", "password", "wrong")
	if again.Status != http.StatusUnauthorized || !strings.Contains(again.Body, "Wrong user name or password.") || !strings.Contains(again.Body, id) {
		t.Errorf("%d %s", again.Status, again.Body)
	}
	if done := w.post("/login", "request", id, "username", "alice", "password", "password"); done.Location == nil {
		t.Errorf("the second try: %d %s", done.Status, done.Body)
	}
	if lost := w.get("/login?request=nonsense"); lost.Status != http.StatusBadRequest {
		t.Errorf("an unknown login: %d", lost.Status)
	}
}

func TestPromptNoneIsLoginRequired(t *testing.T) {
	w := start(t, provider.Options{})
	a := w.authorize("prompt", "none")
	if a.Location == nil || a.Location.Query().Get("error") != "login_required" {
		t.Errorf("%d %v", a.Status, a.Location)
	}
}
