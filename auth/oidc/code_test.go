package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// s256 is RFC 7636 section 4.2.
func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestABrowserLoginSendsWhatTheRFCsSay(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	p := f.client()
	l := begin(t.Context(), t, p, Hint{User: "alice", Account: "corp"})
	wantText(t, f.browser().open(l.start), 200, "Login received: corp")
	g, err := l.wait(t)
	if err != nil {
		t.Fatal(err)
	}
	asked, sent := f.requests("/authorize")[0], f.requests("/token")[0]
	port := strings.Split(strings.TrimPrefix(l.start, "http://127.0.0.1:"), "/")[0]
	want := url.Values{
		"response_type": {"code"}, "client_id": {"kubernetes"}, "scope": {"openid offline_access"}, "login_hint": {"alice"},
		"redirect_uri": {"http://127.0.0.1:" + port + "/callback"}, "state": asked.query["state"], "nonce": asked.query["nonce"],
		"code_challenge": {s256(sent.form.Get("code_verifier"))}, "code_challenge_method": {"S256"},
	}
	if asked.method != "GET" || !reflect.DeepEqual(asked.query, want) {
		t.Errorf("the browser asked %s %v, want %v", asked.method, asked.query, want)
	}
	want = url.Values{
		"grant_type": {"authorization_code"}, "code": {"code one"}, "redirect_uri": want["redirect_uri"],
		"code_verifier": sent.form["code_verifier"], "client_id": {"kubernetes"},
	}
	if sent.method != "POST" || !reflect.DeepEqual(sent.form, want) {
		t.Errorf("sent %s %v, want %v", sent.method, sent.form, want)
	}
	if len(sent.form.Get("code_verifier")) < 43 { // RFC 7636 section 4.1
		t.Errorf("the verifier is %q", sent.form.Get("code_verifier"))
	}
	if !g.Refresh.Equal(secret.New(refresh1)) || !g.Date.Equal(noon) {
		t.Errorf("refresh or date are wrong: %v", g.Date)
	}
	if _, c, err := p.Verify(t.Context(), g, ""); err != nil || c.Person != "alice@example.com" {
		t.Errorf("Verify: %v, %v", c, err)
	}
	wantClosed(t, l.start)
}

func TestNoTwoLoginsShareARandomNumber(t *testing.T) {
	f := newFake(t)
	p := f.client()
	seen := map[string]bool{}
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		l := begin(ctx, t, p, Hint{})
		asked, _ := l.leads(t, f.browser())
		for _, s := range []string{asked.Get("state"), asked.Get("nonce"), asked.Get("code_challenge"), l.start[strings.LastIndex(l.start, "/")+1:]} {
			if len(s) < 26 || seen[s] { // 26 characters of base32: 130 bits
				t.Errorf("%q is short or was there before", s)
			}
			seen[s] = true
		}
		cancel()
		_, _ = l.wait(t)
	}
}

func TestTheLoginOptionsAreSent(t *testing.T) {
	f := newFake(t)
	for _, c := range []struct {
		name   string
		change func(*Config)
		hint   Hint
		want   url.Values // beside what is always there
	}{
		{"nothing", func(*Config) {}, Hint{}, url.Values{}},
		{"no scopes", func(c *Config) { c.Scopes = nil }, Hint{}, url.Values{"scope": nil}},
		{"audience", func(c *Config) { c.Audience = "api://k8s" }, Hint{}, url.Values{"audience": {"api://k8s"}}},
		{"prompt", func(c *Config) { c.Prompt = "consent" }, Hint{}, url.Values{"prompt": {"consent"}}},
		{"two prompts", func(c *Config) { c.Prompt = " login  consent " }, Hint{}, url.Values{"prompt": {"login consent"}}},
		{"two accounts", func(*Config) {}, Hint{SelectAccount: true}, url.Values{"prompt": {"select_account"}}},
		{"two accounts, one prompt", func(c *Config) { c.Prompt = "consent" }, Hint{SelectAccount: true}, url.Values{"prompt": {"consent select_account"}}},
		{"two accounts, asked anyway", func(c *Config) { c.Prompt = "login" }, Hint{SelectAccount: true}, url.Values{"prompt": {"login"}}},
		{"two accounts, select_account configured", func(c *Config) { c.Prompt = "select_account" }, Hint{SelectAccount: true}, url.Values{"prompt": {"select_account"}}},
		{"two accounts, none", func(c *Config) { c.Prompt = "none" }, Hint{SelectAccount: true}, url.Values{"prompt": {"none"}}},
		{"authParams", func(c *Config) { c.AuthParams = map[string]string{"resource": "urn:k8s", "domain_hint": "a&b=c"} }, Hint{},
			url.Values{"resource": {"urn:k8s"}, "domain_hint": {"a&b=c"}}},
		{"an endpoint with a query", func(c *Config) { c.AuthorizationEndpoint = f.URL + "/authorize?realm=a" }, Hint{}, url.Values{"realm": {"a"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l := begin(ctx, t, f.client(c.change), c.hint)
			asked, _ := l.leads(t, f.browser())
			cancel()
			_, _ = l.wait(t)
			for _, name := range []string{"response_type", "client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method"} {
				if asked.Get(name) == "" {
					t.Errorf("%s is missing", name)
				}
				delete(asked, name)
			}
			if c.want["scope"] = []string{"openid offline_access"}; c.name == "no scopes" {
				delete(c.want, "scope")
			}
			if !reflect.DeepEqual(asked, c.want) {
				t.Errorf("sent %v, want %v", asked, c.want)
			}
		})
	}
}

func TestATokenMadeForAnotherLoginIsNotUsed(t *testing.T) {
	f := newFake(t)
	login := func(p *Provider, nonce any) Grant {
		t.Helper()
		f.logsIn(nil)
		f.on("/token", tokens(map[string]any{"refresh_token": refresh1, "id_token": f.sign(f.claims(map[string]any{"nonce": nonce}))}))
		l := begin(t.Context(), t, p, Hint{})
		f.browser().open(l.start)
		g, err := l.wait(t)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for name, nonce := range map[string]any{"another": "another", "none": nil, "empty": "", "no text": 7} {
		p := f.client()
		g := login(p, nonce)
		_, _, err := p.Verify(t.Context(), g, "")
		wantUntrusted(t, err, "nonce")
		if !g.Refresh.Equal(secret.New(refresh1)) {
			t.Errorf("%s: the refresh token is lost", name)
		}
	}
	f.on("/token", tokens(map[string]any{"id_token": f.sign(f.claims(map[string]any{"nonce": "from an earlier login"}))}))
	p := f.client()
	g, err := p.Renew(t.Context(), secret.New(refresh1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Verify(t.Context(), g, "u1"); err != nil {
		t.Errorf("a renewal sent no nonce: %v", err)
	}
}

func TestAnAccessTokenRepeatsNoNonce(t *testing.T) {
	f := newFake(t)
	p := f.client(func(c *Config) { c.AccessTokenBearer = true })
	g := Grant{arrived: noon, nonce: "sent", access: secret.New(f.sign(f.claims(nil)))}
	if _, _, err := p.Verify(t.Context(), g, ""); err != nil {
		t.Error(err)
	}
}

func TestAProvidersNoInTheBrowserIsUnderstood(t *testing.T) {
	for code, kind := range map[string]Kind{
		"access_denied":              Denied,
		"unauthorized_client":        NeedsOther,
		"unsupported_response_type":  NeedsOther,
		"interaction_required":       NeedsOther,
		"login_required":             NeedsOther,
		"consent_required":           NeedsOther,
		"account_selection_required": NeedsOther,
		"invalid_request":            Misconfigured,
		"invalid_scope":              Misconfigured,
		"something_else":             Misconfigured,
		"server_error":               weather,
		"temporarily_unavailable":    weather,
	} {
		t.Run(code, func(t *testing.T) {
			f := newFake(t)
			f.logsIn(func(q url.Values) {
				q.Del("code")
				q.Set("error", code)
				q.Set("error_description", "because\r\n\u202e <b>so</b>")
			})
			l := begin(t.Context(), t, f.client(), Hint{Account: "corp"})
			page := f.browser().open(l.start)
			_, err := l.wait(t)
			wantKind(t, err, kind, false)
			wantText(t, page, 200, "Not logged in: corp")
			wantText(t, page, 200, code+": because &lt;b&gt;so&lt;/b&gt;")
			if !strings.Contains(err.Error(), code+": because <b>so</b>") {
				t.Errorf("the error says %q", err)
			}
			f.wantRequests("/token", 0)
			wantClosed(t, l.start)
		})
	}
}

func TestWhatAProviderSaysOfACodeIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		who    string
		status int
		body   string
		kind   Kind
	}{
		{"", 400, oauthError("invalid_grant"), Denied},
		{"Glewlwyd", 403, oauthError("invalid_code"), Denied},
		{"Dex", 401, oauthError("access_denied"), Denied},
		{"Glewlwyd", 403, "", Denied},
		{"", 400, oauthError("unauthorized_client"), NeedsOther},
		{"", 400, oauthError("unsupported_grant_type"), NeedsOther},
		{"", 401, oauthError("invalid_client"), Misconfigured},
		{"", 400, oauthError("invalid_request"), Misconfigured},
		{"", 400, "", Misconfigured},
		{"", 503, "", weather},
		{"", 500, oauthError("invalid_grant"), weather},
		{"", 200, "<html>", weather},
	} {
		t.Run(c.who+" "+c.body, func(t *testing.T) {
			f := newFake(t)
			f.logsIn(nil)
			f.on("/token", answers(c.status, c.body))
			l := begin(t.Context(), t, f.client(), Hint{Account: "corp"})
			wantText(t, f.browser().open(l.start), 200, "Not logged in: corp")
			_, err := l.wait(t)
			wantKind(t, err, c.kind, false)
			f.wantRequests("/token", 1)
		})
	}
}

func TestAnAnswerOfAnotherProviderEndsTheLogin(t *testing.T) {
	const other = "https://evil.example.com"
	for _, c := range []struct {
		name      string
		announced any
		change    func(f *fake, q url.Values)
		good      bool
	}{
		{"ours", true, func(f *fake, q url.Values) { q.Set("iss", f.URL) }, true},
		{"ours, not announced", nil, func(f *fake, q url.Values) { q.Set("iss", f.URL) }, true},
		{"none", nil, func(*fake, url.Values) {}, true},
		{"none, announced as text", "true", func(*fake, url.Values) {}, true},
		{"none, announced", true, func(*fake, url.Values) {}, false},
		{"another", nil, func(_ *fake, q url.Values) { q.Set("iss", other) }, false},
		{"another, announced", true, func(_ *fake, q url.Values) { q.Set("iss", other) }, false},
		{"a slash more", nil, func(f *fake, q url.Values) { q.Set("iss", f.URL+"/") }, false},
		{"empty", nil, func(_ *fake, q url.Values) { q.Set("iss", "") }, false},
		{"another's error", nil, func(_ *fake, q url.Values) { q.Del("code"); q.Set("error", "access_denied"); q.Set("iss", other) }, false},
		{"an error of nobody", true, func(_ *fake, q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.doc["authorization_response_iss_parameter_supported"] = c.announced
			f.logsIn(func(q url.Values) { c.change(f, q) })
			l := begin(t.Context(), t, f.client(), Hint{})
			f.browser().open(l.start)
			_, err := l.wait(t)
			if c.good {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefusal(t, err, Misconfigured, "not from the configured issuer")
			f.wantRequests("/token", 0)
		})
	}
}

func TestAProviderWithoutABrowserLoginNeedsAnotherWay(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	delete(f.doc, "authorization_endpoint")
	visit := func(context.Context, string) error { t.Error("a browser is wanted"); return nil }
	_, err := f.client().Code(t.Context(), Hint{}, visit)
	wantRefusal(t, err, NeedsOther, "authorizationEndpoint")
	l := begin(t.Context(), t, f.client(func(c *Config) { c.AuthorizationEndpoint = f.URL + "/authorize" }), Hint{})
	f.browser().open(l.start)
	if _, err := l.wait(t); err != nil {
		t.Error(err)
	}
	f.on(discoveryPath, answers(503, ""))
	_, err = f.client().Code(t.Context(), Hint{}, visit)
	wantWeather(t, err, "503")
}

func TestABrowserLoginWithoutARefreshTokenHasNone(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	f.on("/token", tokens(nil))
	l := begin(t.Context(), t, f.client(), Hint{})
	f.browser().open(l.start)
	if g, err := l.wait(t); err != nil || !g.Refresh.Empty() {
		t.Errorf("got a refresh token: %v, error %v", !g.Refresh.Empty(), err)
	}
}

func TestAConfidentialClientProvesItselfAtEveryLogin(t *testing.T) {
	for style, basic := range map[AuthStyle]bool{AuthBasic: true, AuthPost: false} {
		f := newFake(t)
		f.logsIn(nil)
		f.on("/device", answers(200, deviceAnswer(f, nil)))
		p := f.client(func(c *Config) { c.AuthStyle, c.ClientSecret = style, secret.New("s3cr et") })
		l := begin(t.Context(), t, p, Hint{})
		f.browser().open(l.start)
		if _, err := l.wait(t); err != nil {
			t.Fatal(err)
		}
		f.on("/token", tokens(nil))
		if _, err := p.Password(t.Context(), "alice", secret.New(password)); err != nil {
			t.Fatal(err)
		}
		p.wait = func(context.Context, time.Duration) error { return nil }
		if _, err := p.Device(t.Context(), Hint{}, shown); err != nil {
			t.Fatal(err)
		}
		requests := append(f.requests("/token"), f.requests("/device")...)
		if len(requests) != 4 {
			t.Fatalf("%d requests", len(requests))
		}
		for _, r := range requests {
			user, pass, ok := (&http.Request{Header: r.header}).BasicAuth()
			if ok != basic || ok && (user != "kubernetes" || pass != "s3cr+et") {
				t.Errorf("%s %v: header %v %q %q", r.path, r.form["grant_type"], ok, user, pass)
			}
			if id, key := r.form.Get("client_id"), r.form.Get("client_secret"); basic != (id == "") || basic != (key == "") || !basic && key != "s3cr et" {
				t.Errorf("%s %v: body %q %q", r.path, r.form["grant_type"], id, key)
			}
		}
		if f.requests("/authorize")[0].query.Has("client_secret") {
			t.Error("the browser was given the secret")
		}
	}
}
