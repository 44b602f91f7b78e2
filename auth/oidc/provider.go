// Package oidc speaks to one OpenID Connect provider for one account: discovery, the grants, renewal, verification,
// revocation, all through one HTTP client. What a provider answers is read but not believed: a Grant holds what came, and
// only Verify makes a Token of it. Nothing is stored here but the provider's metadata and keys, in memory.
//
// Errors are a *Refusal (the provider said no), an *Untrusted (its token did not verify), ErrNoIDToken, ErrCannot,
// context.Canceled where the caller gave up, and *Weather for all the rest. Their texts name hosts, error codes and at most
// 200 cleaned characters of the provider's description: never a password, a token or an answer.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// AuthStyle says how a confidential client, one with a secret, proves itself. A public client always sends its client_id
// in the body. x/oauth2's automatic mode is never used: it sends every request that fails a second time.
type AuthStyle uint8

// The ways of RFC 6749 section 2.3.1.
const (
	AuthByDiscovery AuthStyle = iota // client_secret_post where discovery names that and not client_secret_basic; else basic
	AuthBasic                        // client_secret_basic: in the Authorization header
	AuthPost                         // client_secret_post: in the body
)

// Config is what a person configured for one account's provider. Issuer and ClientID are needed, the rest is optional.
type Config struct {
	Issuer       string      // the issuer identifier, exactly as the provider's discovery and tokens spell it
	ClientID     string      //
	ClientSecret secret.Text // empty for a public client
	AuthStyle    AuthStyle   //
	Scopes       []string    // asked for at a login; a renewal sends none
	CA           []byte      // PEM certificates, trusted beside the system's for this provider only
	Proxy        string      // http, https or socks5 URL; "": as the environment says

	// Endpoints that discovery lacks. They win over discovered ones; with TokenEndpoint and JWKSURI nothing is discovered.
	TokenEndpoint, JWKSURI, RevocationEndpoint, AuthorizationEndpoint, DeviceEndpoint string

	Audience string // sent as audience at every login; "": not sent
	Prompt   string // what the provider is to ask a person in the browser (OpenID Connect Core section 3.1.2.1); "": what it likes
	// AuthParams are more parameters for the browser login's and the device login's first request. Those that this package
	// sends itself are refused.
	AuthParams map[string]string
	// Redirects are where the browser comes back to (RFC 8252 section 7.3), in order: the first whose port is free is
	// used, as written. http on 127.0.0.1, [::1] or localhost; without a port a free one is chosen and written in.
	// None: http://127.0.0.1/callback.
	Redirects []string

	// AccessTokenBearer: the API server is given the access token instead of the ID token. It must be a JWT. Its audience
	// is the API server's affair, so aud and azp are not checked.
	AccessTokenBearer bool
	UsernameClaim     string // the claim that names the person; "": email, preferred_username, name or sub
}

// Provider is one account's provider. Its methods may be called from many goroutines at once; they wait for the network, at
// most 5 s for a connection and 15 s for an answer, never past their context.
type Provider struct {
	config    Config
	redirects []redirect
	now       func() time.Time
	wait      func(context.Context, time.Duration) error // returns early, with an error, when its context ends
	client    *http.Client

	mu    sync.Mutex
	found *lookup // the discovery under way or the one that succeeded; nil after a failure
}

// New prepares a provider; it uses no network. An error says which line of the configuration cannot work.
func New(c Config, now func() time.Time) (*Provider, error) {
	return newProvider(c, now, timings{connect: 5 * time.Second, request: 15 * time.Second})
}

func newProvider(c Config, now func() time.Time, t timings) (*Provider, error) {
	if c.ClientID == "" {
		return nil, errors.New("clientID: it is missing")
	}
	for _, e := range []struct{ key, url string }{
		{"issuer", c.Issuer}, {"tokenEndpoint", c.TokenEndpoint}, {"jwksURI", c.JWKSURI}, {"revocationEndpoint", c.RevocationEndpoint},
		{"authorizationEndpoint", c.AuthorizationEndpoint}, {"deviceEndpoint", c.DeviceEndpoint},
	} {
		if e.url == "" && e.key != "issuer" {
			continue
		}
		if err := checkURL(e.url); err != nil {
			return nil, fmt.Errorf("%s: %w", e.key, err)
		}
	}
	if err := checkParams(c.AuthParams); err != nil {
		return nil, fmt.Errorf("authParams: %w", err)
	}
	redirects, err := parseRedirects(c.Redirects)
	if err != nil {
		return nil, fmt.Errorf("redirect: %w", err)
	}
	client, err := newClient(c.CA, c.Proxy, t)
	if err != nil {
		return nil, err
	}
	p := &Provider{config: c, redirects: redirects, now: now, wait: wait, client: client}
	if p.undiscovered() {
		p.found = p.withoutDiscovery()
	}
	return p, nil
}

// checkURL holds every endpoint, configured or discovered, to one rule: https, or http on 127.0.0.1 or [::1].
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("it is not a web address; write https://…")
	case u.User != nil:
		return errors.New("an address here must not hold a user name or password")
	case u.Fragment != "":
		return errors.New("an address here must not hold a #")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u):
		return nil
	}
	return fmt.Errorf("%s is not protected; write https (http is for 127.0.0.1 and [::1] only)", cleaned(u.Scheme+"://"+u.Host))
}

// loopback compares with the literal addresses only: what a name like localhost means is decided elsewhere.
func loopback(u *url.URL) bool { return u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" }

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// basic reports whether the client proves itself in the Authorization header.
func (p *Provider) basic(e endpoints) bool {
	if p.config.ClientSecret.Empty() {
		return false
	}
	return p.config.AuthStyle == AuthBasic || p.config.AuthStyle == AuthByDiscovery && !e.postOnly
}

// host is how a provider's address is named to a person.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "the provider"
	}
	return cleaned(strings.ToLower(u.Host))
}
