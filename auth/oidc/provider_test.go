package oidc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestAConfigurationThatCannotWorkIsRefusedByItsLine(t *testing.T) {
	good := Config{Issuer: "https://login.example.com", ClientID: "kubernetes"}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no client", func(c *Config) { c.ClientID = "" }, "clientID: "},
		{"no issuer", func(c *Config) { c.Issuer = "" }, "issuer: "},
		{"not an address", func(c *Config) { c.Issuer = "login" }, "issuer: "},
		{"http", func(c *Config) { c.Issuer = "http://login.example.com" }, "issuer: "},
		{"http on localhost by name", func(c *Config) { c.Issuer = "http://localhost:8080" }, "issuer: "},
		{"http on another loopback address", func(c *Config) { c.Issuer = "http://127.0.0.2:8080" }, "issuer: "},
		{"a host that looks like loopback", func(c *Config) { c.Issuer = "http://127.0.0.1.example.com" }, "issuer: "},
		{"a file", func(c *Config) { c.Issuer = "file:///etc/passwd" }, "issuer: "},
		{"a password in the address", func(c *Config) { c.TokenEndpoint = "https://a:hunter2@login.example.com" }, "tokenEndpoint: "},
		{"a fragment", func(c *Config) { c.TokenEndpoint = "https://login.example.com/#token" }, "tokenEndpoint: "},
		{"a control character", func(c *Config) { c.TokenEndpoint = "https://login.example.com/\n" }, "tokenEndpoint: "},
		{"http keys", func(c *Config) { c.JWKSURI = "http://login.example.com" }, "jwksURI: "},
		{"http revocation", func(c *Config) { c.RevocationEndpoint = "http://login.example.com" }, "revocationEndpoint: "},
		{"http authorization", func(c *Config) { c.AuthorizationEndpoint = "http://login.example.com" }, "authorizationEndpoint: "},
		{"http device", func(c *Config) { c.DeviceEndpoint = "http://login.example.com" }, "deviceEndpoint: "},
		{"a parameter without a name", func(c *Config) { c.AuthParams = map[string]string{"": "x"} }, "authParams: "},
		{"no certificate", func(c *Config) { c.CA = []byte("certificate") }, "certificateAuthority: "},
		{"a proxy of another kind", func(c *Config) { c.Proxy = "ftp://proxy.example.com" }, "proxy: "},
		{"a proxy without a host", func(c *Config) { c.Proxy = "proxy" }, "proxy: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := good
			c.change(&conf)
			_, err := New(conf, time.Now)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("New says %v, want an error that begins with %q", err, c.want)
			}
		})
	}
}

func TestAuthParamsDoNotTakeThePlaceOfOurs(t *testing.T) {
	for _, name := range []string{
		"response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce", "code_challenge",
		"code_challenge_method", "login_hint", "prompt", "audience", "request", "request_uri",
	} {
		_, err := New(Config{Issuer: "https://login.example.com", ClientID: "k", AuthParams: map[string]string{"a": "b", name: "x"}}, time.Now)
		if err == nil || !strings.HasPrefix(err.Error(), "authParams: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoopbackAddressesMayBeHTTP(t *testing.T) {
	for _, issuer := range []string{"http://127.0.0.1:8080", "http://[::1]:8080", "https://localhost", "HTTPS://login.example.com"} {
		if _, err := New(Config{Issuer: issuer, ClientID: "k"}, time.Now); err != nil {
			t.Errorf("%s is refused: %v", issuer, err)
		}
	}
}

func TestNewKeepsTheDesignsDeadlines(t *testing.T) {
	p, err := New(Config{Issuer: "https://login.example.com", ClientID: "k"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	tr := p.client.Transport.(bounded).next.(*http.Transport)
	if p.client.Timeout != 15*time.Second || tr.TLSHandshakeTimeout != 5*time.Second {
		t.Errorf("request %v, handshake %v", p.client.Timeout, tr.TLSHandshakeTimeout)
	}
	if p.client.Jar != nil || tr.TLSClientConfig.InsecureSkipVerify || tr.TLSClientConfig.MinVersion < 0x0303 {
		t.Error("no cookies, no switch that turns verification off, TLS 1.2 or newer")
	}
}

func TestEachRequestHasAConnectionOfItsOwn(t *testing.T) {
	for protocol, start := range map[string]func(*httptest.Server){"HTTP/1": (*httptest.Server).StartTLS, "HTTP/2": with2} {
		t.Run(protocol, func(t *testing.T) {
			conns := make(chan http.ConnState, 1000)
			f := startFake(t, func(s *httptest.Server) {
				s.Config.ConnState = func(_ net.Conn, state http.ConnState) { conns <- state }
				start(s)
			})
			f.on("/token", tokens(nil))
			p := f.client()
			for range 3 {
				if _, err := p.Renew(t.Context(), secret.New(refresh1)); err != nil {
					t.Fatal(err)
				}
			}
			made, closed := 0, 0
			for deadline := time.After(10 * time.Second); closed < 4; {
				select {
				case state := <-conns:
					if state == http.StateNew {
						made++
					} else if state == http.StateClosed {
						closed++
					}
				case <-deadline:
					t.Fatalf("of %d connections %d were closed", made, closed)
				}
			}
			if made != 4 { // discovery and three renewals
				t.Errorf("%d connections", made)
			}
		})
	}
}

func TestAConfiguredProxyIsUsed(t *testing.T) {
	f := newFake(t)
	asked := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer proxy.Close()
	p := f.client(func(c *Config) { c.Issuer, c.Proxy = "http://127.0.0.1:1", proxy.URL })
	_, err := p.Endpoint(t.Context())
	var w *Weather
	if !errors.As(err, &w) {
		t.Fatal(err)
	}
	if got := <-asked; got != "http://127.0.0.1:1"+discoveryPath {
		t.Errorf("the proxy was asked for %q", got)
	}
}

func TestRequestsSayWhoAsks(t *testing.T) {
	f := newFake(t)
	p := f.client()
	_, _ = p.Password(context.Background(), "alice", secret.New(password))
	for _, path := range []string{discoveryPath, "/token"} {
		for _, r := range f.requests(path) {
			if r.header.Get("User-Agent") != "kubecreds" || r.header.Get("Accept") != "application/json, */*;q=0.5" {
				t.Errorf("%s: %v", path, r.header)
			}
		}
	}
	f.wantRequests("/token", 1)
}
