package oidc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// endpoints is what is known of a provider once it was discovered.
type endpoints struct {
	token, jwks, revocation string
	authorization, device   string // "": the provider has no such login
	postOnly                bool   // it takes client secrets in the body, not in the Authorization header
	namesItself             bool   // its answers to the browser hold iss (RFC 9207 section 3)
	keys                    oidc.KeySet
}

// lookup is one discovery. Its results may be read once done is closed.
type lookup struct {
	done chan struct{}
	ends endpoints
	err  error
}

// Endpoint returns the address that passwords and refresh tokens are sent to. Unless it is known it is discovered (OpenID
// Connect Discovery 1.0 section 4): all callers share one request, a success is kept, a failure is not. Errors: *Weather,
// and a *Refusal of kind Misconfigured where the document cannot be used.
func (p *Provider) Endpoint(ctx context.Context) (string, error) {
	e, err := p.endpoints(ctx)
	return e.token, err
}

// Reach is Endpoint for a login: it asks even where the answer is known, so that nobody types a password for a provider that
// is not there. With configured endpoints nothing is asked, and nothing known. Errors as Endpoint's.
func (p *Provider) Reach(ctx context.Context) (string, error) {
	p.mu.Lock()
	known := p.found != nil
	p.mu.Unlock()
	if known && !p.undiscovered() {
		body, err := p.get(ctx, p.document())
		if err == nil {
			_, err = p.readDiscovery(body)
		}
		if err != nil {
			return "", err
		}
	}
	return p.Endpoint(ctx)
}

// document is where the provider describes itself.
func (p *Provider) document() string {
	return strings.TrimSuffix(p.config.Issuer, "/") + "/.well-known/openid-configuration"
}

func (p *Provider) endpoints(ctx context.Context) (endpoints, error) {
	p.mu.Lock()
	l := p.found
	if l == nil {
		l = &lookup{done: make(chan struct{})}
		p.found = l
		// Others wait for it: the first caller's end is not theirs.
		go p.discover(context.WithoutCancel(ctx), l)
	}
	p.mu.Unlock()
	select {
	case <-l.done:
		return l.ends, l.err
	case <-ctx.Done():
		return endpoints{}, fault(ctx, p.config.Issuer, ctx.Err())
	}
}

func (p *Provider) discover(ctx context.Context, l *lookup) {
	body, err := p.get(ctx, p.document())
	if err == nil {
		l.ends, err = p.readDiscovery(body)
	}
	if l.err = err; err != nil {
		p.mu.Lock()
		p.found = nil
		p.mu.Unlock()
	}
	close(l.done)
}

// readDiscovery reads a provider's metadata (Discovery section 4.2) and checks what it says.
func (p *Provider) readDiscovery(body []byte) (endpoints, error) {
	doc, ok := readObject(body)
	if !ok {
		return endpoints{}, &Weather{Words: host(p.config.Issuer) + " answered with something that is no OpenID configuration"}
	}
	// Section 4.3: exactly this issuer. A slash more is another issuer, to API servers too.
	if got := doc.text("issuer"); got != p.config.Issuer {
		return endpoints{}, misconfigured(fmt.Sprintf("issuer: the provider calls itself %q; write exactly that", cleaned(got)))
	}
	e := p.configured()
	for _, f := range []struct {
		to         *string
		name, line string // in the document, and the line that makes up for its absence
	}{
		{&e.token, "token_endpoint", "tokenEndpoint"},
		{&e.jwks, "jwks_uri", "jwksURI"},
		{&e.revocation, "revocation_endpoint", ""},
		{&e.authorization, "authorization_endpoint", ""},
		{&e.device, "device_authorization_endpoint", ""},
	} {
		if *f.to == "" {
			*f.to = doc.text(f.name)
		}
		if *f.to == "" && f.line == "" {
			continue
		}
		if *f.to == "" {
			return endpoints{}, misconfigured(fmt.Sprintf("the provider does not say its %s; write %s", f.name, f.line))
		}
		if err := checkURL(*f.to); err != nil {
			return endpoints{}, misconfigured(fmt.Sprintf("the provider's %s cannot be used: %v", f.name, err))
		}
	}
	methods := doc.texts("token_endpoint_auth_methods_supported")
	e.postOnly = slices.Contains(methods, "client_secret_post") && !slices.Contains(methods, "client_secret_basic")
	e.namesItself = doc.truth("authorization_response_iss_parameter_supported")
	e.keys = p.newKeys(e.jwks)
	return e, nil
}

func (p *Provider) configured() endpoints {
	c := p.config
	return endpoints{
		token: c.TokenEndpoint, jwks: c.JWKSURI, revocation: c.RevocationEndpoint,
		authorization: c.AuthorizationEndpoint, device: c.DeviceEndpoint,
	}
}

// undiscovered: the endpoints are all configured, and none is looked up.
func (p *Provider) undiscovered() bool { return p.config.TokenEndpoint != "" && p.config.JWKSURI != "" }

// withoutDiscovery is the lookup of a provider whose endpoints are all configured.
func (p *Provider) withoutDiscovery() *lookup {
	l := &lookup{done: make(chan struct{}), ends: p.configured()}
	l.ends.keys = p.newKeys(l.ends.jwks)
	close(l.done)
	return l
}
