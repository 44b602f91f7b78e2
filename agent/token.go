package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
)

const (
	tokenLimit = 5 * time.Second  // one parent process waits so long for tokens in all
	renewLimit = time.Minute      // a person who asked waits for a renewal no longer
	lineEvery  = 10 * time.Second // one parent process gets our line once in this time
)

// getToken answers kubectl. It opens no window and asks nobody.
func (a *Agent) getToken(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	began := a.Now()
	name, err := a.wanted(r)
	if err == nil {
		err = guard(a.inForce(), name, r.Caller.Exec)
	}
	if err != nil {
		return a.inVain(r, began, err)
	}
	ctx, cancel := context.WithTimeout(ctx, a.patience(r.Caller.Parent, began))
	defer cancel()
	t, refused, err := a.handOut(ctx, name, r.Caller)
	if err != nil {
		return a.inVain(r, began, err)
	}
	if err := c.Send(wire.Event{Credential: &wire.Credential{Token: t.Value, Expires: t.Tell}}); err != nil {
		return failed(err)
	}
	return wire.Done{Message: refused}
}

// token answers `kubectl creds token`: whoever runs it is the person, and gets what they ask for. It opens no window either.
func (a *Agent) token(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	name, err := a.one(r.Name(), "token")
	if err != nil {
		return failed(err)
	}
	least, err := time.ParseDuration("0" + r.Flag("min-validity"))
	if err != nil {
		return wire.Done{Status: statusUsage, Message: "--min-validity is a time like 30m or 1h30m"}
	}
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	t, err := a.validFor(ctx, name, least)
	if err != nil {
		return failed(err)
	}
	if err := c.Send(wire.Event{Credential: &wire.Credential{Token: t.Value, Expires: t.Expires}}); err != nil {
		return failed(err)
	}
	return wire.Done{}
}

// validFor returns a token of the account or cluster called name that is valid for at least so long yet, renewed if need be.
// Where no token of this provider ever lives so long it says so, and renews nothing.
func (a *Agent) validFor(ctx context.Context, name string, least time.Duration) (auth.Token, error) {
	t, err := a.Keeper.Token(ctx, name)
	if err != nil || t.Expires.Sub(a.Now()) >= least {
		return t, err
	}
	if whole := t.Expires.Sub(t.Issued); whole < least {
		return t, fmt.Errorf("%s: the provider's tokens live %s, which is less than --min-validity %s", name, whole.Round(time.Second), least)
	}
	if err := a.Keeper.Renew(ctx, name); err != nil {
		return t, err
	}
	t, err = a.Keeper.Token(ctx, name)
	if left := t.Expires.Sub(a.Now()); err == nil && left < least {
		err = fmt.Errorf("%s: the renewed token is valid for %s, which is less than --min-validity %s", name, left.Round(time.Second), least)
	}
	return t, err
}

// inVain is the end of a request for a token that came to nothing.
func (a *Agent) inVain(r wire.Request, began time.Time, err error) wire.Done {
	d := failed(err)
	if a.waited(r.Caller.Parent, began, a.Now()) {
		d.Message = "" // kubectl runs a failing plugin five times: it was told already
	}
	return d
}

// parents remembers how long each calling process has waited, and whether it was told why in vain.
type parents struct {
	sync.Mutex
	of map[wire.Process]parent
}

type parent struct {
	waited time.Duration
	told   time.Time
	last   time.Time
}

// patience is how long a request of p may wait yet. A process that cannot be told from others gets it all each time.
func (ps *parents) patience(p wire.Process, now time.Time) time.Duration {
	ps.Lock()
	defer ps.Unlock()
	if seen, ok := ps.of[p]; ok && p.PID != 0 && now.Sub(seen.last) < lineEvery {
		return max(tokenLimit-seen.waited, 0)
	}
	return tokenLimit
}

// waited notes that a request of p waited in vain, and reports whether p was told why not long ago.
func (ps *parents) waited(p wire.Process, began, now time.Time) (told bool) {
	if p.PID == 0 {
		return false
	}
	ps.Lock()
	defer ps.Unlock()
	if ps.of == nil {
		ps.of = map[wire.Process]parent{}
	}
	for q, seen := range ps.of { // what was not heard of for a while begins anew
		if now.Sub(seen.last) >= lineEvery {
			delete(ps.of, q)
		}
	}
	seen := ps.of[p]
	told = now.Sub(seen.told) < lineEvery
	if !told {
		seen.told = now
	}
	seen.waited += now.Sub(began)
	seen.last = now
	ps.of[p] = seen
	return told
}
