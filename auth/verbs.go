package auth

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
)

// Token returns what to hand to the API server of the cluster or account called name. It waits for a renewal as DESIGN's
// Renewal says, never past ctx. Errors: *LoginNeededError, *OfflineError, *BlockedError, ErrUnknown.
func (k *Keeper) Token(ctx context.Context, name string) (Token, error) {
	var until <-chan time.Time
	for {
		r, settled, err := k.reply(name, false)
		if err == nil && r.better {
			r, settled, err = k.reply(name, true)
		}
		if err != nil {
			return Token{}, err
		}
		if r.wait == 0 {
			return r.token, r.err
		}
		if until == nil && r.wait < forever {
			timer := time.NewTimer(r.wait)
			defer timer.Stop()
			until = timer.C
		}
		select {
		case <-settled:
		case <-until:
			return r.token, r.err
		case <-ctx.Done():
			return r.token, r.err
		}
	}
}

// reply is what a request for the token of name gets now; better says to start what would get it a better one first.
func (k *Keeper) reply(name string, better bool) (r reply, settled <-chan struct{}, err error) {
	run := k.read
	if better {
		run = k.do
	}
	stopped := run(func() {
		var a *keeping
		if a, err = k.find(name); err != nil {
			return
		}
		if better && !k.stopping && !k.now().Before(k.asleep) {
			k.feed(a, wanted{})
		}
		r, settled = a.session.answer(k.now()), a.settled
		if !a.session.busy {
			r.wait = 0 // nothing is under way that could bring a better one
		}
	})
	return r, settled, firstError(stopped, err)
}

// Renew renews the session of the account or cluster called name now, and says how that went; name "" renews all, and
// says what the first trouble was.
func (k *Keeper) Renew(ctx context.Context, name string) error {
	if name == "" {
		var first error
		for _, st := range k.Snapshot().Accounts {
			first = firstError(first, k.Renew(ctx, st.Account))
		}
		return first
	}
	settled, err := k.push(name, looked{force: true})
	if err != nil {
		return err
	}
	return k.outcome(ctx, name, settled)
}

// push feeds e to the session called name and returns what closes when its effects have come back.
func (k *Keeper) push(name string, e event) (<-chan struct{}, error) {
	var (
		settled chan struct{}
		err     error
	)
	if stopped := k.do(func() {
		var a *keeping
		if a, err = k.find(name); err == nil {
			settled = a.settled
			k.feed(a, e)
			if !a.session.busy {
				settled = nil
			}
		}
	}); stopped != nil {
		return nil, stopped
	}
	return settled, err
}

// outcome waits for settled, if there is something to wait for, and returns what stands in the session's way.
func (k *Keeper) outcome(ctx context.Context, name string, settled <-chan struct{}) error {
	if settled != nil {
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var err error
	if stopped := k.do(func() {
		var a *keeping
		if a, err = k.find(name); err == nil && (!a.session.healthy() || a.session.token.Value.Empty()) {
			err = a.session.why(k.now())
		}
	}); stopped != nil {
		return stopped
	}
	return err
}

// Logout ends the session of the account or cluster called name: revoked at the provider where it can be (RFC 7009), and
// forgotten here in any case. revoked says whether the provider knows.
func (k *Keeper) Logout(ctx context.Context, name string) (revoked bool, err error) {
	k.CancelLogin(name)
	var (
		a        *keeping
		settled  chan struct{}
		unstored bool
	)
	if stopped := k.do(func() {
		if a, err = k.find(name); err == nil {
			unstored = a.session.unstored != [2]bool{}
			a.revoked, a.forgotten, a.queue = false, nil, nil
			settled = a.settled
			k.feed(a, loggedOut{})
		}
	}); stopped != nil || err != nil {
		return false, firstError(stopped, err)
	}
	select {
	case <-settled:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	stopped := k.do(func() { revoked, err = a.revoked, a.forgotten })
	if unstored && errors.Is(err, keychain.ErrUnavailable) {
		err = nil // there is no keychain, and the session never was in one
	}
	return revoked, firstError(stopped, err)
}

// Erase deletes what the keychain still holds of an account that left the configuration: nobody can say any more where its
// session is revoked. It does nothing to one that is configured.
func (k *Keeper) Erase(ctx context.Context, account string) error {
	configured := false
	if err := k.read(func() {
		configured = slices.ContainsFunc(k.accounts, func(a *keeping) bool { return a.Name == account })
	}); err != nil || configured {
		return err
	}
	return errors.Join(
		k.store.Forget(ctx, account, keychain.Pending),
		k.store.Forget(ctx, account, keychain.Current),
		k.store.ForgetClient(ctx, account),
	)
}

// Unlock asks the system to unlock the keychain, which shows its prompt: only for a person who asked. Then everything that
// waited for the keychain is tried again.
func (k *Keeper) Unlock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	if err := k.store.Unlock(ctx); err != nil {
		return err
	}
	return k.do(func() {
		for _, a := range k.accounts {
			k.feed(a, looked{again: true})
		}
	})
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// perform runs one effect and returns its event. Every effect has a deadline of its own.
func (k *Keeper) perform(ctx context.Context, a Account, p Provider, client keychain.Client, e effect) event {
	ctx, cancel := context.WithTimeout(ctx, deadlineOf(e))
	defer cancel()
	switch e := e.(type) {
	case doLoad:
		return k.load(ctx, a)
	case doRenew:
		if e.rotation != Keeps {
			k.store.Prepare(ctx, a.Name, e.of.slot()) // so that the answer is out of our hands as soon as it is there
		}
		grant, err := renew(ctx, a, p, client, e.record)
		return granted{of: e.of, grant: grant, err: err, r: random()}
	case doStore:
		err := k.store.Save(ctx, a.Name, e.slot, e.record)
		if err != nil {
			k.log.Warn("the keychain did not keep the session", "account", a.Name, "err", err)
		}
		return stored{e, err}
	case doVerify:
		token, claims, err := p.Verify(ctx, e.grant, e.subject)
		return verified{of: e.of, token: token, claims: claims, err: err, r: random()}
	case doRevoke:
		return revoked{revoke(ctx, a, p, client, e.record)}
	case doStoreClient:
		err := k.store.SaveClient(ctx, a.Name, e.client)
		if err != nil {
			k.log.Warn("the keychain did not keep the client secret", "account", a.Name, "err", err)
		}
		return clientStored{err}
	case doForget:
		return forgotten{k.store.Forget(ctx, a.Name, e.slot)}
	}
	return settled{}
}

// deadlineOf is how long an effect may take. A renewal is at most discovery and one request, 15 s each.
func deadlineOf(e effect) time.Duration {
	switch e.(type) {
	case doRenew, doVerify:
		return 30 * time.Second
	}
	return 15 * time.Second
}

func random() float64 { return rand.Float64() }

func isNone(err error) bool { return errors.Is(err, keychain.ErrNone) }

// load reads what the keychain has of an account. None is an empty record, not an error.
func (k *Keeper) load(ctx context.Context, a Account) event {
	e := loaded{r: random()}
	for _, slot := range []struct {
		slot keychain.Slot
		into *keychain.Record
	}{{keychain.Current, &e.current}, {keychain.Pending, &e.pending}} {
		r, err := k.store.Load(ctx, a.Name, slot.slot)
		if err != nil && !isNone(err) {
			e.err = err
			return e
		}
		*slot.into = r
	}
	if a.Secret {
		c, err := k.store.LoadClient(ctx, a.Name)
		if err != nil && !isNone(err) {
			e.err = err
		}
		e.client = c
	}
	return e
}
