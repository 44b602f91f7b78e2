package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

const (
	loginLimit = 5 * time.Minute  // a login that nobody answers ends by itself
	askLimit   = 3                // so many passwords are asked for in one login
	startLimit = 20 * time.Second // the provider is found, or it is unreachable
)

// Grants are the ways to get, to renew and to end a session at a provider.
type Grants interface {
	Password(ctx context.Context, user string, password secret.Text) (oidc.Grant, error)
	Code(ctx context.Context, hint oidc.Hint, visit func(context.Context, string) error) (oidc.Grant, error)
	Device(ctx context.Context, hint oidc.Hint, show func(context.Context, oidc.DeviceCode) error) (oidc.Grant, error)
	Renew(ctx context.Context, refresh secret.Text) (oidc.Grant, error)
	Revoke(ctx context.Context, refresh secret.Text) error
}

// LoginFailedError: a login came to nothing. What was there before is as it was.
type LoginFailedError struct {
	Account string
	Reason  Reason
}

func (e *LoginFailedError) Error() string {
	return fmt.Sprintf("%s: not logged in%s", e.Account, e.Reason.tail())
}

// Wish is what a person said when asking for a login; the zero value is nothing.
type Wish struct {
	User string // the user name; "": that of the configuration or of the last login
	Way  string // one of the account's ways to log in; "": the first
}

// Login logs the account, or the account of the cluster, called name in: it asks the person through ask and returns when the
// new session is stored and its token verified, or with *LoginFailedError. A login that is under way already is joined. Ending
// ctx cancels the login this call began.
func (k *Keeper) Login(ctx context.Context, name string, wish Wish, ask Asker) error {
	ctx, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	var (
		a      *keeping
		l      *login
		joined bool
		err    error
	)
	if stopped := k.do(func() {
		if a, err = k.find(name); err != nil {
			return
		}
		if joined = a.session.loggingIn || a.session.entering; joined {
			return
		}
		a.cancel = cancel
		if wish.User == "" {
			wish.User = a.session.user
		}
		l = &login{Account: a.Account, provider: k.identified(a), ask: ask, open: k.open, user: wish.User,
			client: a.session.client, refused: refusedClient(a.session.ended)}
		k.feed(a, loginBegun{})
	}); stopped != nil || err != nil {
		return firstError(stopped, err)
	}
	if joined {
		return k.loginOutcome(ctx, a)
	}
	e, err := l.enter(ctx, wish.Way)
	reason := failure(ctx, err)
	if stopped := k.do(func() {
		a.cancel = nil
		if err == nil && !slices.Contains(k.accounts, a) {
			err, reason = ErrCancelled, Reason{CodeCancelled, "the configuration changed meanwhile"}
			k.leave(a, unwanted{e.grant})
		}
		if err != nil {
			k.feed(a, loginFailed{reason, e.user})
			a.settle()
			return
		}
		a.provider, a.opened = l.provider, l.client.Secret
		k.feed(a, e)
	}); stopped != nil {
		return stopped
	}
	if err != nil {
		return &LoginFailedError{a.Name, reason}
	}
	return k.loginOutcome(context.WithoutCancel(ctx), a) // the session is there: whoever asked for it may go
}

// loginOutcome waits for the login of a to end and says how it ended.
func (k *Keeper) loginOutcome(ctx context.Context, a *keeping) error {
	for {
		var (
			settled chan struct{}
			s       session
		)
		if stopped := k.do(func() { s, settled = a.session, a.settled }); stopped != nil {
			return stopped
		}
		if !s.loggingIn && !s.entering {
			if s.lastLogin != (Reason{}) {
				return &LoginFailedError{a.Name, s.lastLogin}
			}
			return nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// CancelLogin ends the login of the account or cluster called name, if one is waiting for its person.
func (k *Keeper) CancelLogin(name string) {
	_ = k.do(func() {
		if a, err := k.find(name); err == nil && a.cancel != nil {
			a.cancel()
		}
	})
}

// endLogins ends every login that waits for its person.
func (k *Keeper) endLogins() {
	for _, a := range k.accounts {
		if a.cancel != nil {
			a.cancel()
		}
	}
}

var errTooManyAttempts = errors.New("three wrong passwords")

// failure turns what ended a login into a reason for the person.
func failure(ctx context.Context, err error) Reason {
	switch {
	case err == nil:
		return Reason{}
	case errors.Is(err, ErrNoDialog):
		return Reason{CodeNoDialog, err.Error()}
	case errors.Is(err, errTooManyAttempts):
		return Reason{Code: CodeTooManyAttempts}
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return Reason{CodeCancelled, "nobody answered for 5 minutes"}
	case errors.Is(err, ErrCancelled), ctx.Err() != nil:
		return Reason{Code: CodeCancelled}
	}
	reason, _, _ := judge(err)
	return reason
}

// leave feeds a, which is no longer configured, its last event and holds on to it until what follows has come back.
func (k *Keeper) leave(a *keeping, e event) {
	if !slices.Contains(k.leaving, a) {
		k.leaving = append(k.leaving, a)
	}
	k.feed(a, e)
	if !a.session.busy {
		k.release(a)
	}
}
