package oidc

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Grant is a token endpoint's answer, read but not believed. Keep Refresh first, then Verify: nothing else yields a Token.
type Grant struct {
	Refresh     secret.Text // the refresh token to keep from now on; empty: a login that yielded none
	RefreshEnds time.Time   // when this refresh token ends unless it is used; zero: unknown
	Date        time.Time   // the provider's clock, from the answer's Date header; zero: it did not say

	arrived    time.Time // by this machine's clock
	nonce      string    // what the ID token must repeat; "": none was sent
	id, access secret.Text
}

// Password logs in with user name and password (RFC 6749 section 4.3). It sends one request, once the endpoint is known.
// Errors: *Refusal of kind WrongPassword, NeedsOther or Misconfigured; *Weather; context.Canceled.
func (p *Provider) Password(ctx context.Context, user string, password secret.Text) (Grant, error) {
	return p.exchange(ctx, passwordGrant, password, p.asking(url.Values{
		"grant_type": {"password"}, "username": {user}, "password": {password.Reveal()},
	}))
}

// asking adds to form what every login asks for.
func (p *Provider) asking(form url.Values) url.Values {
	if len(p.config.Scopes) > 0 {
		form.Set("scope", strings.Join(p.config.Scopes, " "))
	}
	if p.config.Audience != "" {
		form.Set("audience", p.config.Audience)
	}
	return form
}

// Renew sends the refresh token (RFC 6749 section 6), without scope: with fewer scopes than before, providers leave claims
// out. It sends one request, once the endpoint is known. An answer without a refresh token means that the old one goes on;
// Grant.Refresh then is the old one.
// Errors: *Refusal of kind Ended or Misconfigured; *Weather; context.Canceled.
func (p *Provider) Renew(ctx context.Context, refresh secret.Text) (Grant, error) {
	return p.exchange(ctx, renewal, refresh, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}})
}

// exchange sends one token request with the secret sent in its form, and reads the answer.
func (p *Provider) exchange(ctx context.Context, g grantType, sent secret.Text, form url.Values) (Grant, error) {
	e, err := p.endpoints(ctx)
	if err != nil {
		return Grant{}, err
	}
	a, err := p.request(ctx, e, form)
	if err != nil {
		return Grant{}, err
	}
	return p.granted(a, g, sent, e.token)
}

// request sends form to the token endpoint, once, with x/oauth2: its client credentials grant is the one that leaves every
// parameter to the caller, the grant type too. x/oauth2's own reading of the answer is not used: it drops the whole answer,
// with the refresh token that replaced ours, when one field of it is odd or missing; and its errors quote whole answers.
func (p *Provider) request(ctx context.Context, e endpoints, form url.Values) (*answer, error) {
	rec := &recorder{next: p.client.Transport}
	client := *p.client
	client.Transport = rec
	c := clientcredentials.Config{
		ClientID:       p.config.ClientID,
		ClientSecret:   p.config.ClientSecret.Reveal(),
		TokenURL:       e.token,
		EndpointParams: form,
		AuthStyle:      oauth2.AuthStyleInParams,
	}
	if p.basic(e) {
		c.AuthStyle = oauth2.AuthStyleInHeader
	}
	_, err := c.Token(context.WithValue(ctx, oauth2.HTTPClient, &client))
	if rec.got == nil {
		return nil, fault(ctx, e.token, err)
	}
	return rec.got, nil
}

// granted reads the answer to a token request.
func (p *Provider) granted(a *answer, g grantType, sent secret.Text, address string) (Grant, error) {
	if !a.success() {
		return Grant{}, a.refused(g, sent, address, p.now())
	}
	var old secret.Text
	if g == renewal {
		old = sent
	}
	grant, ok := readGrant(a, old, p.now())
	if !ok {
		return Grant{}, a.weather(address, p.now())
	}
	return grant, nil
}

// readGrant reads a successful answer (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3) that arrived now. old is the
// refresh token that goes on where the answer holds none. Not ok: it is no token answer.
func readGrant(a *answer, old secret.Text, now time.Time) (g Grant, ok bool) {
	doc, ok := readObject(a.body)
	if !ok {
		return Grant{}, false
	}
	g = Grant{
		Refresh: secret.New(doc.text("refresh_token")),
		arrived: now.Round(0),
		id:      secret.New(doc.text("id_token")),
		access:  secret.New(doc.text("access_token")),
	}
	if g.Refresh.Empty() && g.id.Empty() && g.access.Empty() {
		return Grant{}, false
	}
	if g.Refresh.Empty() {
		g.Refresh = old
	}
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		g.Date = date
	}
	life := doc.lifetime("refresh_expires_in") // Keycloak
	if life == 0 {
		life = doc.lifetime("refresh_token_expires_in")
	}
	g.RefreshEnds = g.refreshEnds(life)
	return g, true
}

// refreshEnds is the refresh token's end: life from now where the provider said it, else the exp of a refresh token that is
// a JWT.
func (g Grant) refreshEnds(life time.Duration) time.Time {
	if life != 0 {
		return g.arrived.Add(life)
	}
	parts := strings.Split(g.Refresh.Reveal(), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	claims, _ := readObject(payload)
	ends := claims.date("exp")
	if !believable(ends.Sub(g.arrived)) {
		return time.Time{}
	}
	return ends
}
