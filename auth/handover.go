package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// Sessions that come from another program, and go to one.

// ErrLoggedIn: the account has a session of its own.
var ErrLoggedIn = errors.New("it is logged in already")

// TakeOver makes the refresh token that another program held the session of the account called name: it is stored, and renewed
// at once, so that where the provider rotates the other program's copy is dead. rotated says whether it did. ErrLoggedIn where
// there is a session: it stays, and refresh is not used. Where the provider cannot be reached before it was sent, nothing is
// taken; where it could not be reached afterwards, the session is kept and tried again like any.
func (k *Keeper) TakeOver(ctx context.Context, name string, refresh secret.Text) (rotated bool, err error) {
	a, err := k.idle(ctx, name)
	if err != nil {
		return false, err
	}
	endpoint, err := a.provider.Reach(ctx)
	if err != nil {
		reason, _, _ := judge(err)
		return false, fmt.Errorf("%s: %s", name, reason)
	}
	var settled chan struct{}
	if stopped := k.do(func() {
		if a.session.loggingIn || a.session.busy || !a.session.record.Refresh.Empty() || !a.session.candidate.Refresh.Empty() {
			err = fmt.Errorf("%s: %w", name, ErrLoggedIn)
			return
		}
		settled = a.settled
		k.feed(a, takenOver{keychain.Record{
			Refresh: refresh, Issuer: a.OIDC.Issuer, ClientID: a.OIDC.ClientID, TokenEndpoint: endpoint, Since: k.now(),
		}})
	}); stopped != nil || err != nil {
		return false, firstError(stopped, err)
	}
	if err := k.outcome(ctx, name, settled); err != nil {
		return false, err
	}
	stopped := k.do(func() { rotated = !a.session.record.Refresh.Equal(refresh) })
	return rotated, stopped
}

// HandOver ends the session of the account called name here, for another program to go on with: what it holds is returned and
// forgotten, and the provider is not told. Both are empty where nobody is logged in; the token where it is not good any more.
func (k *Keeper) HandOver(ctx context.Context, name string) (token, refresh secret.Text, err error) {
	a, err := k.idle(ctx, name)
	if err != nil {
		return token, refresh, err
	}
	var settled chan struct{}
	if stopped := k.do(func() {
		now := k.now()
		if a.session.busy || a.session.loggingIn {
			err = fmt.Errorf("%s: it is being renewed; try again", name)
			return
		}
		if a.session.status(now).Good(now) {
			token = a.session.token.Value
		}
		if a.session.ended == (Reason{}) {
			refresh = a.session.record.Refresh
		}
		a.forgotten, settled = nil, a.settled
		k.feed(a, handedOver{})
	}); stopped != nil || err != nil {
		return token, refresh, firstError(stopped, err)
	}
	select {
	case <-settled:
	case <-ctx.Done():
		return token, refresh, ctx.Err()
	}
	stopped := k.do(func() { err = a.forgotten })
	return token, refresh, firstError(stopped, err)
}

// Identify gives the account called name its client secret, which another program held: it is kept in the keychain, or there is
// an error, and may be sent to where the account's provider is now only.
func (k *Keeper) Identify(ctx context.Context, name string, client secret.Text) error {
	a, err := k.idle(ctx, name)
	if err != nil {
		return err
	}
	endpoint, err := a.provider.Reach(ctx)
	if err != nil {
		reason, _, _ := judge(err)
		return fmt.Errorf("%s: %s", name, reason)
	}
	settled, err := k.push(name, identifiedAs{keychain.Client{
		Secret: client, Issuer: a.OIDC.Issuer, TokenEndpoint: endpoint, ClientID: a.OIDC.ClientID,
	}})
	if err != nil {
		return err
	}
	if settled != nil {
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	stopped := k.do(func() {
		if a.session.clientNew {
			err = fmt.Errorf("%s: the keychain did not keep the client secret", name)
		}
	})
	return firstError(stopped, err)
}

// ClientSecret is the client secret of the account called name; empty where there is none.
func (k *Keeper) ClientSecret(ctx context.Context, name string) (client secret.Text, err error) {
	a, err := k.idle(ctx, name)
	if err != nil {
		return client, err
	}
	stopped := k.do(func() { client = a.session.client.Secret })
	return client, stopped
}

// idle waits until nothing is under way for the account called name, and the keychain has said what it holds.
func (k *Keeper) idle(ctx context.Context, name string) (*keeping, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		var (
			a       *keeping
			settled chan struct{}
			busy    bool
			err     error
		)
		if stopped := k.do(func() {
			if a, err = k.find(name); err == nil {
				settled, busy = a.settled, a.session.busy || a.running
				if !busy && !a.session.known {
					err = a.session.why(k.now())
				}
			}
		}); stopped != nil || err != nil {
			return nil, firstError(stopped, err)
		}
		if !busy {
			return a, nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

type (
	takenOver  struct{ record keychain.Record } // another program's session comes here
	handedOver struct{}                         // this session goes to another program

	identifiedAs struct{ client keychain.Client } // another program's client secret comes here
)

func (takenOver) isEvent()  {}
func (handedOver) isEvent() {}

func (identifiedAs) isEvent() {}

func (s *session) onIdentifiedAs(e identifiedAs) []effect {
	s.client, s.clientNew = e.client, true
	return []effect{doStoreClient(e)}
}

// onTakenOver is a login that was cut short before its token was verified: stored as pending, renewed, and verified then.
func (s *session) onTakenOver(e takenOver) []effect {
	s.candidate, s.known = e.record, true
	s.ended, s.fault, s.failures, s.retry, s.weak = Reason{}, Reason{}, 0, time.Time{}, time.Time{}
	return []effect{doStore{keychain.Pending, e.record}, doRenew{lineage{true, e.record.Since}, e.record, s.rotation}}
}

func (s *session) onHandedOver() []effect {
	do := s.onLoggedOut()
	kept := do[:0]
	for _, e := range do {
		if _, tells := e.(doRevoke); !tells {
			kept = append(kept, e)
		}
	}
	return kept
}
