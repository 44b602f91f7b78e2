package oidc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const discoveryPath = "/.well-known/openid-configuration"

func wantWeather(t *testing.T, err error, words string) *Weather {
	t.Helper()
	var w *Weather
	if !errors.As(err, &w) || !strings.Contains(w.Words, words) {
		t.Fatalf("got %T %v, want weather that says %q", err, err, words)
	}
	return w
}

func wantRefusal(t *testing.T, err error, kind Kind, words string) *Refusal {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || r.Kind != kind || !strings.Contains(r.Words, words) {
		t.Fatalf("got %T %v, want a refusal of kind %d that says %q", err, err, kind, words)
	}
	return r
}

func TestTwentyCallersShareOneDiscovery(t *testing.T) {
	f := newFake(t)
	asked, release := make(chan struct{}), make(chan struct{})
	f.on(discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		close(asked) // a second request panics here
		<-release
		answerJSON(w, 200, f.doc)
	})
	p := f.client()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got, err := p.Endpoint(context.Background()); err != nil || got != f.URL+"/token" {
				t.Errorf("Endpoint: %q, %v", got, err)
			}
		})
	}
	<-asked
	close(release)
	wg.Wait()
	if _, err := p.Endpoint(t.Context()); err != nil {
		t.Error(err)
	}
	f.wantRequests(discoveryPath, 1)
}

func TestACallerThatLeavesDoesNotSpoilTheSharedDiscovery(t *testing.T) {
	f := newFake(t)
	asked, release := make(chan struct{}), make(chan struct{})
	f.on(discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-release
		answerJSON(w, 200, f.doc)
	})
	p := f.client()
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := p.Endpoint(ctx); first <- err }()
	<-asked
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that left got %v", err)
	}
	close(release)
	if _, err := p.Endpoint(t.Context()); err != nil {
		t.Errorf("the one that stayed got %v", err)
	}
	f.wantRequests(discoveryPath, 1)
}

func TestAFailedDiscoveryIsTriedAgainAtTheNextCall(t *testing.T) {
	f := newFake(t)
	f.on(discoveryPath, answers(503, ""))
	p := f.client()
	_, err := p.Endpoint(t.Context())
	wantWeather(t, err, "answered 503 Service Unavailable")
	f.on(discoveryPath, nil)
	if _, err := p.Endpoint(t.Context()); err != nil {
		t.Error(err)
	}
	f.wantRequests(discoveryPath, 2)
}

func TestDiscoveryBelievesOnlyItsOwnIssuerAndProtectedEndpoints(t *testing.T) {
	for _, c := range []struct {
		name, key string
		value     any
		words     string
	}{
		{"a slash more", "issuer", "/", "calls itself"},
		{"another issuer", "issuer", "https://evil.example.com", `calls itself "https://evil.example.com"`},
		{"no issuer", "issuer", nil, "calls itself"},
		{"an issuer that is no text", "issuer", 7, "calls itself"},
		{"a token endpoint without TLS", "token_endpoint", "http://login.example.com/token", "token_endpoint cannot be used"},
		{"no token endpoint", "token_endpoint", nil, "tokenEndpoint"},
		{"keys without TLS", "jwks_uri", "http://login.example.com/keys", "jwks_uri cannot be used"},
		{"keys in a file", "jwks_uri", "file:///etc/keys", "jwks_uri cannot be used"},
		{"no keys", "jwks_uri", nil, "jwksURI"},
		{"authorization without TLS", "authorization_endpoint", "http://login.example.com/authorize", "authorization_endpoint cannot be used"},
		{"a script to authorize", "authorization_endpoint", "javascript:alert(1)", "authorization_endpoint cannot be used"},
		{"device without TLS", "device_authorization_endpoint", "http://login.example.com/device", "device_authorization_endpoint cannot be used"},
		{"revocation without TLS", "revocation_endpoint", "http://login.example.com/revoke", "revocation_endpoint cannot be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			if c.value == "/" {
				c.value = f.URL + "/"
			}
			f.doc[c.key] = c.value
			_, err := f.client().Endpoint(t.Context())
			wantRefusal(t, err, Misconfigured, c.words)
		})
	}
}

func TestNamesInTheDiscoveryDocumentAreComparedExactly(t *testing.T) {
	f := newFake(t)
	f.on(discoveryPath, answers(200, `{"issuer":"`+f.URL+`","token_endpoint":"`+f.URL+`/token","Token_Endpoint":"https://evil.example.com","jwks_uri":"`+f.URL+`/keys"}`))
	if got, err := f.client().Endpoint(t.Context()); err != nil || got != f.URL+"/token" {
		t.Errorf("Endpoint: %q, %v", got, err)
	}
}

func TestAnAnswerThatIsNoDiscoveryDocumentIsWeather(t *testing.T) {
	for name, body := range map[string]string{"html": "<html>please sign in</html>", "empty": "", "null": "null", "list": "[]", "cut": `{"issuer"`} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.on(discoveryPath, answers(200, body))
			_, err := f.client().Endpoint(t.Context())
			wantWeather(t, err, "no OpenID configuration")
		})
	}
}

func TestConfiguredEndpointsNeedNoDiscovery(t *testing.T) {
	f := newFake(t)
	p := f.client(func(c *Config) { c.TokenEndpoint, c.JWKSURI = f.URL+"/identity/connect/token", f.URL+"/keys" })
	if got, err := p.Endpoint(t.Context()); err != nil || got != f.URL+"/identity/connect/token" {
		t.Errorf("Endpoint: %q, %v", got, err)
	}
	if _, _, err := p.Verify(t.Context(), f.grant(f.sign(f.claims(nil))), ""); err != nil {
		t.Error(err)
	}
	f.wantRequests(discoveryPath, 0)
}

func TestConfiguredEndpointsFillWhatDiscoveryLacks(t *testing.T) {
	f := newFake(t)
	delete(f.doc, "token_endpoint")
	p := f.client(func(c *Config) { c.TokenEndpoint = f.URL + "/mine" })
	if got, err := p.Endpoint(t.Context()); err != nil || got != f.URL+"/mine" {
		t.Errorf("Endpoint: %q, %v", got, err)
	}
}

func TestAnIssuerWithAPathOrASlashIsDiscoveredBelowIt(t *testing.T) {
	for _, suffix := range []string{"/identity", "/identity/"} {
		f := newFake(t)
		f.doc["issuer"] = f.URL + suffix
		f.on("/identity"+discoveryPath, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, f.doc) })
		if _, err := f.client(func(c *Config) { c.Issuer += suffix }).Endpoint(t.Context()); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}

func TestAnAnswerEndsAtOneMebibyte(t *testing.T) {
	f := newFake(t)
	for _, length := range []bool{true, false} {
		f.on(discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
			body := `{"issuer":"` + strings.Repeat("x", 2<<20) + `"}`
			if length {
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			}
			_, _ = io.WriteString(w, body)
		})
		_, err := f.client().Endpoint(t.Context())
		wantWeather(t, err, "more than 1 MiB")
	}
}

func TestADiscoveryIsRedirectedOnTheSameHostOnly(t *testing.T) {
	other := newFake(t)
	plain := startFake(t, (*httptest.Server).Start)
	for _, c := range []struct {
		name  string
		to    func(f *fake) string
		words string
	}{
		{"same host", func(*fake) string { return "/moved" }, ""},
		{"another host", func(*fake) string { return other.URL + "/moved" }, "redirects to another host"},
		{"the same host by another name", func(f *fake) string { return strings.Replace(f.URL, "127.0.0.1", "localhost", 1) + "/moved" }, "redirects to another host"},
		{"the same address without TLS", func(f *fake) string { return strings.Replace(f.URL, "https", "http", 1) + "/moved" }, "redirects to another host"},
		{"another without TLS", func(*fake) string { return plain.URL + "/moved" }, "redirects to another host"},
		{"with a password", func(f *fake) string { return strings.Replace(f.URL, "https://", "https://a:b@", 1) + "/moved" }, "redirects to another host"},
		{"for ever", func(*fake) string { return discoveryPath }, "redirects to another host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.on("/moved", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, f.doc) })
			f.on(discoveryPath, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, c.to(f), http.StatusFound) })
			_, err := f.client().Endpoint(t.Context())
			if c.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantWeather(t, err, c.words)
			f.wantRequests("/moved", 0)
			other.wantRequests("/moved", 0)
			plain.wantRequests("/moved", 0)
		})
	}
}

func TestALoopbackProviderWithoutTLSMayRedirectToItself(t *testing.T) {
	f := startFake(t, (*httptest.Server).Start)
	f.on("/moved", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, f.doc) })
	f.on(discoveryPath, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", http.StatusFound) })
	if _, err := f.client().Endpoint(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownAuthorityIsWeatherWithAHint(t *testing.T) {
	f := newFake(t)
	_, err := f.client(func(c *Config) { c.CA = nil }).Endpoint(t.Context())
	wantWeather(t, err, "certificateAuthority")
}

func TestACertificateForAnotherHostIsWeather(t *testing.T) {
	f := newFake(t)
	f.doc["issuer"] = strings.Replace(f.URL, "127.0.0.1", "localhost", 1)
	_, err := f.client(func(c *Config) { c.Issuer = f.doc["issuer"].(string) }).Endpoint(t.Context())
	wantWeather(t, err, "certificate for another host")
}

func TestAProviderThatCannotBeReachedIsWeather(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	_ = closed.Close()
	p, err := New(Config{Issuer: "https://" + address, ClientID: "k"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Endpoint(t.Context())
	wantWeather(t, err, address+" cannot be reached")
}

func TestAServerWithoutTLSIsWeather(t *testing.T) {
	f := startFake(t, (*httptest.Server).Start)
	issuer := strings.Replace(f.URL, "http://", "https://", 1)
	_, err := f.client(func(c *Config) { c.Issuer = issuer }).Endpoint(t.Context())
	wantWeather(t, err, "gave no proper answer")
}

func TestAProviderThatNeverAnswersIsWeatherInTime(t *testing.T) {
	f := newFake(t)
	release := make(chan struct{})
	f.on(discoveryPath, func(http.ResponseWriter, *http.Request) { <-release })
	p, err := newProvider(f.config(), atNoon, timings{connect: 5 * time.Second, request: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Endpoint(context.Background())
	close(release)
	wantWeather(t, err, "did not answer in time")
}

func TestALoginAsksWhetherTheProviderIsThereEvenIfItIsKnown(t *testing.T) {
	f := newFake(t)
	p := f.client()
	for asked := 1; asked <= 2; asked++ {
		if at, err := p.Reach(t.Context()); err != nil || at != f.URL+"/token" {
			t.Fatalf("%q, %v", at, err)
		}
		f.wantRequests(discoveryPath, asked)
	}
	f.on(discoveryPath, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	var weather *Weather
	if _, err := p.Reach(t.Context()); !errors.As(err, &weather) {
		t.Errorf("a provider that is away: %v", err)
	}
	if at, err := p.Endpoint(t.Context()); err != nil || at != f.URL+"/token" {
		t.Errorf("renewals have forgotten the endpoint: %q, %v", at, err)
	}
	f.wantRequests(discoveryPath, 3)

	away := f.client(func(c *Config) {
		c.Issuer, c.TokenEndpoint, c.JWKSURI = "https://127.0.0.1:1", f.URL+"/token", f.URL+"/keys"
	})
	if at, err := away.Reach(t.Context()); err != nil || at != f.URL+"/token" {
		t.Errorf("with configured endpoints: %q, %v", at, err)
	}
}
