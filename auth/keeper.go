package auth

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

const (
	tick        = 30 * time.Second // the keeper compares wall clocks at least this often
	graceAtQuit = 5 * time.Second  // how long a renewal in flight may go on after the keeper was told to end
)

// Keeper owns every session: one goroutine, Run, takes them through step; others run the effects.
type Keeper struct {
	store *keychain.Store
	open  func(oidc.Config) (Provider, error)
	now   func() time.Time
	log   *slog.Logger

	calls    chan call // run by the keeper's goroutine, which alone touches what stands below
	done     chan struct{}
	changed  chan struct{}
	snapshot atomic.Pointer[Snapshot]

	accounts []*keeping
	leaving  []*keeping // no longer configured, or not so; their effects have not come back yet
	clusters []Cluster
	config   string
	spawn    func(func(context.Context)) // starts an effect; its context ends a while after the keeper was told to
	asleep   time.Time                   // no renewal starts before this
	looking  bool                        // a look at everything is planned
	stopping bool
}

// Provider is one OpenID Connect provider, as auth/oidc makes it.
type Provider interface {
	Endpoint(ctx context.Context) (string, error)
	Reach(ctx context.Context) (string, error)
	Grants
	Verify(ctx context.Context, g oidc.Grant, subject string) (oidc.Token, oidc.Claims, error)
}

// keeping is what the keeper holds of one account.
type keeping struct {
	Account
	provider  Provider
	opened    secret.Text // the client secret that provider knows
	broken    error       // why there is no provider: the account cannot work as configured
	session   session
	queue     []effect
	running   bool
	revoked   bool          // the last log out reached the provider
	forgotten error         // why the last log out left something in the keychain
	settled   chan struct{} // closed and made anew when the queue has run empty or a login has ended
	cancel    context.CancelFunc
	next      *keeping // the same account as it is configured now: it waits until this one's effects have come back
}

// NewKeeper returns a keeper without accounts; Configure gives it some. now is the wall clock.
func NewKeeper(store *keychain.Store, now func() time.Time, log *slog.Logger) *Keeper {
	k := &Keeper{
		store: store,
		open: func(c oidc.Config) (Provider, error) {
			return oidc.New(c, now)
		},
		now:     func() time.Time { return now().Round(0) }, // wall clock only
		log:     log,
		calls:   make(chan call),
		done:    make(chan struct{}),
		changed: make(chan struct{}, 1),
	}
	k.snapshot.Store(&Snapshot{})
	return k
}

// Snapshot returns the latest snapshot. It is never nil and never waits.
func (k *Keeper) Snapshot() *Snapshot { return k.snapshot.Load() }

// Changed has one receiver and holds at most one signal: the snapshot is another one than at the last receive.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Run keeps the sessions until ctx ends. A renewal in flight then has 5 s to bring home and store its answer.
func (k *Keeper) Run(ctx context.Context, look <-chan Look) error {
	defer close(k.done)
	effects, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	k.spawn = func(f func(context.Context)) { go f(effects) }
	timer := time.NewTimer(0)
	defer timer.Stop()
	last := k.now()
	planned := last
	ending := ctx.Done()
	var over <-chan time.Time
	for {
		var ran chan<- struct{}
		select {
		case <-ending:
			ending, k.stopping = nil, true
			grace := time.NewTimer(graceAtQuit)
			defer grace.Stop()
			over = grace.C
			k.endLogins()
		case <-over:
			return ctx.Err()
		case c := <-k.calls:
			c.f()
			if c.reads {
				close(c.ran)
				continue
			}
			ran = c.ran
		case l := <-look:
			k.look(l)
		case <-timer.C:
		}
		now := k.now()
		if jumped(last, planned, now) {
			k.log.Info("the clock jumped: looking at every session again")
			k.look(LookResumed)
		}
		planned, last = k.turn(now), now
		if ran != nil {
			close(ran) // after the turn: whoever called sees the snapshot that follows from it
		}
		if k.stopping && !k.running() {
			return ctx.Err()
		}
		timer.Reset(planned.Sub(k.now()))
	}
}

// jumped reports whether the machine has slept since last, when the next turn was planned, or its clock was set.
func jumped(last, planned, now time.Time) bool {
	return now.Sub(planned) > tick/2 || last.Sub(now) > tick/2
}

// turn looks at every deadline, publishes what changed, and returns when to look again.
func (k *Keeper) turn(now time.Time) time.Time {
	next := now.Add(tick)
	for _, a := range k.accounts {
		if !k.stopping && !k.looking && !now.Before(k.asleep) {
			k.feed(a, looked{})
		}
		for _, t := range []time.Time{a.session.deadline(), a.session.token.Expires, a.session.shownAt()} {
			if t.After(now) && t.Before(next) {
				next = t
			}
		}
	}
	k.publish(now)
	return next
}

// look takes in what the system says. What it means is found out a moment later: the network is not up yet when a machine
// wakes, and such events come in flocks.
func (k *Keeper) look(l Look) {
	if l == LookSleeping {
		k.asleep = k.now().Add(time.Minute) // if no wake is ever announced
		return
	}
	k.asleep = time.Time{}
	if k.looking {
		return
	}
	k.looking = true
	time.AfterFunc(time.Second+rand.N(2*time.Second), func() {
		_ = k.do(func() {
			k.looking = false
			if k.stopping || k.now().Before(k.asleep) {
				return // what comes next, a wake, looks again
			}
			for _, a := range k.accounts {
				k.feed(a, looked{again: true})
			}
		})
	})
}

// call is a function to run on the keeper's goroutine.
type call struct {
	f     func()
	reads bool // it changes nothing
	ran   chan struct{}
}

// do runs f on the keeper's goroutine and waits until what follows from it is published.
func (k *Keeper) do(f func()) error { return k.call(call{f: f, ran: make(chan struct{})}) }

// read runs f, which changes nothing, on the keeper's goroutine.
func (k *Keeper) read(f func()) error {
	return k.call(call{f: f, reads: true, ran: make(chan struct{})})
}

func (k *Keeper) call(c call) error {
	select {
	case k.calls <- c:
		<-c.ran
		return nil
	case <-k.done:
		return ErrStopped
	}
}

// feed takes one session a step further.
func (k *Keeper) feed(a *keeping, e event) {
	switch e := e.(type) {
	case revoked:
		a.revoked = e.err == nil
	case forgotten:
		a.forgotten = firstError(a.forgotten, e.err)
	}
	before := a.session.phase(k.now())
	var do []effect
	a.session, do = step(a.session, e, k.now())
	if after := a.session.phase(k.now()); after != before {
		k.log.Info("session", "account", a.Name, "phase", after, "was", before, "why", a.session.status(k.now()).Reason)
	}
	a.queue = append(a.queue, do...)
	k.pump(a)
}

// pump starts the next effect of a, or says that all have come back.
func (k *Keeper) pump(a *keeping) {
	if a.running {
		return
	}
	if len(a.queue) == 0 {
		k.store.Release(a.Name)
		if a.session.busy {
			k.feed(a, settled{})
			a.settle()
			k.release(a)
		}
		return
	}
	e := a.queue[0]
	a.queue, a.running = a.queue[1:], true
	account, provider, client := a.Account, k.identified(a), a.session.client
	k.spawn(func(ctx context.Context) {
		answer := k.perform(ctx, account, provider, client, e)
		_ = k.do(func() {
			a.running = false
			k.feed(a, answer)
		})
	})
}

// release lets go of a if it is no longer configured, and lets the account that waited for it begin.
func (k *Keeper) release(a *keeping) {
	k.leaving = slices.DeleteFunc(k.leaving, func(b *keeping) bool { return a == b })
	if next := a.next; next != nil {
		a.next, next.running = nil, false
		k.pump(next)
	}
}

func (a *keeping) settle() {
	close(a.settled)
	a.settled = make(chan struct{})
}

func (k *Keeper) running() bool {
	works := func(a *keeping) bool { return a.running || len(a.queue) > 0 }
	return slices.ContainsFunc(k.accounts, works) || slices.ContainsFunc(k.leaving, works)
}

// Busy reports whether a renewal or a keychain write is in flight: the machine's sleep is held for it.
func (k *Keeper) Busy() bool {
	busy := false
	_ = k.read(func() { busy = k.running() })
	return busy
}

// publish makes a snapshot if it would differ from the last one.
func (k *Keeper) publish(now time.Time) {
	k.clusters = k.pardoned()
	s := &Snapshot{At: now, Clusters: k.clusters, Config: k.config}
	for _, a := range k.accounts {
		st := a.session.status(now)
		st.Provider = hostOf(a.OIDC.Issuer)
		if a.broken != nil {
			st.Phase, st.Reason = Unknown, Reason{CodeMisconfigured, a.broken.Error()}
		}
		s.Accounts = append(s.Accounts, st)
	}
	last := k.snapshot.Load()
	if s.Config == last.Config && reflect.DeepEqual(s.Accounts, last.Accounts) && reflect.DeepEqual(s.Clusters, last.Clusters) && !expired(last, now) {
		return
	}
	k.snapshot.Store(s)
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// expired reports whether a token that was good when s was made is not at now. No field tells, and yet what people see changes.
func expired(s *Snapshot, now time.Time) bool {
	return slices.ContainsFunc(s.Accounts, func(st Status) bool { return st.Good(s.At) && !st.Good(now) })
}

// Configure puts a configuration in force. A session whose account is unchanged goes on; what left keeps its keychain record.
func (k *Keeper) Configure(accounts []Account, clusters []ClusterConfig) error {
	return k.do(func() {
		old := k.accounts
		k.accounts = nil
		for _, c := range accounts {
			k.accounts = append(k.accounts, k.keep(c, old))
		}
		k.clusters = nil
		for _, c := range clusters {
			k.clusters = append(k.clusters, Cluster{Name: c.Name, Account: c.Account, Server: c.Server, Delivery: c.Delivery})
		}
		for _, a := range old {
			if slices.Contains(k.accounts, a) {
				continue
			}
			if a.cancel != nil {
				a.cancel()
			}
			if a.session.busy {
				k.leaving = append(k.leaving, a)
			}
		}
		k.config = ""
	})
}

// keep returns the keeping of an account that did not change, or begins a new one. Where the account's renewal is under way
// the new one waits for its end: a refresh token is not sent twice (rule 3).
func (k *Keeper) keep(c Account, old []*keeping) *keeping {
	var before *keeping
	for _, a := range old {
		if a.sameSession(c) {
			a.Account = c
			return a
		}
		if a.Name == c.Name && a.session.busy {
			before = a
		}
	}
	a := &keeping{Account: c, settled: make(chan struct{}), session: session{account: c.Name, floor: c.Floor, user: c.Username}}
	if c.OIDC.UsernameClaim != "" {
		a.session.mustBe = c.Username
	}
	if a.provider, a.broken = k.open(c.OIDC); a.broken != nil {
		a.session.known = true
		return a
	}
	if before != nil {
		a.running, before.next = true, a // what it wants done stands in its queue
	}
	k.feed(a, started{})
	return a
}

// Fault says why the configuration file is not in force; the last good one stays. line is one line, "" clears it.
func (k *Keeper) Fault(line string) error { return k.do(func() { k.config = line }) }

// Note says of a cluster that its kubeconfig entry could not be written; "" that it is there.
func (k *Keeper) Note(cluster, writeError string) error {
	return k.do(func() {
		k.clusters = changed(k.clusters, func(c *Cluster) {
			if c.Name == cluster {
				c.WriteError = writeError
			}
		})
	})
}

// find returns the keeping of the account called name, or of the account of the cluster called so.
func (k *Keeper) find(name string) (*keeping, error) {
	for _, c := range k.clusters {
		if c.Name == name {
			name = c.Account
			break
		}
	}
	for _, a := range k.accounts {
		if a.Name == name {
			if a.broken != nil {
				return nil, &BlockedError{a.Name, Reason{CodeMisconfigured, a.broken.Error()}}
			}
			return a, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, ErrUnknown)
}
