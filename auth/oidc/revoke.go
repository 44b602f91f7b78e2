package oidc

import (
	"context"
	"net/http"
	"net/url"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Revoke ends the refresh token's session at the provider (RFC 7009), with one request once the endpoint is known.
// Errors: ErrCannot; *Refusal of kind Misconfigured; *Weather; context.Canceled.
func (p *Provider) Revoke(ctx context.Context, refresh secret.Text) error {
	e, err := p.endpoints(ctx)
	if err != nil {
		return err
	}
	if e.revocation == "" {
		return ErrCannot
	}
	// section 2.1
	a, err := p.post(ctx, e, e.revocation, url.Values{"token": {refresh.Reveal()}, "token_type_hint": {"refresh_token"}})
	if err != nil {
		return err
	}
	if a.status == http.StatusOK {
		return nil // section 2.2: also for a token that was dead already
	}
	doc, _ := readObject(a.body)
	switch code := doc.text("error"); {
	case a.status >= 500:
	case code == "unsupported_token_type": // section 2.2.1
		return ErrCannot
	case code == "invalid_client", code == "unauthorized_client":
		return &Refusal{Kind: Misconfigured, Code: code, Words: host(e.revocation) + " does not let this client revoke: " + code}
	}
	return a.weather(e.revocation, p.now())
}
