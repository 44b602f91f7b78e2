package provider_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// product is kubecreds' own client of w, configured as docs/providers.md says for these manners.
func (w *world) product(m control.Manners) *oidc.Provider {
	w.Helper()
	c := oidc.Config{
		Issuer: w.Issuer(), ClientID: provider.PublicClient, CA: w.authority.PEM(),
		Scopes: strings.Fields(allScopes),
	}
	switch m {
	case control.Google:
		c.Scopes, c.Prompt, c.AuthParams = []string{"openid", "email"}, "consent", map[string]string{"access_type": "offline"}
	case control.Panva:
		c.Prompt = "consent"
	case control.Entra:
		c.Redirects = []string{"http://localhost"}
	case control.Glewlwyd, control.Okta, control.Keycloak:
		c.Redirects = []string{"http://localhost:8000", "http://localhost:18000"}
	}
	p, err := oidc.New(c, time.Now)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// meant is what the product takes an error for.
func meant(err error) string {
	var refusal *oidc.Refusal
	var weather *oidc.Weather
	switch {
	case err == nil:
		return "fine"
	case errors.As(err, &refusal):
		kind := map[oidc.Kind]string{
			oidc.Ended: "ended", oidc.WrongPassword: "wrong password", oidc.NeedsOther: "needs another way",
			oidc.Misconfigured: "misconfigured", oidc.Denied: "denied",
		}[refusal.Kind]
		if refusal.Weak {
			return kind + ", weakly"
		}
		return kind
	case errors.As(err, &weather):
		return "weather"
	case errors.Is(err, oidc.ErrNoIDToken):
		return "no ID token"
	case errors.Is(err, oidc.ErrCannot):
		return "cannot"
	}
	return err.Error()
}

// meaning is what the product makes of a grant.
func (w *world) meaning(p *oidc.Provider, g oidc.Grant, err error) string {
	if err == nil {
		_, _, err = p.Verify(w.Context(), g, "")
	}
	return meant(err)
}

// browse logs alice in as her browser would, from the address that the product shows.
func (w *world) browse(ctx context.Context, address string) error {
	form := url.Values{"username": {"alice"}, "password": {"password"}}
	for range 6 {
		method, body := http.MethodGet, io.Reader(nil)
		if u, err := url.Parse(address); err == nil && u.Path == "/login" {
			form.Set("request", u.Query().Get("request"))
			method, body = http.MethodPost, strings.NewReader(form.Encode())
		}
		request, err := http.NewRequestWithContext(ctx, method, address, body)
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := w.http.Do(request)
		if err != nil {
			return err
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		next, err := response.Location()
		if err != nil {
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s", response.Status, text)
			}
			return nil // the product's last page
		}
		address = next.String()
	}
	return errors.New("redirected for ever")
}

func (w *world) codeLogin(m control.Manners, p *oidc.Provider) oidc.Grant {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	g, err := p.Code(ctx, oidc.Hint{Account: "corp"}, w.browse)
	if got := w.meaning(p, g, err); got != "fine" {
		w.Fatalf("%s: login with the browser: %s (%v)", m, got, err)
	}
	if g.Refresh.Empty() {
		w.Fatalf("%s: login with the browser yields no refresh token", m)
	}
	return g
}

func TestTheProductKnowsWhatEveryMannersMean(t *testing.T) {
	w := start(t, provider.Options{})
	for _, c := range []struct {
		manners                                            control.Manners
		password, wrong, renewal, used, ended, gone, leave string
	}{
		// used: a refresh token used again after the grace period; ended: of a session revoked; gone: unknown; leave: log out
		{control.Plain, "fine", "wrong password", "fine", "ended", "ended", "ended", "fine"},
		{control.Dex, "fine", "wrong password", "fine", "ended, weakly", "ended, weakly", "ended, weakly", "cannot"},
		{control.Glewlwyd, "fine", "wrong password", "no ID token", "ended, weakly", "ended, weakly", "ended, weakly", "fine"},
		{control.DOT, "no ID token", "wrong password", "no ID token", "ended", "ended", "ended", "cannot"},
		{control.Hydra, "needs another way", "needs another way", "fine", "weather", "ended", "ended", "fine"},
		{control.Panva, "fine", "wrong password", "fine", "ended", "ended", "ended", "fine"},
		{control.Keycloak, "fine", "wrong password", "fine", "fine", "ended", "ended", "fine"},
		{control.Entra, "fine", "wrong password", "fine", "fine", "ended", "ended", "cannot"},
		{control.Okta, "fine", "wrong password", "fine", "ended", "ended", "ended", "fine"},
		{control.Google, "needs another way", "needs another way", "fine", "fine", "ended", "ended", "fine"},
	} {
		t.Run(string(c.manners), func(t *testing.T) {
			w := &world{t, w.Provider, w.control, w.http, w.authority}
			w.must(w.control.SetManners(t.Context(), c.manners))
			p := w.product(c.manners)
			is := func(what, got, want string) {
				if got != want {
					t.Errorf("%s: %s, want %s", what, got, want)
				}
			}
			g, err := p.Password(t.Context(), "alice", secret.New("password"))
			is("password", w.meaning(p, g, err), c.password)
			g, err = p.Password(t.Context(), "alice", secret.New("wrong"))
			is("wrong password", w.meaning(p, g, err), c.wrong)

			first := w.codeLogin(c.manners, p).Refresh
			second, err := p.Renew(t.Context(), first)
			is("renewal", w.meaning(p, second, err), c.renewal)
			if second.Refresh.Empty() {
				t.Error("after the renewal there is no refresh token")
			}
			if c.used != "fine" {
				w.must(w.control.SetGrace(t.Context(), 0))
			}
			_, err = p.Renew(t.Context(), first)
			is("reuse", meant(err), c.used)

			token := w.codeLogin(c.manners, p).Refresh
			_, err = w.control.Revoke(t.Context(), "alice")
			w.must(err)
			_, err = p.Renew(t.Context(), token)
			is("revoked", meant(err), c.ended)
			_, err = p.Renew(t.Context(), secret.New("unknown"))
			is("unknown", meant(err), c.gone)
			is("log out", meant(p.Revoke(t.Context(), w.codeLogin(c.manners, p).Refresh)), c.leave)

			w.must(w.control.Break(t.Context(), control.Unavailable, ""))
			_, err = p.Renew(t.Context(), token)
			is("outage", meant(err), "weather")
			w.must(w.control.Repair(t.Context()))
		})
	}
}

func TestTheProductGoesToTheBrowserWhereEntraWantsASecondFactor(t *testing.T) {
	w := polite(t, control.Entra)
	for _, name := range []string{"bob", "dave"} {
		_, err := w.product(control.Entra).Password(t.Context(), name, secret.New("password"))
		if got := meant(err); got != "needs another way" {
			t.Errorf("%s: %s (%v)", name, got, err)
		}
	}
}

func TestTheProductReadsWhenKeycloaksSessionIdlesOut(t *testing.T) {
	w := polite(t, control.Keycloak)
	c := oidc.Config{Issuer: w.Issuer(), ClientID: provider.PublicClient, CA: w.authority.PEM(), Scopes: []string{"openid"}}
	online, err := oidc.New(c, time.Now)
	w.must(err)
	g := w.codeLogin(control.Keycloak, online)
	if left := time.Until(g.RefreshEnds); left < 29*time.Minute || left > 30*time.Minute {
		t.Errorf("an online session ends in %v, want 30m", left)
	}
	if g := w.codeLogin(control.Keycloak, w.product(control.Keycloak)); !g.RefreshEnds.IsZero() {
		t.Errorf("an offline session ends at %v, want unknown", g.RefreshEnds)
	}
}

func TestTheProductLogsInADeviceWithEveryManners(t *testing.T) {
	for m, want := range map[control.Manners]string{
		control.Plain: "fine", control.Dex: "fine", control.Panva: "fine", control.Keycloak: "fine", control.Entra: "fine",
		control.Okta: "fine", control.Google: "fine", control.Glewlwyd: "fine",
		control.DOT: "needs another way", control.Hydra: "needs another way",
	} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			w := start(t, provider.Options{DeviceInterval: time.Second, Manners: m})
			p := w.product(m)
			g, err := p.Device(t.Context(), oidc.Hint{}, func(_ context.Context, d oidc.DeviceCode) error {
				if a := w.post("/device", "user_code", d.UserCode, "username", "alice", "password", "password"); a.Status != http.StatusOK {
					return errors.New(a.Body)
				}
				return nil
			})
			if got := w.meaning(p, g, err); got != want {
				t.Fatalf("%s (%v), want %s", got, err, want)
			}
			if want != "fine" {
				return
			}
			if _, err := p.Renew(t.Context(), g.Refresh); err != nil {
				t.Errorf("the session does not go on: %v", err)
			}
		})
	}
}
