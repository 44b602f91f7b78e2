package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// noon is when most tests take place, by everybody's clock.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	password = "hunter2 password"
	refresh1 = "refresh-token-one"
)

// request is one that the fake provider got.
type request struct {
	method, path string
	query, form  url.Values
	header       http.Header
}

// fake is a provider on loopback whose every answer a test can replace by path. It notes each request.
type fake struct {
	*httptest.Server
	t    *testing.T
	keys []*ecdsa.PrivateKey // shown at /keys as "0", "1", …; the last one signs

	mu       sync.Mutex
	clock    time.Time // what this provider's Date headers say
	doc      map[string]any
	handlers map[string]http.HandlerFunc
	got      []request
}

func newFake(t *testing.T) *fake { return startFake(t, (*httptest.Server).StartTLS) }

func startFake(t *testing.T, start func(*httptest.Server)) *fake {
	t.Helper()
	f := &fake{t: t, clock: noon, handlers: map[string]http.HandlerFunc{}}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are part of the tests
	f.rotate()
	start(f.Server)
	t.Cleanup(f.Close)
	f.doc = map[string]any{
		"issuer": f.URL, "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys", "revocation_endpoint": f.URL + "/revoke",
		"authorization_endpoint": f.URL + "/authorize", "device_authorization_endpoint": f.URL + "/device",
	}
	return f
}

// rotate makes a new key the one that signs and the only one that is shown.
func (f *fake) rotate() {
	f.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = append(f.keys, k)
}

func (f *fake) on(path string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handlers[path] = h
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	f.got = append(f.got, request{r.Method, r.URL.Path, r.URL.Query(), r.PostForm, r.Header.Clone()})
	h, doc, clock := f.handlers[r.URL.Path], f.doc, f.clock
	f.mu.Unlock()
	if w.Header()["Date"] = nil; !clock.IsZero() {
		w.Header().Set("Date", clock.Format(http.TimeFormat))
	}
	switch {
	case h != nil:
		h(w, r)
	case r.URL.Path == "/.well-known/openid-configuration":
		answerJSON(w, 200, doc)
	case r.URL.Path == "/keys":
		answerJSON(w, 200, map[string]any{"keys": []any{f.jwk()}})
	default:
		http.NotFound(w, r)
	}
}

func (f *fake) jwk() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.keys[len(f.keys)-1]
	b, err := k.PublicKey.Bytes() // 4 || x || y
	if err != nil {
		f.t.Error(err)
	}
	return map[string]any{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": f.kid(),
		"x": base64.RawURLEncoding.EncodeToString(b[1:33]), "y": base64.RawURLEncoding.EncodeToString(b[33:]),
	}
}

func (f *fake) kid() string { return string(rune('0' + len(f.keys) - 1)) }

// requests returns those for one path.
func (f *fake) requests(path string) []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []request
	for _, r := range f.got {
		if r.path == path {
			out = append(out, r)
		}
	}
	return out
}

// wantRequests fails unless exactly n requests came for path.
func (f *fake) wantRequests(path string, n int) {
	f.t.Helper()
	if got := len(f.requests(path)); got != n {
		f.t.Errorf("the provider got %d requests for %s, want %d", got, path, n)
	}
}

// ca is the certificate that clients of f must trust.
func (f *fake) ca() []byte {
	if f.Certificate() == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
}

func (f *fake) config() Config {
	return Config{Issuer: f.URL, ClientID: "kubernetes", CA: f.ca(), Scopes: []string{"openid", "offline_access"}}
}

func atNoon() time.Time { return noon }

// client makes a Provider for f, with short deadlines, at noon.
func (f *fake) client(change ...func(*Config)) *Provider { return f.clientAt(atNoon, change...) }

func (f *fake) clientAt(now func() time.Time, change ...func(*Config)) *Provider {
	f.t.Helper()
	c := f.config()
	for _, do := range change {
		do(&c)
	}
	p, err := newProvider(c, now, timings{connect: 5 * time.Second, request: 10 * time.Second})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// claims are those of a good ID token of f at noon; changes are laid over it, nil removes.
func (f *fake) claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": f.URL, "aud": "kubernetes", "sub": "u1", "email": "alice@example.com",
		"iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// sign makes a JWT with ES256 by hand.
func (f *fake) sign(claims any) string {
	f.t.Helper()
	head := segment(f.t, map[string]any{"alg": "ES256", "kid": f.kid()}) + "." + segment(f.t, claims)
	sum := sha256.Sum256([]byte(head))
	r, s, err := ecdsa.Sign(rand.Reader, f.keys[len(f.keys)-1], sum[:])
	if err != nil {
		f.t.Fatal(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return head + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func segment(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// signRSA makes a JWT with RS256 and the JWK that verifies it.
func signRSA(t *testing.T, claims map[string]any) (jwt string, jwk map[string]any) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	head := segment(t, map[string]any{"alg": "RS256", "kid": "rsa"}) + "." + segment(t, claims)
	sum := sha256.Sum256([]byte(head))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	e := big.NewInt(int64(k.E)).Bytes()
	return head + "." + base64.RawURLEncoding.EncodeToString(sig), map[string]any{
		"kty": "RSA", "kid": "rsa",
		"n": base64.RawURLEncoding.EncodeToString(k.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e),
	}
}

// signHMAC makes a JWT with HS256.
func signHMAC(t *testing.T, key []byte, claims map[string]any) string {
	t.Helper()
	head := segment(t, map[string]any{"alg": "HS256", "kid": "0"}) + "." + segment(t, claims)
	m := hmac.New(sha256.New, key)
	m.Write([]byte(head))
	return head + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// grant is what p makes of a token answer that holds jwt as ID token.
func (f *fake) grant(jwt string) Grant {
	return Grant{arrived: noon, Date: noon, id: secret.New(jwt)}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// answers is a handler that always says the same.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if body == "" {
			w.Header()["Content-Type"] = nil
		} else if body[0] == '{' {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// with2 starts a server that speaks HTTP/2.
func with2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.StartTLS()
}
