// Package provider is the demo's OpenID provider: github.com/zitadel/oidc's pkg/op on a storage of our own, served over TLS on
// loopback. It knows the password, authorization code, device and refresh token grants, rotates refresh tokens and detects their
// reuse, revokes (RFC 7009), and can be broken, sped up and given the manners of other providers through the control API while it
// runs. For the demo and the tests only: the users and their passwords are in its source.
package provider

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/kubecreds/kubecreds/demo/ca"
	"github.com/kubecreds/kubecreds/demo/control"
)

// Options are what a provider is started with. The zero value of each but CA is the default named with it.
type Options struct {
	CA             *ca.Authority   // signs the server's certificate; required
	Address        string          // where to listen: 127.0.0.1:0, a free port
	IDToken        time.Duration   // lifetime of ID and access tokens: 5 minutes
	RefreshToken   time.Duration   // lifetime of a refresh token: 12 hours
	DeviceInterval time.Duration   // how often a device may poll: 5 seconds; polls that come sooner are told slow_down
	Manners        control.Manners // of whom: control.Plain. Where they have lifetimes, these are the defaults
}

// Provider is a running OpenID provider.
type Provider struct {
	issuer  string
	op      *op.Provider
	storage *storage
	page    *template.Template
	outage  *outage
	counts  *counts
	server  *http.Server
}

// Start starts a provider. When it returns without an error the provider answers at Issuer.
func Start(o Options) (*Provider, error) {
	certificate, err := o.CA.Server()
	if err != nil {
		return nil, err
	}
	address := o.Address
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	p, err := newProvider("https://"+listener.Addr().String(), o)
	if err != nil {
		listener.Close()
		return nil, err
	}
	p.server = &http.Server{
		Handler:           p.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that do not trust the CA are no news
	}
	// HTTP/1.1 only: an outage hijacks connections, and HTTP/2 would make one connection out of many.
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
	go func() { _ = p.server.Serve(tls.NewListener(listener, config)) }() // ends with Close
	return p, nil
}

func newProvider(issuer string, o Options) (*Provider, error) {
	s, err := newStorage(o)
	if err != nil {
		return nil, err
	}
	config := &op.Config{
		CodeMethodS256:        true,
		AuthMethodPost:        true,
		GrantTypeRefreshToken: true,
		SupportedScopes:       scopes(),
		SupportedClaims:       []string{"iss", "sub", "aud", "exp", "iat", "email", "email_verified", "name", "preferred_username", "groups"},
		DeviceAuthorization: op.DeviceAuthorizationConfig{
			Lifetime:     10 * time.Minute,
			PollInterval: s.deviceInterval,
			UserFormPath: devicePath,
			UserCode:     op.UserCodeBase20,
		},
	}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, fmt.Errorf("provider: make the access tokens' key: %w", err)
	}
	library, err := op.NewProvider(config, s, op.StaticIssuer(issuer))
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	return &Provider{issuer: issuer, op: library, storage: s, page: newPage(), outage: newOutage(), counts: newCounts()}, nil
}

// Issuer returns the provider's issuer URL, such as https://127.0.0.1:8443.
func (p *Provider) Issuer() string { return p.issuer }

// Close stops the provider and cuts its connections.
func (p *Provider) Close() error { return p.server.Close() }

// The paths of pkg/op that we add to; the others are its defaults.
const (
	authorizePath       = "/authorize"
	callbackPath        = "/authorize/callback"
	deviceAuthorizePath = "/device_authorization"
	tokenPath           = "/oauth/token"
)

// The paths of our own pages.
const (
	loginPath  = "/login"
	devicePath = "/device"
)

// handler routes a request: first counted and, in an outage, broken; then to us where we add to pkg/op, else to pkg/op.
func (p *Provider) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("POST "+tokenPath, p.token)
	mux.HandleFunc(authorizePath, p.authorize)
	mux.HandleFunc(callbackPath, p.naming)
	mux.HandleFunc("POST "+deviceAuthorizePath, p.authorizeDevice)
	mux.HandleFunc("GET "+loginPath, p.showLogin)
	mux.HandleFunc("POST "+loginPath, p.login)
	mux.HandleFunc("GET "+devicePath, p.showDevice)
	mux.HandleFunc("POST "+devicePath, p.device)
	mux.Handle("/", p.op)
	return p.counts.around(p.outage, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(op.ContextWithIssuer(r.Context(), p.issuer)))
	}))
}

// allowedScopes are those of asked that the provider knows; the others are dropped, as RFC 6749 3.3 allows.
func allowedScopes(asked []string) []string {
	return slices.DeleteFunc(slices.Clone(asked), func(scope string) bool { return !allowed(scope) })
}
