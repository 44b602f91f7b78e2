package auth

import (
	"context"
	"errors"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

// ClientSecretError: a confidential client cannot prove itself, and a person must give its secret at the next login.
type ClientSecretError struct{ Words string }

func (e *ClientSecretError) Error() string { return e.Words }

const (
	noSecret      = "the client secret is not in the keychain; log in to be asked for it"
	refusedSecret = "the provider refused the client secret; log in to be asked for it again" // a login asks for it anew
)

// refusedClient is why the secret that there is must be asked for again; "" if it need not.
func refusedClient(ended Reason) string {
	if ended == (Reason{CodeClientSecret, refusedSecret}) {
		return "The provider refused the client secret"
	}
	return ""
}

// clientError is err, of a request that a's client sent, or *ClientSecretError where that means its secret.
func (a Account) clientError(err error) error {
	var no *oidc.Refusal
	if a.Secret && errors.As(err, &no) && no.Code == "invalid_client" {
		return &ClientSecretError{refusedSecret}
	}
	return err
}

// ends are the places that a secret may be sent to: rule 9.
type ends struct{ issuer, clientID, tokenEndpoint string }

// differ says what the configuration of a changed since was written down; nil if nothing: the secret may be sent.
func (a Account) differ(was ends, endpoint string) error {
	for _, end := range []struct{ what, recorded, now string }{
		{"issuer", was.issuer, a.OIDC.Issuer},
		{"client ID", was.clientID, a.OIDC.ClientID},
		{"token endpoint", was.tokenEndpoint, endpoint},
	} {
		if end.recorded != end.now {
			return &OtherEndsError{a.Name, end.what, end.recorded, end.now}
		}
	}
	return nil
}

// proven reports whether there is nothing to prove, or a secret that may be sent to endpoint.
func (a Account) proven(c keychain.Client, endpoint string) bool {
	return !a.Secret || !c.Secret.Empty() && a.differ(ends{c.Issuer, c.ClientID, c.TokenEndpoint}, endpoint) == nil
}

// renew sends the refresh token, and the client secret, to where they came from, and nowhere else: rule 9.
func renew(ctx context.Context, a Account, p Provider, c keychain.Client, r keychain.Record) (oidc.Grant, error) {
	endpoint, err := p.Endpoint(ctx)
	if err == nil {
		err = a.differ(ends{r.Issuer, r.ClientID, r.TokenEndpoint}, endpoint)
	}
	if err != nil {
		return oidc.Grant{}, err
	}
	if !a.proven(c, endpoint) {
		return oidc.Grant{}, &ClientSecretError{noSecret}
	}
	g, err := p.Renew(ctx, r.Refresh)
	return g, a.clientError(err)
}

// revoke ends r's session at the provider that gave it, and nowhere else: rule 9.
func revoke(ctx context.Context, a Account, p Provider, c keychain.Client, r keychain.Record) error {
	endpoint, err := p.Endpoint(ctx)
	if err == nil && r.Issuer != "" {
		err = a.differ(ends{r.Issuer, r.ClientID, r.TokenEndpoint}, endpoint)
	}
	switch {
	case err != nil:
		return err
	case !a.proven(c, endpoint):
		return &ClientSecretError{noSecret}
	}
	return p.Revoke(ctx, r.Refresh)
}

// identified is a's provider, which knows the client secret that the session holds.
func (k *Keeper) identified(a *keeping) Provider {
	known := a.session.client.Secret
	if !a.Secret || known.Equal(a.opened) {
		return a.provider
	}
	c := a.OIDC
	c.ClientSecret = known
	if p, err := k.open(c); err == nil { // as it was without
		a.provider, a.opened = p, known
	}
	return a.provider
}

// ForgetClient removes the client secret of the account called name, if there is one, from the keychain too.
func (k *Keeper) ForgetClient(ctx context.Context, name string) error {
	var (
		a   *keeping
		err error
	)
	if stopped := k.do(func() {
		if a, err = k.find(name); err == nil {
			k.feed(a, clientForgotten{})
		}
	}); stopped != nil || err != nil {
		return firstError(stopped, err)
	}
	return k.store.ForgetClient(ctx, a.Name) // also where the configuration had one once
}

// identify sees to it that the provider will know who asks: it asks the person for a confidential client's secret where the
// keychain has none that may be sent there, or where the provider refused it.
func (l *login) identify(ctx context.Context) error {
	if l.refused == "" && l.proven(l.client, l.endpoint) {
		return nil
	}
	typed, err := l.ask.ClientSecret(ctx, ClientQuestion{
		Account: l.Name, Client: l.OIDC.ClientID, Host: hostOf(l.endpoint), Problem: l.refused,
	})
	if err == nil && typed.Empty() {
		err = ErrCancelled
	}
	if err != nil {
		return err
	}
	c := l.OIDC
	c.ClientSecret = typed
	l.client = keychain.Client{Secret: typed, Issuer: c.Issuer, TokenEndpoint: l.endpoint, ClientID: c.ClientID}
	l.asked, l.refused = true, ""
	l.provider, err = l.open(c)
	return err
}

// identified goes through a way, again with another client secret where the provider refuses the one there is.
func (l *login) identified(ctx context.Context, through func() (oidc.Grant, error)) (oidc.Grant, error) {
	for try := 1; ; try++ {
		grant, err := through()
		err = l.clientError(err)
		var refused *ClientSecretError
		if !errors.As(err, &refused) || try == askLimit {
			return grant, err
		}
		l.refused = "The provider refused the client secret"
		if err := l.identify(ctx); err != nil {
			return oidc.Grant{}, err
		}
	}
}
