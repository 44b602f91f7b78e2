package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// wantUntrusted fails unless err is *Untrusted for this check.
func wantUntrusted(t *testing.T, err error, check string) *Untrusted {
	t.Helper()
	var u *Untrusted
	if !errors.As(err, &u) || u.Check != check || u.Words == "" {
		t.Fatalf("got %T %v, want a failed check of %q", err, err, check)
	}
	return u
}

func TestAGoodTokenIsVerified(t *testing.T) {
	f := newFake(t)
	for _, changes := range []map[string]any{
		nil,
		{"aud": []string{"kubernetes"}},
		{"aud": []string{"other", "kubernetes"}, "azp": "kubernetes"},
		{"azp": "kubernetes"},
		{"nbf": noon.Unix()},
		{"exp": float64(noon.Add(time.Hour).Unix()) + 0.5},
	} {
		jwt := f.sign(f.claims(changes))
		tok, c, err := f.client().Verify(t.Context(), f.grant(jwt), "")
		if err != nil {
			t.Errorf("%v: %v", changes, err)
			continue
		}
		if tok.Value.Reveal() != jwt || !tok.Issued.Equal(noon) || !tok.Expires.Equal(noon.Add(time.Hour)) {
			t.Errorf("%v: issued %v, expires %v", changes, tok.Issued, tok.Expires)
		}
		if want := (Claims{Issuer: f.URL, Subject: "u1", Person: "alice@example.com"}); c != want {
			t.Errorf("%v: claims %v", changes, c)
		}
	}
}

func TestATokenSignedWithRSAIsVerified(t *testing.T) {
	f := newFake(t)
	jwt, jwk := signRSA(t, f.claims(nil))
	f.on("/keys", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, map[string]any{"keys": []any{jwk}}) })
	if _, _, err := f.client().Verify(t.Context(), f.grant(jwt), ""); err != nil {
		t.Error(err)
	}
}

func TestATokenWithAWrongClaimIsNotUsed(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes map[string]any
		check   string
	}{
		{"another issuer", map[string]any{"iss": "https://evil.example.com"}, "iss"},
		{"no issuer", map[string]any{"iss": nil}, "iss"},
		{"an issuer in other letters", map[string]any{"iss": nil, "ISS": "x"}, "iss"},
		{"another client", map[string]any{"aud": "other"}, "aud"},
		{"other clients", map[string]any{"aud": []string{"other", "another"}}, "aud"},
		{"no client", map[string]any{"aud": nil}, "aud"},
		{"several clients and no azp", map[string]any{"aud": []string{"kubernetes", "other"}}, "azp"},
		{"somebody else asked for it", map[string]any{"aud": []string{"kubernetes", "other"}, "azp": "other"}, "azp"},
		{"somebody else asked, one audience", map[string]any{"azp": "other"}, "azp"},
		{"nobody's", map[string]any{"sub": nil}, "sub"},
		{"a subject that is no text", map[string]any{"sub": 7}, "sub"},
		{"no end", map[string]any{"exp": nil}, "exp"},
		{"expired", map[string]any{"exp": noon.Unix() - 1}, "exp"},
		{"expires now", map[string]any{"exp": noon.Unix()}, "exp"},
		{"over 400 days", map[string]any{"exp": noon.AddDate(2, 0, 0).Unix()}, "exp"},
		{"an end in the year 300000000", map[string]any{"exp": 1e16}, "exp"},
		{"not valid yet", map[string]any{"nbf": noon.Add(6 * time.Minute).Unix()}, "nbf"},
		{"issued in the future", map[string]any{"iat": noon.Add(6 * time.Minute).Unix()}, "iat"},
		{"a claim from nowhere, which go-oidc refuses", map[string]any{"_claim_names": map[string]any{"groups": "x"}}, "form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			tok, _, err := f.client().Verify(t.Context(), f.grant(f.sign(f.claims(c.changes))), "")
			if u := wantUntrusted(t, err, c.check); u.Skew != 0 {
				t.Errorf("the clock is blamed: %v", u.Skew)
			}
			if !tok.Value.Empty() {
				t.Error("the token is handed out all the same")
			}
		})
	}
}

func TestARenewalForAnotherPersonIsNotUsed(t *testing.T) {
	f := newFake(t)
	p := f.client()
	g := f.grant(f.sign(f.claims(nil)))
	if _, _, err := p.Verify(t.Context(), g, "u1"); err != nil {
		t.Error(err)
	}
	_, _, err := p.Verify(t.Context(), g, "u2")
	wantUntrusted(t, err, "sub")
}

func TestOnlyTheProvidersPublicKeysVerifyAToken(t *testing.T) {
	f := newFake(t)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := f.sign(f.claims(nil))
	parts := strings.Split(good, ".")
	jwk, err := json.Marshal(f.jwk())
	if err != nil {
		t.Fatal(err)
	}
	forged := &fake{Server: f.Server, t: t, keys: []*ecdsa.PrivateKey{stranger}}
	for _, c := range []struct{ name, jwt, check string }{
		{"another key", forged.sign(f.claims(nil)), "signature"},
		{"other claims", parts[0] + "." + segment(t, f.claims(map[string]any{"sub": "root"})) + "." + parts[2], "signature"},
		{"no signature", parts[0] + "." + parts[1] + ".", "signature"},
		{"alg none", segment(t, map[string]any{"alg": "none"}) + "." + parts[1] + ".", "form"},
		{"HS256 with the public key", signHMAC(t, jwk, f.claims(nil)), "form"},
		{"opaque", "opaque", "form"},
		{"two parts", parts[0] + "." + parts[1], "form"},
		{"a JWE", good + ".x.y", "form"},
		{"a line end in it", parts[0] + ".\r\n" + parts[1] + "." + parts[2], "form"},
		{"a space in it", parts[0] + ". " + parts[1] + "." + parts[2], "form"},
		{"JSON serialization", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "form"},
		{"claims that are no object", f.sign([]string{}), "form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := f.client().Verify(t.Context(), f.grant(c.jwt), "")
			wantUntrusted(t, err, c.check)
		})
	}
	if _, _, err := f.client().Verify(t.Context(), f.grant(good), ""); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestAnAnswerWithoutAnIDTokenIsNamed(t *testing.T) {
	f := newFake(t)
	for name, fields := range map[string]map[string]any{"absent": nil, "empty": {"id_token": ""}, "null": {"id_token": nil}} {
		f.on("/token", tokens(fields))
		p := f.client()
		g, err := p.Renew(t.Context(), secret.New(refresh1))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.Verify(t.Context(), g, "u1"); !errors.Is(err, ErrNoIDToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAccessTokenMayBeTheBearerIfItIsAJWT(t *testing.T) {
	f := newFake(t)
	p := f.client(func(c *Config) { c.AccessTokenBearer = true })
	access := func(changes map[string]any) Grant {
		return Grant{arrived: noon, access: secret.New(f.sign(f.claims(changes))), id: secret.New("ignored")}
	}
	g := access(map[string]any{"aud": "https://api.example.com", "azp": "other"})
	if tok, c, err := p.Verify(t.Context(), g, "u1"); err != nil || !tok.Value.Equal(g.access) || c.Subject != "u1" {
		t.Errorf("claims %v, error %v", c, err)
	}
	_, _, err := p.Verify(t.Context(), access(map[string]any{"iss": "https://evil.example.com"}), "")
	wantUntrusted(t, err, "iss")
	_, _, err = p.Verify(t.Context(), Grant{access: secret.New("opaque")}, "")
	wantUntrusted(t, err, "form")
	if _, _, err = p.Verify(t.Context(), Grant{id: secret.New("x")}, ""); !errors.Is(err, ErrNoIDToken) {
		t.Error(err)
	}
}

func TestAnUnknownKeyFetchesKeysAtMostOnceAMinute(t *testing.T) {
	f := newFake(t)
	var ahead atomic.Int64 // seconds after noon
	p := f.clientAt(func() time.Time { return noon.Add(time.Duration(ahead.Load()) * time.Second) })
	verify := func() error {
		_, _, err := p.Verify(context.Background(), f.grant(f.sign(f.claims(nil))), "")
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	f.rotate()
	ahead.Store(18)
	eventually(t, func() bool {
		var w *Weather
		return errors.As(verify(), &w) && w.RetryAfter == 42*time.Second
	})
	for range 5 {
		wantWeather(t, verify(), "key")
	}
	f.wantRequests("/keys", 1)
	ahead.Store(60)
	eventually(t, func() bool { return verify() == nil })
	for range 5 {
		if err := verify(); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	}
	f.wantRequests("/keys", 2)
	f.rotate()
	ahead.Store(-120) // set back
	eventually(t, func() bool { return verify() == nil })
	f.wantRequests("/keys", 3)
}

// eventually waits until it holds. go-oidc hands a fetch's result to whoever asks until its goroutine has tidied up.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never comes to hold")
		}
	}
}

func TestKeysThatCannotBeHadAreWeatherAndAskedForAgain(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"outage":      answers(503, ""),
		"not found":   answers(404, "<html>"),
		"dropped":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"too long":    answers(200, `{"keys":"`+strings.Repeat("x", 2<<20)+`"}`),
		"redirected":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "https://evil.example.com", 302) },
		"no redirect": answers(304, ""),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.on("/keys", h)
			p := f.client()
			g := f.grant(f.sign(f.claims(nil)))
			_, _, err := p.Verify(t.Context(), g, "")
			wantWeather(t, err, "127.0.0.1")
			if name == "too long" { // the headers were a success's
				return
			}
			f.on("/keys", nil)
			eventually(t, func() bool { // once they can be had
				_, _, err := p.Verify(t.Context(), g, "")
				return err == nil
			})
		})
	}
}

func TestAKeySetThatIsNoneIsWeather(t *testing.T) {
	f := newFake(t)
	f.on("/keys", answers(200, "<html>"))
	_, _, err := f.client().Verify(t.Context(), f.grant(f.sign(f.claims(nil))), "")
	wantWeather(t, err, "no proper answer")
}

func TestAWrongClockIsToldFromABadToken(t *testing.T) {
	for _, c := range []struct {
		name   string
		ours   time.Duration // this machine's clock, from the provider's
		silent bool          // no Date header
		check  string        // "": the token is good
		skew   time.Duration
	}{
		{"right", 0, false, "", 0},
		{"a minute ahead", time.Minute, false, "", 0},
		{"four minutes behind", -4 * time.Minute, false, "", 0},
		{"two hours ahead", 2 * time.Hour, false, "", 0},
		{"a day ahead", 24 * time.Hour, false, "", 0},
		{"a day behind", -24 * time.Hour, false, "", 0},
		{"two days ahead", 48 * time.Hour, false, "exp", 48 * time.Hour},
		{"two days behind", -48 * time.Hour, false, "iat", -48 * time.Hour},
		{"two years behind", -2 * 8766 * time.Hour, false, "exp", -2 * 8766 * time.Hour},
		{"ahead, and nobody says so", 2 * time.Hour, true, "exp", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			if c.silent {
				f.clock = time.Time{}
			}
			f.on("/token", tokens(map[string]any{"id_token": f.sign(f.claims(nil)), "refresh_token": "two"}))
			p := f.clientAt(func() time.Time { return noon.Add(c.ours) })
			g, err := p.Renew(t.Context(), secret.New(refresh1))
			if err != nil || g.Refresh.Reveal() != "two" {
				t.Fatalf("a wrong clock loses the session: %v", err)
			}
			tok, _, err := p.Verify(t.Context(), g, "u1")
			if c.check == "" {
				if left := tok.Expires.Sub(noon.Add(c.ours)); err != nil || left < 59*time.Minute || left > time.Hour {
					t.Errorf("%v, good for %v by this machine's clock, want its whole hour", err, left)
				}
				return
			}
			u := wantUntrusted(t, err, c.check)
			if u.Skew != c.skew || (c.skew != 0) != strings.Contains(u.Words, "clock") {
				t.Errorf("skew %v, words %q", u.Skew, u.Words)
			}
		})
	}
}

func TestATokenThatIsLookedAtTooLateIsExpiredAndNoClockIsBlamed(t *testing.T) {
	f := newFake(t)
	p := f.clientAt(func() time.Time { return noon.Add(2 * time.Hour) })
	_, _, err := p.Verify(t.Context(), f.grant(f.sign(f.claims(nil))), "")
	if u := wantUntrusted(t, err, "exp"); u.Skew != 0 || u.Words != "it has expired" {
		t.Errorf("skew %v, words %q", u.Skew, u.Words)
	}
}

func TestATokenLastsNoLongerThanItsLifeFromItsArrival(t *testing.T) {
	hour := time.Hour
	for _, c := range []struct {
		name            string
		iat, exp        time.Duration // from the arrival; iat 0 with none: absent
		none            bool
		issued, expires time.Duration
	}{
		{"fresh", 0, hour, false, 0, hour},
		{"issued before", -10 * time.Minute, 50 * time.Minute, false, -10 * time.Minute, 50 * time.Minute},
		{"our clock is two minutes behind", 2 * time.Minute, hour + 2*time.Minute, false, 0, hour},
		{"no iat", 0, hour, true, 0, hour},
		{"issued after its end", 2 * time.Minute, time.Minute, false, 0, time.Minute},
		{"issued years ago", -500 * 24 * hour, hour, false, 0, hour},
	} {
		cl := claims{issued: noon.Add(c.iat), expires: noon.Add(c.exp)}
		if c.none {
			cl.issued = time.Time{}
		}
		issued, expires := cl.life(noon)
		if !issued.Equal(noon.Add(c.issued)) || !expires.Equal(noon.Add(c.expires)) {
			t.Errorf("%s: from %v to %v", c.name, issued.Sub(noon), expires.Sub(noon))
		}
	}
}

func TestADateThatNoClockCanShowIsAbsent(t *testing.T) {
	for written, want := range map[string]time.Time{
		"1772452800": noon, `"1772452800"`: noon, "1772452800.9": noon,
		"0": {}, "-1": {}, "1e300": {}, "1e999": {}, "99999999999999999999": {}, `"soon"`: {}, "null": {}, "{}": {},
	} {
		if got := (object{"exp": []byte(written)}).date("exp"); !got.Equal(want) {
			t.Errorf("%s is %v, want %v", written, got, want)
		}
	}
}

func TestAPersonIsNamedByTheFirstClaimThatSaysSomething(t *testing.T) {
	for _, c := range []struct {
		name, claim string
		changes     map[string]any
		want        string
	}{
		{"email", "", nil, "alice@example.com"},
		{"the configured claim", "upn", map[string]any{"upn": "alice@corp"}, "alice@corp"},
		{"the configured claim is absent", "upn", nil, "alice@example.com"},
		{"the configured claim is no text", "upn", map[string]any{"upn": []string{"a"}}, "alice@example.com"},
		{"preferred_username", "", map[string]any{"email": nil, "preferred_username": "alice", "name": "Alice A."}, "alice"},
		{"name", "", map[string]any{"email": "", "name": "Alice A."}, "Alice A."},
		{"sub", "", map[string]any{"email": nil}, "u1"},
		{"bidi and control characters", "", map[string]any{"email": "\u202ealice\x1b[31m\r\n@example.com\u2066"}, "alice[31m @example.com"},
		{"nothing visible", "", map[string]any{"email": "\u200b\u202e \t", "name": "Alice"}, "Alice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			p := f.client(func(k *Config) { k.UsernameClaim = c.claim })
			_, who, err := p.Verify(t.Context(), f.grant(f.sign(f.claims(c.changes))), "")
			if err != nil || who.Person != c.want {
				t.Errorf("%q, %v; want %q", who.Person, err, c.want)
			}
		})
	}
	long := cleaned(strings.Repeat("ä", 201))
	if utf8.RuneCountInString(long) != 200 || !strings.HasSuffix(long, "ä…") || cleaned(strings.Repeat("ä", 200)) != strings.Repeat("ä", 200) {
		t.Errorf("200 characters are the limit, not %d", utf8.RuneCountInString(long))
	}
}

func TestABearerTokenHasOnlyTheCharactersOfRFC6750(t *testing.T) {
	for s, want := range map[string]bool{
		"aZ09-._~+/==": true, "a": true, "": false, "=": false, "a=b": false, "a b": false, "a\r\nb": false, "a\x00": false, "ä": false, `a"`: false,
	} {
		if b64token(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
	if b64token(base64.StdEncoding.EncodeToString([]byte("any"))) != true {
		t.Error("base64 is one")
	}
}
