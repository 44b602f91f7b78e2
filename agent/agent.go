// Package agent holds the verbs: one method each for log in, log out, renew, token and status. The menu, a notification's
// button and the socket call the same ones. Beside them it keeps the configuration in force, the kubeconfig entries written
// and the menu up to date.
package agent

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// Notifier shows notifications on the desktop. desktop/notify has one for each system.
type Notifier interface {
	Show(ctx context.Context, n menu.Notice) error
	Withdraw(tag string)
	Chosen() <-chan menu.Action
}

// Autostart is this program's entry among those that start with the desktop. desktop/autostart has one for each system.
type Autostart interface {
	Enabled() (bool, error)
	Enable() error
	Disable() error
}

// Parts are what an agent is made of. main.go puts them together.
type Parts struct {
	Places    config.Places
	Socket    wire.Place
	Keeper    *auth.Keeper
	Ask       auth.Asker // dialogs on the desktop
	Dialogs   Dialogs    // the same ones, for what is not a login
	Notify    Notifier
	Screen    Screen    // nil where nobody knows whether it is locked
	Autostart Autostart // nil where the system has none
	Tray      bool      // this agent has an icon
	Client    string    // absolute path of kubectl-creds, for kubeconfig entries
	Version   string
	Now       func() time.Time
	Log       *slog.Logger
	Probes    Probes
	// Open opens a browser for a person at a terminal: with command, a program and its arguments, or with the system's where
	// it is empty. desktop/open has one.
	Open func(ctx context.Context, url string, command []string) error
	// OpenFile opens a text file in the program that the desktop has for it.
	OpenFile func(ctx context.Context, path string) error
	Times    menu.Times // as this person writes them
}

// Agent is the running program, but for its icon.
type Agent struct {
	Parts
	menus  chan menu.Menu              // holds at most the newest
	dirty  chan struct{}               // something beside the sessions changed what the menu shows
	quit   context.CancelFunc          // ends Run
	work   sync.WaitGroup              // what runs beside Run
	spawn  func(func(context.Context)) // starts what a click asks for, under Run's context
	noHost atomic.Bool                 // no program shows tray icons
	parents
	watchers    watchers // of `status --watch`
	deliveries  deliveries
	shares      shares
	oddities    oddities
	handouts    handouts
	examineWait time.Duration
	editing     sync.Mutex    // the configuration file is being changed or put in force
	replaced    time.Time     // when a client was last told that it may bring a newer agent; under mu
	settle      time.Duration // settleTime, but in tests
	keeping     sync.Mutex    // what is kept of adopted users is being changed
	adopting    sync.Mutex    // users are being adopted or released: what is kept of them and the kubeconfig disagree for a moment

	mu     sync.Mutex
	config *config.Config // in force; nil before the first
	state  config.State
	logins map[string]int // by account: how many a person began in this run
	told   menu.Told

	sought    sought
	proposals []proposal // what kubeconfigs asked for, oldest first
}

// How often the menu is looked at though nothing changed: some rows name a time of tomorrow, and while a session's end comes near
// each minute may bring a row or a notice.
const (
	redraw     = 10 * time.Minute
	redrawNear = time.Minute
	nearEnd    = 2 * time.Hour
)

// replaceEvery is how often one client is told that it may bring a newer agent.
const replaceEvery = 30 * time.Second

// New returns an agent that does nothing until Run.
func New(p Parts) *Agent {
	return &Agent{
		Parts: p, menus: make(chan menu.Menu, 1), dirty: make(chan struct{}, 1), examineWait: examineWait,
		quit: func() {}, spawn: func(func(context.Context)) {}, settle: settleTime, logins: map[string]int{},
	}
}

// Menus yields the menu to draw, each time it changed. One receiver; a menu that was not taken is replaced by the next.
func (a *Agent) Menus() <-chan menu.Menu { return a.menus }

// Run serves the socket behind l and keeps configuration, kubeconfig and menu up to date until ctx ends or somebody says
// Quit. The keeper runs beside it.
func (a *Agent) Run(ctx context.Context, l *wire.Listener) error {
	ctx, a.quit = context.WithCancel(ctx)
	defer a.quit()
	a.spawn = func(f func(context.Context)) { a.work.Go(func() { f(ctx) }) }
	changes, err := config.Watch(ctx, a.Places.Config)
	if err != nil {
		a.Log.Warn("changes of the configuration are not noticed", "err", err)
	}
	a.loadState()
	a.configure()
	l.Odd(a.oddities.note(a.Log, a.Now))
	a.seek()
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, a.serve) }()
	deliveries := make(chan struct{}, 1)
	notices := make(chan struct{}, 1)
	a.work.Go(func() { a.deliver(ctx, deliveries) })
	a.work.Go(func() { a.tell(ctx, notices) })
	tick := time.NewTimer(redraw)
	defer tick.Stop()
	next := time.Now().Add(redraw)
	var drawn menu.Menu
	for {
		signal(deliveries)
		signal(notices)
		drawn = a.draw(drawn)
		a.watchers.announce()
		if soon := time.Now().Add(a.lull()); soon.Before(next) {
			next = soon
			tick.Reset(time.Until(next))
		}
		select {
		case <-ctx.Done():
			a.work.Wait()
			return <-served
		case <-a.Keeper.Changed():
		case <-a.dirty:
		case <-tick.C:
			next = time.Now().Add(redraw)
			tick.Reset(redraw)
			a.seek()
		case <-a.screenChanges():
		case <-changes:
			a.configure()
			a.work.Go(a.seek)
		case act := <-a.Notify.Chosen():
			a.Do(act)
		}
	}
}

// lull is how long the menu may stay as it is though nothing happens.
func (a *Agent) lull() time.Duration {
	for _, st := range a.Keeper.Snapshot().Accounts {
		if left := st.SessionEnds.Sub(a.Now()); !st.SessionEnds.IsZero() && left < nearEnd {
			return redrawNear
		}
	}
	return redraw
}

// draw puts the menu in front of the tray if it differs from the last one, which it returns.
func (a *Agent) draw(last menu.Menu) menu.Menu {
	m := a.view(a.Times)
	if reflect.DeepEqual(m, last) {
		return last
	}
	select {
	case <-a.menus: // an older one that nobody took
	default:
	}
	a.menus <- m
	return m
}

func (a *Agent) settings() menu.Settings {
	set := menu.Settings{Version: a.Version, Times: a.Times}
	set.Found, set.FoundBy = a.offer()
	if a.Autostart == nil {
		return set
	}
	on, err := a.Autostart.Enabled()
	if err != nil {
		a.Log.Info("start at login", "err", err)
	}
	set.CanAutostart, set.Autostart = true, on
	return set
}

// signal puts one signal into c, unless one is waiting there.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
