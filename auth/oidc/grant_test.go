package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// tokens is a token answer with these fields beside an access token.
func tokens(fields map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer := map[string]any{"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600}
		for k, v := range fields {
			answer[k] = v
		}
		answerJSON(w, 200, answer)
	}
}

// anyJWT has the form of a JWT; its payload says only when it ends.
func anyJWT(exp time.Time) string {
	return "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, exp.Unix())) + ".c2ln"
}

func TestAPasswordLoginSendsWhatRFC6749Says(t *testing.T) {
	f := newFake(t)
	f.on("/token", tokens(map[string]any{"refresh_token": refresh1, "id_token": f.sign(f.claims(nil))}))
	p := f.client()
	g, err := p.Password(t.Context(), "alice", secret.New(password))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"grant_type": {"password"}, "username": {"alice"}, "password": {password},
		"client_id": {"kubernetes"}, "scope": {"openid offline_access"},
	}
	if r := f.requests("/token")[0]; r.method != "POST" || !reflect.DeepEqual(r.form, want) || r.header.Get("Authorization") != "" {
		t.Errorf("sent %s %v", r.method, r.form)
	}
	with := f.client(func(c *Config) { c.Audience, c.AuthParams = "api://k8s", map[string]string{"resource": "x"} })
	if _, err := with.Password(t.Context(), "alice", secret.New(password)); err != nil {
		t.Fatal(err)
	}
	want.Set("audience", "api://k8s")
	if r := f.requests("/token")[1]; !reflect.DeepEqual(r.form, want) {
		t.Errorf("with an audience, sent %v", r.form)
	}
	if !g.Refresh.Equal(secret.New(refresh1)) || !g.Date.Equal(noon) {
		t.Errorf("refresh or date are wrong: %v", g.Date)
	}
	if _, c, err := p.Verify(t.Context(), g, ""); err != nil || c.Person != "alice@example.com" {
		t.Errorf("Verify: %v, %v", c, err)
	}
}

func TestARenewalIsOneRequestWithoutScope(t *testing.T) {
	f := newFake(t)
	f.on("/token", tokens(map[string]any{"refresh_token": "refresh-token-two", "id_token": f.sign(f.claims(nil))}))
	p := f.client()
	for range 3 { // the first one discovers and fetches keys, too
		g, err := p.Renew(t.Context(), secret.New(refresh1))
		if err != nil || g.Refresh.Reveal() != "refresh-token-two" {
			t.Fatal(err)
		}
		if _, _, err := p.Verify(t.Context(), g, "u1"); err != nil {
			t.Fatal(err)
		}
	}
	want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh1}, "client_id": {"kubernetes"}}
	for _, r := range f.requests("/token") {
		if !reflect.DeepEqual(r.form, want) {
			t.Errorf("sent %v", r.form)
		}
	}
	f.wantRequests("/token", 3)
	f.wantRequests(discoveryPath, 1)
	f.wantRequests("/keys", 1)
}

func TestARenewalWithoutARefreshTokenKeepsTheOldOne(t *testing.T) {
	f := newFake(t)
	ends := noon.Add(24 * time.Hour)
	f.on("/token", tokens(nil))
	g, err := f.client().Renew(t.Context(), secret.New(anyJWT(ends)))
	if err != nil || !g.Refresh.Equal(secret.New(anyJWT(ends))) || !g.RefreshEnds.Equal(ends) {
		t.Errorf("ends %v, error %v", g.RefreshEnds, err)
	}
	f.on("/token", tokens(map[string]any{"refresh_expires_in": 60}))
	g, err = f.client().Renew(t.Context(), secret.New(anyJWT(ends)))
	if err != nil || !g.RefreshEnds.Equal(noon.Add(time.Minute)) {
		t.Errorf("ends %v although the answer says 60 s, error %v", g.RefreshEnds, err)
	}
}

func TestALoginWithoutARefreshTokenHasNone(t *testing.T) {
	f := newFake(t)
	f.on("/token", tokens(nil))
	g, err := f.client().Password(t.Context(), "alice", secret.New(password))
	if err != nil || !g.Refresh.Empty() || !g.RefreshEnds.IsZero() {
		t.Errorf("got a refresh token: %v, error %v", !g.Refresh.Empty(), err)
	}
}

func TestAnOddFieldDoesNotLoseTheNewRefreshToken(t *testing.T) {
	for name, body := range map[string]string{
		"no access token":       `{"refresh_token":"two"}`,
		"expires_in a fraction": `{"refresh_token":"two","access_token":"a","expires_in":3599.5}`,
		"expires_in words":      `{"refresh_token":"two","access_token":"a","expires_in":"soon"}`,
		"expires_in huge":       `{"refresh_token":"two","access_token":"a","expires_in":1e300}`,
		"a token type object":   `{"refresh_token":"two","access_token":"a","token_type":{}}`,
		"an id token number":    `{"refresh_token":"two","access_token":"a","id_token":7}`,
		"an access token array": `{"refresh_token":"two","access_token":[]}`,
		"a null error":          `{"refresh_token":"two","access_token":"a","error":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.on("/token", answers(200, body))
			g, err := f.client().Renew(t.Context(), secret.New(refresh1))
			if err != nil || g.Refresh.Reveal() != "two" {
				t.Errorf("the refresh token is lost: %v", err)
			}
		})
	}
	t.Run("no content type", func(t *testing.T) {
		f := newFake(t)
		f.on("/token", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte(`{"refresh_token":"two","access_token":"a"}`))
		})
		if g, err := f.client().Renew(t.Context(), secret.New(refresh1)); err != nil || g.Refresh.Reveal() != "two" {
			t.Errorf("the refresh token is lost: %v", err)
		}
	})
}

func TestTheEndOfARefreshTokenIsReadWhereverItStands(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name    string
		fields  map[string]any
		refresh string
		want    time.Duration // 0: unknown
	}{
		{"Keycloak's field", map[string]any{"refresh_expires_in": 1800}, "r", 30 * time.Minute},
		{"the other field", map[string]any{"refresh_token_expires_in": 86400}, "r", day},
		{"as a string", map[string]any{"refresh_expires_in": "1800"}, "r", 30 * time.Minute},
		{"a JWT", nil, anyJWT(noon.Add(day)), day},
		{"the field before the JWT", map[string]any{"refresh_expires_in": 60}, anyJWT(noon.Add(day)), time.Minute},
		{"zero is unknown (Keycloak's offline tokens)", map[string]any{"refresh_expires_in": 0}, "r", 0},
		{"zero, and a JWT", map[string]any{"refresh_expires_in": 0}, anyJWT(noon.Add(day)), day},
		{"negative", map[string]any{"refresh_expires_in": -5}, "r", 0},
		{"under a second", map[string]any{"refresh_expires_in": 0.5}, "r", 0},
		{"one second", map[string]any{"refresh_expires_in": 1}, "r", time.Second},
		{"400 days", map[string]any{"refresh_expires_in": 400 * 86400}, "r", 400 * day},
		{"over 400 days", map[string]any{"refresh_expires_in": 400*86400 + 1}, "r", 0},
		{"huge", map[string]any{"refresh_expires_in": 1e300}, "r", 0},
		{"words", map[string]any{"refresh_expires_in": "never"}, "r", 0},
		{"a JWT that ended", nil, anyJWT(noon.Add(-day)), 0},
		{"a JWT of years", nil, anyJWT(noon.Add(4000 * day)), 0},
		{"three parts, but no JWT", nil, "a.b.c", 0},
		{"opaque", nil, "r", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := map[string]any{"refresh_token": c.refresh}
			for k, v := range c.fields {
				fields[k] = v
			}
			f := newFake(t)
			f.on("/token", tokens(fields))
			g, err := f.client().Password(t.Context(), "alice", secret.New(password))
			if err != nil {
				t.Fatal(err)
			}
			if c.want == 0 != g.RefreshEnds.IsZero() || c.want != 0 && !g.RefreshEnds.Equal(noon.Add(c.want)) {
				t.Errorf("ends %v, want %v from noon", g.RefreshEnds, c.want)
			}
		})
	}
}

func TestAnAnswerWithoutADateHasNone(t *testing.T) {
	f := newFake(t)
	f.clock = time.Time{}
	f.on("/token", tokens(nil))
	if g, err := f.client().Password(t.Context(), "alice", secret.New(password)); err != nil || !g.Date.IsZero() {
		t.Errorf("date %v, error %v", g.Date, err)
	}
}

func TestAClientProvesItselfAsConfiguredElseAsDiscovered(t *testing.T) {
	const basic, post = "client_secret_basic", "client_secret_post"
	for _, c := range []struct {
		name    string
		style   AuthStyle
		secret  string
		methods any
		header  bool // else in the body
	}{
		{"public", AuthByDiscovery, "", nil, false},
		{"public, although basic is named", AuthBasic, "", []string{basic}, false},
		{"confidential, nothing named", AuthByDiscovery, "s3cr et", nil, true},
		{"confidential, both named", AuthByDiscovery, "s3cr et", []string{post, basic}, true},
		{"confidential, post named", AuthByDiscovery, "s3cr et", []string{post}, false},
		{"basic configured", AuthBasic, "s3cr et", []string{post}, true},
		{"post configured", AuthPost, "s3cr et", []string{basic}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.doc["token_endpoint_auth_methods_supported"] = c.methods
			f.on("/token", tokens(nil))
			f.on("/revoke", answers(200, ""))
			p := f.client(func(k *Config) { k.AuthStyle, k.ClientSecret = c.style, secret.New(c.secret) })
			if _, err := p.Renew(t.Context(), secret.New(refresh1)); err != nil {
				t.Fatal(err)
			}
			if err := p.Revoke(t.Context(), secret.New(refresh1)); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/token", "/revoke"} {
				r := f.requests(path)[0]
				user, pass, ok := (&http.Request{Header: r.header}).BasicAuth()
				if ok != c.header || ok && (user != "kubernetes" || pass != "s3cr+et") {
					t.Errorf("%s: header %v %q %q", path, ok, user, pass)
				}
				if r.form.Get("client_secret") != "" != (!c.header && c.secret != "") || r.form.Get("client_id") != "" == c.header {
					t.Errorf("%s: body %v", path, r.form)
				}
			}
		})
	}
}

func TestARequestThatFailsIsSentOnce(t *testing.T) {
	broken := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	other := newFake(t)
	for name, h := range map[string]http.HandlerFunc{
		"400":                 answers(400, `{"error":"invalid_grant"}`),
		"401":                 answers(401, `{"error":"invalid_client"}`),
		"403":                 answers(403, ""),
		"429":                 answers(429, ""),
		"500":                 answers(500, ""),
		"503":                 answers(503, ""),
		"html":                answers(200, "<html>"),
		"redirect 302":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", 302) },
		"redirect 307":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", 307) },
		"redirect 308":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/moved", 308) },
		"redirect to nowhere": answers(302, ""),
		"dropped connection":  broken,
	} {
		for protocol, start := range map[string]func(*httptest.Server){"HTTP/1": (*httptest.Server).StartTLS, "HTTP/2": with2} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				f := startFake(t, start)
				f.on("/token", h)
				p := f.client()
				if _, err := p.Renew(t.Context(), secret.New(refresh1)); err == nil {
					t.Error("the renewal succeeded")
				}
				if _, err := p.Password(t.Context(), "alice", secret.New(password)); err == nil {
					t.Error("the login succeeded")
				}
				f.wantRequests("/token", 2)
				f.wantRequests("/moved", 0)
				other.wantRequests("/moved", 0)
			})
		}
	}
}

func TestNoPasswordIsSentToAProviderThatCannotBeDiscovered(t *testing.T) {
	f := newFake(t)
	f.on(discoveryPath, answers(500, ""))
	_, err := f.client().Password(t.Context(), "alice", secret.New(password))
	wantWeather(t, err, "answered 500")
	f.wantRequests("/token", 0)
}

func TestATokenAnswerOfTwoMebibytesIsRefused(t *testing.T) {
	f := newFake(t)
	f.on("/token", tokens(map[string]any{"refresh_token": strings.Repeat("x", 2<<20)}))
	_, err := f.client().Renew(t.Context(), secret.New(refresh1))
	wantWeather(t, err, "more than 1 MiB")
}

func TestACallerThatGivesUpIsToldSo(t *testing.T) {
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	f.on("/token", func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	_, err := f.client().Renew(ctx, secret.New(refresh1))
	close(release)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %T %v", err, err)
	}
}

func TestACallersDeadlineIsWeather(t *testing.T) {
	f := newFake(t)
	release := make(chan struct{})
	f.on("/token", func(http.ResponseWriter, *http.Request) { <-release })
	p := f.client()
	if _, err := p.Endpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.Renew(ctx, secret.New(refresh1))
	close(release)
	wantWeather(t, err, "did not answer in time")
}
