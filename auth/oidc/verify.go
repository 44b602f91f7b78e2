package oidc

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Token is what API servers are given. Its characters are those of RFC 6750 section 2.1: no line ends in it.
type Token struct {
	Value           secret.Text
	Issued, Expires time.Time // by this machine's clock, without a monotonic reading
}

// Claims are what a verified token says of its person.
type Claims struct {
	Issuer, Subject string // together they identify the person
	Person          string // who that is, for people: one line, cleaned, at most 200 characters; not an identity
}

// clockLeeway is how far in the future a token may have been issued, as go-oidc has it for nbf.
const clockLeeway = 5 * time.Minute

// Verify checks the token that came with g (OpenID Connect Core section 3.1.3.7; on a renewal section 12.2: subject is then
// the login's, else ""). An access token repeats no nonce: PKCE alone binds it to the login. It fetches the provider's keys
// at first use and for a key it does not know, at most once a minute.
// Errors: ErrNoIDToken; *Untrusted; *Weather where the keys cannot be had; what Endpoint returns.
func (p *Provider) Verify(ctx context.Context, g Grant, subject string) (Token, Claims, error) {
	bearer := g.id
	if p.config.AccessTokenBearer {
		bearer = g.access
	}
	if bearer.Empty() {
		return Token{}, Claims{}, ErrNoIDToken
	}
	// go-jose takes white space out of a token before it reads it: it would pass with line ends in it.
	if !b64token(bearer.Reveal()) {
		return Token{}, Claims{}, &Untrusted{Check: "form", Words: "it holds characters that no token has"}
	}
	e, err := p.endpoints(ctx)
	if err != nil {
		return Token{}, Claims{}, err
	}
	now := p.now().Round(0).Add(-g.ahead())
	signed := &witness{keys: e.keys}
	_, err = oidc.NewVerifier(p.config.Issuer, signed, p.verifierConfig(now)).Verify(ctx, bearer.Reveal())
	if signed.payload == nil {
		return Token{}, Claims{}, signed.problem(ctx, e.jwks)
	}
	c, ok := readClaims(signed.payload)
	if !ok {
		return Token{}, Claims{}, &Untrusted{Check: "form", Words: "its claims are no JSON object"}
	}
	if u := p.check(c, g, subject, now); u != nil {
		return Token{}, Claims{}, u
	}
	if err != nil { // go-oidc checks most claims too, but says only in words which one failed
		return Token{}, Claims{}, &Untrusted{Check: "form", Words: "its claims are not those of an ID token"}
	}
	issued, expires := c.life(g.arrived.Add(-g.ahead()))
	return Token{Value: bearer, Issued: issued.Add(g.ahead()), Expires: expires.Add(g.ahead())}, c.who(p.config.UsernameClaim), nil
}

func (p *Provider) verifierConfig(now time.Time) *oidc.Config {
	return &oidc.Config{
		ClientID:          p.config.ClientID,
		SkipClientIDCheck: p.config.AccessTokenBearer,
		Now:               func() time.Time { return now },
		// Public keys only: with HS256 a public key would do as the secret (RFC 8725 section 2.1), and none is none.
		SupportedSigningAlgs: []string{
			oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
		},
	}
}

// check holds verified claims against what we know; nil if all is well.
func (p *Provider) check(c claims, g Grant, subject string, now time.Time) *Untrusted {
	id := p.config.ClientID
	bad := func(check, format string, args ...any) *Untrusted {
		return &Untrusted{Check: check, Words: cleaned(fmt.Sprintf(format, args...))}
	}
	switch {
	case c.issuer != p.config.Issuer: // 3.1.3.7 item 2
		return bad("iss", "it is %q's, not the configured issuer's", c.issuer)
	case !p.config.AccessTokenBearer && !slices.Contains(c.audience, id): // item 3
		return bad("aud", "it is for %q, not for this client", c.audience)
	case !p.config.AccessTokenBearer && len(c.audience) > 1 && c.party == "": // item 4
		return bad("azp", "it is for several clients and does not say which one asked")
	case !p.config.AccessTokenBearer && c.party != "" && c.party != id: // item 5
		return bad("azp", "%q asked for it, not this client", c.party)
	case c.subject == "": // 2
		return bad("sub", "it does not say whose it is")
	case subject != "" && c.subject != subject: // 12.2
		return bad("sub", "it is another person's than the login's")
	case !p.config.AccessTokenBearer && g.nonce != "" && c.nonce != g.nonce: // 3.1.3.7 item 11
		return bad("nonce", "it was made for another login")
	}
	name, words := c.untimely(now)
	if name == "" {
		return nil
	}
	u := bad(name, "%s", words)
	// Without a Date theirs is the year 1, by which no token passes.
	skew := g.arrived.Sub(g.Date).Round(time.Second)
	if theirs, _ := c.untimely(g.Date); theirs == "" && skew != 0 {
		u.Skew = skew
		u.Words = "this machine's clock and the provider's differ by " + skew.Abs().String()
	}
	return u
}

// untimely names the first claim about time that does not fit a clock that shows now; "" if all do.
func (c claims) untimely(now time.Time) (name, words string) {
	switch {
	case c.expires.IsZero(): // 3.1.3.7 item 9
		return "exp", "it does not say when it ends"
	case !c.expires.After(now):
		return "exp", "it has expired"
	case !believable(c.expires.Sub(now)):
		return "exp", "its end is not 1 s to 400 days away"
	case c.notBefore.After(now.Add(clockLeeway)): // RFC 7519 section 4.1.5
		return "nbf", "it is not valid yet"
	case c.issued.After(now.Add(clockLeeway)): // item 10
		return "iat", "it was issued in the future"
	}
	return "", ""
}

// ahead is how far this machine's clock is ahead of the provider's, negative behind: tokens are judged by the provider's, and
// their times then told by this machine's. 0 where the provider did not say, where the seconds that an answer travels may be
// all of it, and where it is so much that no clock is to be believed.
func (g Grant) ahead() time.Duration {
	d := g.arrived.Sub(g.Date)
	if g.Date.IsZero() || d.Abs() < 15*time.Second || d.Abs() > 25*time.Hour {
		return 0
	}
	return d
}

// life says from when to when the token is good by this machine's clock, which showed arrived when the token came. By a
// clock that is behind, exp is later than it seems: a token never lasts longer from its arrival than from its iat.
func (c claims) life(arrived time.Time) (issued, expires time.Time) {
	whole := c.expires.Sub(c.issued)
	if c.issued.IsZero() || !believable(whole) {
		return arrived, c.expires
	}
	if c.issued.After(arrived) {
		return arrived, arrived.Add(whole)
	}
	return c.issued, c.expires
}

// claims are the payload of a JWT.
type claims struct {
	all                        object
	issuer, subject, party     string
	nonce                      string
	audience                   []string
	expires, issued, notBefore time.Time // zero: absent
}

func readClaims(payload []byte) (claims, bool) {
	o, ok := readObject(payload)
	return claims{
		all:    o,
		issuer: o.text("iss"), subject: o.text("sub"), party: o.text("azp"), audience: o.texts("aud"), nonce: o.text("nonce"),
		expires: o.date("exp"), issued: o.date("iat"), notBefore: o.date("nbf"),
	}, ok
}

// who names the person by the first claim that says something, the preferred one first.
func (c claims) who(preferred string) Claims {
	person := ""
	for _, name := range []string{preferred, "email", "preferred_username", "name", "sub"} {
		if person = cleaned(c.all.text(name)); person != "" {
			break
		}
	}
	return Claims{Issuer: c.issuer, Subject: c.subject, Person: person}
}
