package provider_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// confidential is kubecreds' own client of w as the one that has a secret.
func (w *world) confidential(style oidc.AuthStyle, key string) *oidc.Provider {
	w.Helper()
	p, err := oidc.New(oidc.Config{
		Issuer: w.Issuer(), ClientID: provider.ConfidentialClient, ClientSecret: secret.New(key), AuthStyle: style,
		CA: w.authority.PEM(), Scopes: strings.Fields(allScopes),
	}, time.Now)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func TestAConfidentialClientLogsInRenewsAndLogsOutWithItsSecret(t *testing.T) {
	w := start(t, provider.Options{DeviceInterval: time.Second})
	for name, style := range map[string]oidc.AuthStyle{"basic": oidc.AuthBasic, "post": oidc.AuthPost, "by discovery": oidc.AuthByDiscovery} {
		p := w.confidential(style, provider.ConfidentialSecret)
		for way, login := range map[string]func() (oidc.Grant, error){
			"password": func() (oidc.Grant, error) { return p.Password(t.Context(), "alice", secret.New("password")) },
			"browser":  func() (oidc.Grant, error) { return p.Code(t.Context(), oidc.Hint{}, w.browse) },
			"device": func() (oidc.Grant, error) {
				return p.Device(t.Context(), oidc.Hint{}, func(_ context.Context, d oidc.DeviceCode) error {
					if a := w.post("/device", "user_code", d.UserCode, "username", "alice", "password", "password"); a.Status != http.StatusOK {
						return errors.New(a.Body)
					}
					return nil
				})
			},
		} {
			g, err := login()
			if got := w.meaning(p, g, err); got != "fine" {
				t.Errorf("%s, %s: %s (%v)", name, way, got, err)
				continue
			}
			if g, err = p.Renew(t.Context(), g.Refresh); w.meaning(p, g, err) != "fine" {
				t.Errorf("%s, %s: renewal: %v", name, way, err)
			}
			if err := p.Revoke(t.Context(), g.Refresh); err != nil {
				t.Errorf("%s, %s: log out: %v", name, way, err)
			}
		}
	}
}

func TestAWrongClientSecretIsSaidToBeThat(t *testing.T) {
	w := start(t, provider.Options{})
	good := w.confidential(oidc.AuthBasic, provider.ConfidentialSecret)
	g, err := good.Password(t.Context(), "alice", secret.New("password"))
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range []oidc.AuthStyle{oidc.AuthBasic, oidc.AuthPost} {
		for _, key := range []string{"wrong", ""} {
			bad := w.confidential(style, key)
			_, login := bad.Password(t.Context(), "alice", secret.New("password"))
			_, renewal := bad.Renew(t.Context(), g.Refresh)
			for what, err := range map[string]error{"login": login, "renewal": renewal} {
				var no *oidc.Refusal
				if !errors.As(err, &no) || no.Kind != oidc.Misconfigured || no.Code != "invalid_client" {
					t.Errorf("%s with the secret %q: %v", what, key, err)
				}
			}
		}
	}
	if _, err := good.Renew(t.Context(), g.Refresh); err != nil {
		t.Errorf("the session does not go on: %v", err)
	}
}
