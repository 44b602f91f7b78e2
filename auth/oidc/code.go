package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Hint is what a login in the browser or on a device may say of its person.
type Hint struct {
	User          string // the user name, sent as login_hint; "": the provider asks
	Account       string // what the browser's last page calls the account
	SelectAccount bool   // ask which account: the browser may be logged in to the provider as somebody else
}

// Code logs in with the browser (RFC 6749 section 4.1, RFC 8252, OpenID Connect Core section 3.1), with PKCE (RFC 7636, S256)
// always. visit is called once, in a goroutine of its own, with an http address on 127.0.0.1 or [::1] that a browser of this
// machine must open: it leads to the provider once. visit may return at once, or show the address until its context ends,
// which it does with the login; an error of it ends the login and is returned as it is. The browser's last page waits for the
// tokens, not for Verify. Code returns once visit has, with no port left open.
// Errors: *Refusal of kind Denied, NeedsOther or Misconfigured; *Weather, also where no port is free; context.Canceled.
func (p *Provider) Code(ctx context.Context, hint Hint, visit func(ctx context.Context, address string) error) (Grant, error) {
	e, err := p.endpoints(ctx)
	if err != nil {
		return Grant{}, err
	}
	if e.authorization == "" {
		return Grant{}, lacks("authorization_endpoint", "authorizationEndpoint")
	}
	d, err := openDoor(p.redirects, net.Listen)
	if err != nil {
		return Grant{}, err
	}
	a := p.authorization(e, hint, d.redirect)
	d.serve(a.address, a.state)
	return beside(ctx, func(ctx context.Context) error { return visit(ctx, d.start) }, func(ctx context.Context) (Grant, error) {
		defer d.close()
		select {
		case back := <-d.arrived:
			g, err := p.redeem(ctx, e, a, back.callback)
			back.answer(pageAfter(hint.Account, err))
			return g, err
		case <-ctx.Done():
			return Grant{}, unfinished(ctx, "nobody finished the login in the browser in time")
		}
	})
}

// authorization is one authorization request, and what its answer is held against.
type authorization struct {
	address, redirect, state, nonce string
	verifier                        secret.Text
}

// authorization makes the request of Core section 3.1.2.1. state and nonce have 128 bits and a little more, the verifier 256.
func (p *Provider) authorization(e endpoints, hint Hint, redirect string) authorization {
	verifier := oauth2.GenerateVerifier()
	a := authorization{redirect: redirect, state: rand.Text(), nonce: rand.Text(), verifier: secret.New(verifier)}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	params := p.hinted(hint, url.Values{"nonce": {a.nonce}})
	if words := prompt(p.config.Prompt, hint.SelectAccount); words != "" {
		params.Set("prompt", words)
	}
	for name := range params {
		options = append(options, oauth2.SetAuthURLParam(name, params.Get(name)))
	}
	c := oauth2.Config{ClientID: p.config.ClientID, RedirectURL: redirect, Endpoint: oauth2.Endpoint{AuthURL: e.authorization}}
	a.address = c.AuthCodeURL(a.state, options...)
	return a
}

// hinted adds to form what the first request of a login with browser or device says.
func (p *Provider) hinted(hint Hint, form url.Values) url.Values {
	for name, value := range p.config.AuthParams {
		form.Set(name, value)
	}
	if hint.User != "" {
		form.Set("login_hint", hint.User)
	}
	return p.asking(form)
}

// prompt adds select_account to what was configured, unless that makes the provider ask, or be silent, anyway.
func prompt(configured string, selectAccount bool) string {
	words := strings.Fields(configured)
	asks := func(w string) bool { return w == "login" || w == "select_account" || w == "create" || w == "none" }
	if selectAccount && !slices.ContainsFunc(words, asks) {
		words = append(words, "select_account")
	}
	return strings.Join(words, " ")
}

// checkParams refuses parameters that would take the place of ours.
func checkParams(params map[string]string) error {
	for name := range params {
		switch name {
		case "":
			return errors.New("a parameter must have a name")
		case "prompt", "audience":
			return fmt.Errorf("write %s beside authParams, not in it", name)
		case "scope":
			return errors.New("write scopes, not scope in authParams")
		case "response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "state", "nonce", "code_challenge",
			"code_challenge_method", "login_hint", "request", "request_uri":
			return fmt.Errorf("%s is not yours to set; remove it", name)
		}
	}
	return nil
}

// callback is the answer to an authorization request (RFC 6749 section 4.1.2, RFC 9207 section 2).
type callback struct {
	code               secret.Text
	issuer             string
	named              bool // it holds an iss
	error, description string
}

// readCallback reads the query the browser came back with. Not ok: it is not the answer to the request with this state, or
// none at all.
func readCallback(query, state string) (callback, bool) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return callback{}, false
	}
	for _, name := range []string{"state", "code", "iss", "error", "error_description"} {
		if len(q[name]) > 1 { // RFC 6749 section 3.1
			return callback{}, false
		}
	}
	if state == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
		return callback{}, false
	}
	c := callback{
		code:   secret.New(q.Get("code")),
		issuer: q.Get("iss"), named: q.Has("iss"),
		error: q.Get("error"), description: q.Get("error_description"),
	}
	return c, c.error != "" || !c.code.Empty()
}

// redeem makes a Grant of the browser's answer: a code is sent once, with the verifier (RFC 7636 section 4.5).
func (p *Provider) redeem(ctx context.Context, e endpoints, a authorization, c callback) (Grant, error) {
	// RFC 9207 section 2.4: a code or an error of another provider is nothing that ours said.
	if (c.named || e.namesItself) && c.issuer != p.config.Issuer {
		return Grant{}, misconfigured(fmt.Sprintf("the browser came back from %q, not from the configured issuer", cleaned(c.issuer)))
	}
	if c.error != "" {
		return Grant{}, c.refused(e.authorization)
	}
	g, err := p.exchange(ctx, codeGrant, c.code, url.Values{
		"grant_type": {"authorization_code"}, "code": {c.code.Reveal()},
		"redirect_uri": {a.redirect}, "code_verifier": {a.verifier.Reveal()},
	})
	if err != nil {
		return Grant{}, err
	}
	g.nonce = a.nonce
	return g, nil
}

// refused is what an error in the browser's answer means (RFC 6749 section 4.1.2.1, Core section 3.1.2.6).
func (c callback) refused(address string) error {
	words := c.error
	if c.description != "" {
		words += ": " + c.description
	}
	r := &Refusal{Kind: Misconfigured, Code: cleaned(c.error), Words: cleaned(words)}
	switch c.error {
	case "server_error", "temporarily_unavailable":
		return &Weather{Words: cleaned(host(address) + " answered " + words)}
	case "access_denied":
		r.Kind = Denied
	case "unauthorized_client", "unsupported_response_type", "interaction_required", "login_required", "consent_required",
		"account_selection_required":
		r.Kind = NeedsOther
	}
	return r
}

// lacks says that the provider does not offer a way to log in.
func lacks(name, line string) *Refusal {
	return &Refusal{Kind: NeedsOther, Words: fmt.Sprintf("the provider does not say its %s; write %s, or log in in another way", name, line)}
}

// unfinished is the error of a login whose ctx has ended before its person did: context.Canceled, or *Weather with words.
func unfinished(ctx context.Context, words string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return &Weather{Words: words}
}

// beside runs a login while show is before the person's eyes. Each ends the other: show's context ends with the login, and
// an error of show is the login's. It returns when both have.
func beside(ctx context.Context, show func(context.Context) error, login func(context.Context) (Grant, error)) (Grant, error) {
	both, cancel := context.WithCancel(ctx)
	var failed error
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		if failed = show(both); failed != nil {
			cancel()
		}
	}()
	g, err := login(both)
	cancel()
	<-shown
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		err = failed
	}
	return g, err
}
