package provider

import (
	"context"
	"crypto/subtle"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The provider's two clients. Both may use every grant and any loopback redirect URI.
const (
	PublicClient       = "kubernetes"              // no secret; PKCE required
	ConfidentialClient = "kubernetes-confidential" // authenticates with ConfidentialSecret, by Basic or in the form
	ConfidentialSecret = "demo-only client:secret+%"
)

const (
	scopeGroups       = "groups"
	grantTypePassword = oidc.GrantType("password") // RFC 6749 4.3; pkg/op does not know it
)

func scopes() []string {
	return []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess, scopeGroups}
}

func allowed(scope string) bool { return scope == scopeUnasked || slices.Contains(scopes(), scope) }

// client is one of the two, with the lifetime of an ID token at the moment of the request. It implements op.Client and
// op.HasRedirectGlobs.
type client struct {
	id        string
	secret    string // "" for the public client
	idToken   time.Duration
	redirects []string // globs; nil: any on loopback
}

func (c *client) public() bool { return c.secret == "" }

func (c *client) GetID() string                    { return c.id }
func (c *client) RedirectURIs() []string           { return nil }
func (c *client) PostLogoutRedirectURIs() []string { return nil }

// RedirectURIGlobs implements op.HasRedirectGlobs: any port and path on loopback (RFC 8252 7.3), where manners do not forbid it.
func (c *client) RedirectURIGlobs() []string {
	if c.redirects != nil {
		return c.redirects
	}
	return []string{"http://127.0.0.1:*/**", `http://\[::1\]:*/**`, "http://localhost:*/**"}
}

func (c *client) PostLogoutRedirectURIGlobs() []string { return c.RedirectURIGlobs() }

func (c *client) ApplicationType() op.ApplicationType {
	if c.public() {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

func (c *client) AuthMethod() oidc.AuthMethod {
	if c.public() {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

func (c *client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeDeviceCode, grantTypePassword}
}

func (c *client) LoginURL(id string) string {
	return loginPath + "?" + url.Values{"request": {id}}.Encode()
}

func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration      { return c.idToken }
func (c *client) DevMode() bool                       { return false }

func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// IsScopeAllowed is asked for scopes OpenID Connect does not define; refused, groups would vanish from the request.
func (c *client) IsScopeAllowed(scope string) bool { return allowed(scope) }

// IDTokenUserinfoClaimsAssertion is true to have e-mail and groups in the ID token, not at the userinfo endpoint only.
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return true }

func (c *client) ClockSkew() time.Duration { return 0 }

// GetClientByClientID implements op.OPStorage.
func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch id {
	case PublicClient:
		return &client{id: id, idToken: s.idToken, redirects: s.manners.redirects}, nil
	case ConfidentialClient:
		return &client{id: id, secret: ConfidentialSecret, idToken: s.idToken, redirects: s.manners.redirects}, nil
	}
	return nil, oidc.ErrInvalidClient().WithDescription("unknown client")
}

// AuthorizeClientIDSecret implements op.OPStorage.
func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ConfidentialClient || subtle.ConstantTimeCompare([]byte(secret), []byte(ConfidentialSecret)) == 0 {
		return oidc.ErrInvalidClient().WithDescription("wrong client or secret")
	}
	return nil
}
