package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

// The ways to log in, as the configuration spells them.
const (
	wayPassword = "password"
	wayBrowser  = "browser"
	wayDevice   = "device"
)

// login is one login of a person, through one or more of the account's ways.
type login struct {
	Account
	provider Provider
	ask      Asker
	open     func(oidc.Config) (Provider, error)
	endpoint string // the token endpoint
	user     string // the user name, as far as it is known

	client  keychain.Client // a confidential client's secret, as far as it is known
	refused string          // why it must be asked for again; "" while it need not
	asked   bool            // the person gave it in this login
}

// enter logs in with the way that was wished for, or the first, and goes on to the next where the provider or the person
// wants another. The provider is spoken to before the person is: a password that cannot be sent anywhere is not asked for.
func (l *login) enter(ctx context.Context, wish string) (entered, error) {
	ways := l.Login
	if wish != "" {
		i := slices.Index(ways, wish)
		if i < 0 {
			return entered{}, &oidc.Refusal{Kind: oidc.Misconfigured, Words: fmt.Sprintf("%s is not among the ways to log in; write login: [%s]", wish, wish)}
		}
		ways = ways[i:]
	}
	if err := l.find(ctx); err != nil {
		return entered{}, err
	}
	if err := l.identify(ctx); err != nil {
		return entered{}, err
	}
	for i, way := range ways {
		next := ""
		if i+1 < len(ways) {
			next = ways[i+1]
		}
		grant, err := l.identified(ctx, func() (oidc.Grant, error) { return l.through(ctx, way, next) })
		if err == nil {
			return l.entered(grant), nil
		}
		if err := l.goOn(ctx, err, next); err != nil {
			return entered{user: l.user}, err
		}
	}
	return entered{user: l.user}, ErrCancelled // configurations have at least one way
}

// entered is what the login brought.
func (l *login) entered(g oidc.Grant) entered {
	e := entered{grant: g, user: l.user, record: keychain.Record{
		Issuer: l.OIDC.Issuer, TokenEndpoint: l.endpoint, ClientID: l.OIDC.ClientID,
	}}
	if l.asked {
		e.client = l.client
	}
	return e
}

// find learns where the provider is.
func (l *login) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var err error
	l.endpoint, err = l.provider.Reach(ctx)
	return err
}

func (l *login) through(ctx context.Context, way, next string) (oidc.Grant, error) {
	switch way {
	case wayPassword:
		return l.password(ctx, next)
	case wayDevice:
		return l.device(ctx)
	}
	return l.browser(ctx)
}

// goOn decides what follows a way that came to nothing: nil goes on with the next.
func (l *login) goOn(ctx context.Context, err error, next string) error {
	var no *oidc.Refusal
	switch {
	case next == "":
		return err
	case errors.Is(err, ErrOtherWay):
		return nil
	case errors.As(err, &no) && no.Kind == oidc.NeedsOther:
		return l.ask.Offer(ctx, l.Name, l.offer(no.Code, next))
	}
	return err
}

// offer says why another way is needed, and which comes next.
func (l *login) offer(code, next string) string {
	how := "with the browser"
	if next == wayDevice {
		how = "with a code on any device"
	}
	if next == wayPassword {
		how = "with user name and password"
	}
	switch code {
	case "unauthorized_client", "unsupported_grant_type", "invalid_request":
		return fmt.Sprintf("%s cannot be logged in to this way: log in %s", l.Name, how)
	}
	return fmt.Sprintf("%s wants a second factor: log in %s", l.Name, how)
}

func (l *login) password(ctx context.Context, next string) (oidc.Grant, error) {
	q := Question{Account: l.Name, Host: hostOf(l.endpoint), User: l.user, Other: next}
	var refused error
	for range askLimit {
		user, password, err := l.ask.Credentials(ctx, q)
		if errors.Is(err, ErrAskedOnce) && refused != nil {
			err = refused
		}
		if err != nil {
			return oidc.Grant{}, err
		}
		l.user, q.User = user, user
		grant, err := l.provider.Password(ctx, user, password)
		var no *oidc.Refusal
		if err == nil || !errors.As(err, &no) || no.Kind != oidc.WrongPassword {
			return grant, err
		}
		refused, q.Problem = no, "Wrong user name or password"
		if no.Code == "" { // Glewlwyd says 403 and no word, also to a client that may not send passwords
			q.Problem = "The provider refused user name and password, and does not say why"
		}
	}
	return oidc.Grant{}, errTooManyAttempts
}

func (l *login) hint() oidc.Hint {
	return oidc.Hint{User: l.user, Account: l.Name, SelectAccount: l.Shared}
}

func (l *login) browser(ctx context.Context) (oidc.Grant, error) {
	return l.provider.Code(ctx, l.hint(), func(ctx context.Context, address string) error {
		return l.ask.Visit(ctx, Visit{Account: l.Name, Host: hostOf(l.OIDC.Issuer), URL: address, Command: l.Browser})
	})
}

func (l *login) device(ctx context.Context) (oidc.Grant, error) {
	return l.provider.Device(ctx, l.hint(), func(ctx context.Context, c oidc.DeviceCode) error {
		show := DeviceCode{Account: l.Name, Host: c.Host, URL: c.URL, UserCode: c.UserCode, Expires: c.Expires}
		if c.CompleteURL != "" {
			show.URL = c.CompleteURL
		}
		if c.OtherHost {
			show.Foreign = hostOf(l.OIDC.Issuer)
		}
		return l.ask.Code(ctx, show)
	})
}

// hostOf is the host of a URL with its port; "" of what is none.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
