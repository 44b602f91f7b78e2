package agent

import (
	"context"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// noteAfter is from when on a wait is worth a word, as it is in the menu.
const noteAfter = 2 * time.Second

// pending tells a person at a terminal that something takes its time: once, after a while. Reset and Stop are its timer's.
type pending struct{ *time.Timer }

func newPending(c *wire.Conn, caller wire.Caller, account string) pending {
	return pending{time.AfterFunc(noteAfter, func() {
		if caller.Terminal { // a script waits without being told
			_ = c.Send(wire.Event{Note: account + ": waiting for the provider; Ctrl-C to stop waiting"})
		}
	})}
}

// patientAsker asks at a terminal, and says a word while it is the provider that is waited for and not the person.
type patientAsker struct {
	*terminal
	pending
}

// Credentials implements auth.Asker.
func (p *patientAsker) Credentials(ctx context.Context, q auth.Question) (string, secret.Text, error) {
	p.Stop()
	defer p.Reset(noteAfter)
	return p.terminal.Credentials(ctx, q)
}

// ClientSecret implements auth.Asker.
func (p *patientAsker) ClientSecret(ctx context.Context, q auth.ClientQuestion) (secret.Text, error) {
	p.Stop()
	defer p.Reset(noteAfter)
	return p.terminal.ClientSecret(ctx, q)
}

// Confirm implements Confirmer.
func (p *patientAsker) Confirm(ctx context.Context, account, question, yes string) error {
	p.Stop()
	return p.terminal.Confirm(ctx, account, question, yes)
}

// Visit implements auth.Asker. From then on the person is waited for.
func (p *patientAsker) Visit(ctx context.Context, v auth.Visit) error {
	p.Stop()
	return p.terminal.Visit(ctx, v)
}

// Code implements auth.Asker. From then on the person is waited for.
func (p *patientAsker) Code(ctx context.Context, c auth.DeviceCode) error {
	p.Stop()
	return p.terminal.Code(ctx, c)
}

// renew renews the account that the request names, or all at once, and tells of each when it is done. Ctrl-C ends the waiting
// only: a renewal that began goes on.
func (a *Agent) renew(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	accounts, err := a.named(r.Name())
	if err != nil {
		return failed(err)
	}
	failures := make([]error, len(accounts))
	var all sync.WaitGroup
	for i, account := range accounts {
		all.Go(func() {
			defer newPending(c, r.Caller, account).Stop()
			if failures[i] = a.Keeper.Renew(ctx, account); failures[i] == nil {
				failures[i] = c.Send(wire.Event{Text: a.line(account) + "\n"})
			}
		})
	}
	all.Wait()
	return ended(c, failures)
}

// ended is the end of a request about several accounts: the first failure is its outcome, the others are told as well.
func ended(c *wire.Conn, failures []error) wire.Done {
	var first error
	for _, err := range failures {
		switch {
		case err == nil:
		case first == nil:
			first = err
		default:
			_ = c.Send(wire.Event{Note: failed(err).Message})
		}
	}
	if first != nil {
		return failed(first)
	}
	return wire.Done{}
}
