package oidc

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestRevocationSendsWhatRFC7009Says(t *testing.T) {
	f := newFake(t)
	f.on("/revoke", answers(200, ""))
	if err := f.client().Revoke(t.Context(), secret.New(refresh1)); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"token": {refresh1}, "token_type_hint": {"refresh_token"}, "client_id": {"kubernetes"}}
	if r := f.requests("/revoke")[0]; r.method != "POST" || !reflect.DeepEqual(r.form, want) {
		t.Errorf("sent %s %v", r.method, r.form)
	}
	f.wantRequests("/revoke", 1)
}

func TestAProviderWithoutRevocationSaysSo(t *testing.T) {
	f := newFake(t)
	delete(f.doc, "revocation_endpoint")
	if err := f.client().Revoke(t.Context(), secret.New(refresh1)); !errors.Is(err, ErrCannot) {
		t.Errorf("got %v", err)
	}
	f.on("/mine", answers(200, ""))
	p := f.client(func(c *Config) { c.RevocationEndpoint = f.URL + "/mine" })
	if err := p.Revoke(t.Context(), secret.New(refresh1)); err != nil {
		t.Errorf("with an endpoint of its own: %v", err)
	}
	f.wantRequests("/mine", 1)
}

func TestARevocationThatFailsSaysHow(t *testing.T) {
	f := newFake(t)
	for _, c := range []struct {
		name  string
		h     http.HandlerFunc
		check func(*testing.T, error)
	}{
		{"not for refresh tokens", answers(400, oauthError("unsupported_token_type")), func(t *testing.T, err error) {
			if !errors.Is(err, ErrCannot) {
				t.Errorf("got %v", err)
			}
		}},
		{"wrong secret", answers(401, oauthError("invalid_client")), func(t *testing.T, err error) {
			wantRefusal(t, err, Misconfigured, "invalid_client")
		}},
		{"outage", answers(503, oauthError("invalid_client")), func(t *testing.T, err error) { wantWeather(t, err, "answered 503") }},
		{"something else", answers(400, "<html>"), func(t *testing.T, err error) { wantWeather(t, err, "answered 400") }},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", 307) }, func(t *testing.T, err error) {
			wantWeather(t, err, "redirects")
		}},
		{"dropped", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, func(t *testing.T, err error) {
			wantWeather(t, err, "no proper answer")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.on("/revoke", c.h)
			before := len(f.requests("/revoke"))
			c.check(t, f.client().Revoke(t.Context(), secret.New(refresh1)))
			f.wantRequests("/revoke", before+1)
			f.wantRequests("/moved", 0)
		})
	}
}
