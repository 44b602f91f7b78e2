package oidc

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// wantClean fails if words for a person hold more than one line of visible text.
func wantClean(t *testing.T, words string) {
	t.Helper()
	if utf8.RuneCountInString(words) > maxWords || !utf8.ValidString(words) {
		t.Errorf("%d characters: %q", utf8.RuneCountInString(words), words)
	}
	for _, r := range words {
		if !unicode.IsGraphic(r) {
			t.Errorf("%U in %q", r, words)
		}
	}
}

func FuzzTokenAnswer(f *testing.F) {
	for _, s := range []struct {
		status int
		body   string
	}{
		{200, `{"access_token":"a","refresh_token":"r","id_token":"e30.e30.c2ln","expires_in":"3600","refresh_expires_in":1800}`},
		{200, `{"refresh_token":"e30.eyJleHAiOjE3NzI1MzkyMDB9.c2ln"}`},
		{200, `{"access_token":{},"refresh_token":["r"],"refresh_expires_in":1e999}`},
		{200, `{"error":"invalid_grant","refresh_token":"r"}`},
		{400, `{"error":"invalid_grant","error_description":"Session not active\u202e"}`},
		{400, `{"error":"invalid_request"}`},
		{401, `{"error":"\r\n","error_description":7}`},
		{400, ""},
		{200, "null"},
		{503, "<html>"},
	} {
		f.Add(s.status, s.body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		a := &answer{status: status, header: http.Header{}, body: []byte(body)}
		if g, ok := readGrant(a, secret.New(refresh1), noon); ok {
			if g.Refresh.Empty() {
				t.Error("no refresh token goes on")
			}
			if life := g.RefreshEnds.Sub(noon); !g.RefreshEnds.IsZero() && !believable(life) {
				t.Errorf("the refresh token ends in %v", life)
			}
		}
		for _, g := range []grantType{passwordGrant, renewal, codeGrant, deviceGrant} {
			switch e := a.refused(g, secret.New(password), "https://login.example.com", noon).(type) {
			case *Refusal:
				wantClean(t, e.Words)
				wantClean(t, e.Code)
				if (e.Kind == WrongPassword) && g != passwordGrant || e.Kind == Denied && g != codeGrant && g != deviceGrant || e.Kind == Ended && g != renewal {
					t.Errorf("kind %d of grant %d", e.Kind, g)
				}
				if e.Kind == 0 || g == renewal && (e.Kind == WrongPassword || status != 400 && status != 401 && e.Kind == Ended) {
					t.Errorf("kind %d of %d %q", e.Kind, status, body)
				}
			case *Weather:
				wantClean(t, e.Words)
			default:
				t.Errorf("%T", e)
			}
		}
	})
}

func FuzzDiscovery(f *testing.F) {
	for _, s := range []string{
		`{"issuer":"https://login.example.com","token_endpoint":"https://login.example.com/token","jwks_uri":"https://login.example.com/keys"}`,
		`{"issuer":"https://login.example.com","token_endpoint":"http://[::1]:80/t","jwks_uri":"http://127.0.0.1/k","token_endpoint_auth_methods_supported":"client_secret_post"}`,
		`{"issuer":"https://login.example.com","token_endpoint":"javascript:alert(1)"}`,
		`{"issuer":"https://login.example.com/","Issuer":"https://login.example.com"}`,
		`{"issuer":["https://login.example.com"]}`, "null", "<html>", "",
	} {
		f.Add(s)
	}
	p, err := New(Config{Issuer: "https://login.example.com", ClientID: "kubernetes"}, atNoon)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		e, err := p.readDiscovery([]byte(body))
		if err != nil {
			wantClean(t, err.Error())
			return
		}
		for _, u := range []string{e.token, e.jwks} {
			if err := checkURL(u); err != nil {
				t.Errorf("%q: %v", u, err)
			}
			if l := strings.ToLower(u); !strings.HasPrefix(l, "https://") && !strings.HasPrefix(l, "http://127.0.0.1") && !strings.HasPrefix(l, "http://[::1]") {
				t.Errorf("%q is not protected", u)
			}
		}
	})
}

func FuzzClaims(f *testing.F) {
	for _, s := range []string{
		`{"iss":"https://login.example.com","aud":"kubernetes","sub":"u1","exp":1772456400,"iat":1772452800}`,
		`{"iss":"https://login.example.com","aud":["kubernetes","x"],"azp":"kubernetes","sub":"u1","exp":1.7724564e9,"nbf":1,"email":"a\u202eb"}`,
		`{"iss":"https://login.example.com","aud":["kubernetes"],"sub":"u1","exp":1e300,"iat":-1}`,
		`{"iss":7,"aud":{},"sub":[],"exp":"soon"}`, "null", "[]", "",
	} {
		f.Add(s)
	}
	p, err := New(Config{Issuer: "https://login.example.com", ClientID: "kubernetes"}, atNoon)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		c, ok := readClaims([]byte(payload))
		if !ok {
			return
		}
		wantClean(t, c.who("email").Person)
		if u := p.check(c, Grant{arrived: noon, Date: noon}, "", noon); u != nil {
			wantClean(t, u.Words)
			return
		}
		issued, expires := c.life(noon)
		if issued.After(noon) || !expires.After(noon) || expires.After(noon.Add(maxLife)) || c.issuer != p.config.Issuer || c.subject == "" {
			t.Errorf("%q is good from %v to %v", payload, issued, expires)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "-1", "99999999999999999999", "1.5", noon.Format(http.TimeFormat), "Mon, 02 Mar 2126 12:00:00 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if d := retryAfter(v, noon); d < 0 || d > 15*time.Minute {
			t.Errorf("Retry-After: %q is %v", v, d)
		}
	})
}

func FuzzCallback(f *testing.F) {
	const state = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, s := range []string{
		"code=a&state=" + state, "state=" + state + "&error=access_denied&error_description=%E2%80%AE%0Ano", "code=a&state=" + state + "&iss=https%3A%2F%2Flogin.example.com",
		"code=a&iss=https://evil.example.com&state=" + state, "code=a&state=" + state + "&state=" + state, "code=a", "state=" + state, "code=a;state=" + state,
		"code=%zz&state=" + state, "code=a&state=%41BCDEFGHIJKLMNOPQRSTUVWXYZ&session_state=x&scope=openid", "error=server_error&state=" + state, "",
	} {
		f.Add(s)
	}
	p, err := New(Config{Issuer: "https://login.example.com", ClientID: "kubernetes"}, atNoon)
	if err != nil {
		f.Fatal(err)
	}
	nowhere := endpoints{authorization: "https://login.example.com/authorize"}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	p.found = &lookup{done: make(chan struct{}), ends: endpoints{token: "https://127.0.0.1:1"}}
	close(p.found.done)
	f.Fuzz(func(t *testing.T, query string) {
		c, ok := readCallback(query, state)
		if !ok {
			return
		}
		q, err := url.ParseQuery(query)
		if err != nil || !slices.Equal(q["state"], []string{state}) || c.code.Empty() && c.error == "" {
			t.Errorf("%q counts as the answer", query)
		}
		g, err := p.redeem(gone, nowhere, authorization{}, c)
		if err == nil || g != (Grant{}) {
			t.Errorf("%q logs in", query)
		}
		if c.named && c.issuer != p.config.Issuer {
			wantRefusal(t, err, Misconfigured, "not from the configured issuer")
		}
		if err != nil {
			wantClean(t, err.Error())
		}
		shown := pageAfter("corp", err)
		wantClean(t, shown.title)
	})
}

func FuzzDeviceAnswer(f *testing.F) {
	for _, s := range []string{
		`{"device_code":"d","user_code":"A-B","verification_uri":"https://login.example.com/device","expires_in":600,"interval":5}`,
		`{"device_code":"d","user_code":"A-B","verification_url":"https://www.example.com/device","expires_in":"600"}`,
		`{"device_code":"d","user_code":"A-B","verification_uri":"https://login.example.com","verification_uri_complete":"https://login.example.com/#c=A-B","interval":1e9}`,
		`{"device_code":"d","user_code":"A\u202eB","verification_uri":"http://127.0.0.1:80/","expires_in":-1,"interval":0.1}`,
		`{"device_code":"d","user_code":"A","verification_uri":"javascript:alert(1)"}`,
		`{"device_code":"d","user_code":"A","verification_uri":"https://login.example.com@evil.example.com"}`,
		`{"device_code":"d","user_code":"A","verification_uri":"https://login.example.com","verification_uri_complete":"https://evil.example.com"}`,
		`{"device_code":7,"user_code":[]}`, "null", "<html>", "",
	} {
		f.Add(s)
	}
	p, err := New(Config{Issuer: "https://login.example.com", ClientID: "kubernetes"}, atNoon)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d, err := p.readDevice(&answer{status: 200, header: http.Header{}, body: []byte(body)}, "https://login.example.com")
		if err != nil {
			wantClean(t, err.Error())
			return
		}
		wantClean(t, d.UserCode)
		wantClean(t, d.Host)
		for _, u := range []string{d.URL, d.CompleteURL} {
			if l := strings.ToLower(u); u != "" && !strings.HasPrefix(l, "https://") && !strings.HasPrefix(l, "http://127.0.0.1") && !strings.HasPrefix(l, "http://[::1]") {
				t.Errorf("%q would be opened", u)
			}
			for _, r := range u {
				if r <= ' ' || r > '~' {
					t.Errorf("%U in %q", r, u)
				}
			}
		}
		life := d.Expires.Sub(noon)
		if d.UserCode == "" || d.URL == "" || d.code.Empty() || !believable(life) || d.interval < time.Second || d.interval > max(life, pollEvery) {
			t.Errorf("%+v, every %v", d.DeviceCode, d.interval)
		}
		if named := strings.TrimSuffix(strings.TrimSuffix(d.Host, "443"), ":"); d.OtherHost == (named == "login.example.com") {
			t.Errorf("%q is another host: %v", d.Host, d.OtherHost)
		}
	})
}
