package keychaintest

import (
	"context"

	"github.com/kubecreds/kubecreds/auth/keychain"
)

// Preparing is a Keychain that can be made ready for a record, as Linux' is. It writes down what is done with it.
type Preparing struct {
	Keychain
	Ended bool // what was prepared is not there any more when it is needed
	calls []string
}

var _ keychain.Preparer = (*Preparing)(nil)

// Calls are, in order: "do", "prepare KEY", "write", "close".
func (p *Preparing) Calls() (calls []string) {
	p.set(func() { calls = append(calls, p.calls...) })
	return calls
}

// Note adds a call of somebody else's to Calls, to see the order.
func (p *Preparing) Note(call string) { p.set(func() { p.calls = append(p.calls, call) }) }

// Do implements keychain.Backend.
func (p *Preparing) Do(ctx context.Context, work keychain.Work) error {
	p.Note("do")
	return p.Keychain.Do(ctx, work)
}

// Prepare implements keychain.Preparer.
func (p *Preparing) Prepare(ctx context.Context, key string) (keychain.Writer, error) {
	p.Note("prepare " + key)
	return ready{p, key}, p.Keychain.Do(ctx, func(context.Context, keychain.Items) error { return nil })
}

type ready struct {
	p   *Preparing
	key string
}

// Write implements keychain.Writer. It keeps a record as one item, of whatever size.
func (r ready) Write(ctx context.Context, body string) error {
	r.p.Note("write")
	if r.p.Ended {
		return keychain.ErrEnded
	}
	return r.p.Keychain.Do(ctx, func(context.Context, keychain.Items) error {
		r.p.Put(r.key, `{"v":1,"record":`+body+`}`)
		return nil
	})
}

// Close implements keychain.Writer.
func (r ready) Close() { r.p.Note("close") }
