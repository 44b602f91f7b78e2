// Package socket tests the agent from the other end of its socket: agent, sessions and the demo's provider as they are, in one
// process, with a keychain in memory. Nobody watches a desktop, so that what is slow or needs many clients can be tried here.
package socket

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent"
	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/demo/ca"
	"github.com/kubecreds/kubecreds/demo/cluster"
	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// patience is how long a machine that is much slower than ours may take.
const patience = time.Minute

// rig is an agent at a socket, and the provider of its one account, corp.
type rig struct {
	*testing.T
	control *control.Client
	places  config.Places
	socket  wire.Place
	kube    string // the kubeconfig
	cluster *control.Client
	client  string // what the kubeconfig's entries run
	starts  *starter
	items   *keychaintest.Keychain
	ended   chan struct{} // closed when the agent has ended
	stop    func()
}

// starter is an entry among those that start with the desktop.
type starter struct{ on atomic.Bool }

func (s *starter) Enabled() (bool, error) { return s.on.Load(), nil }
func (s *starter) Enable() error          { s.on.Store(true); return nil }
func (s *starter) Disable() error         { s.on.Store(false); return nil }

// start starts an agent with so many clusters: c0, c1, … With none it has prod-eu, whose API server is there, and the programs
// as they are built.
func start(t *testing.T, o provider.Options, clusters int) *rig {
	t.Helper()
	return startWith(t, o, clusters, "")
}

// startWith gives each cluster more keys in the configuration.
func startWith(t *testing.T, o provider.Options, clusters int, keys string) *rig {
	t.Helper()
	authority, err := ca.New()
	must(t, err)
	o.CA = authority
	p, err := provider.Start(o)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	api := httptest.NewServer(p.Control())
	t.Cleanup(api.Close)
	home, err := os.MkdirTemp("", "kc") // a socket's path is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	r := &rig{T: t, control: control.New(api.URL), places: config.Under(home), kube: filepath.Join(home, "kubeconfig"), client: "/usr/bin/kubectl-creds"}
	must(t, os.WriteFile(filepath.Join(home, "ca.pem"), authority.PEM(), 0o600))
	text := configuration(p.Issuer(), r.kube, clusters, keys)
	if clusters == 0 {
		real, err := cluster.Start(t.Context(), cluster.Options{Name: "prod-eu", Issuer: p.Issuer(), Audience: provider.PublicClient, CA: authority})
		must(t, err)
		t.Cleanup(func() { real.Close() })
		api := httptest.NewServer(http.StripPrefix("/clusters/prod-eu", real.Control()))
		t.Cleanup(api.Close)
		r.cluster = control.New(api.URL)
		text += "- {name: prod-eu, account: corp, server: '" + real.URL() + "', certificateAuthority: ca.pem}\n"
		r.client = filepath.Join(programs(t), "kubectl-creds")
	}
	must(t, os.WriteFile(r.places.Config, []byte(text), 0o600))
	r.socket, err = wire.At(home)
	must(t, err)
	r.run()
	return r
}

func configuration(issuer, kube string, clusters int, keys string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "kubeconfigs: [%s]\naccounts:\n- name: corp\n  issuer: %s\n  clientID: %s\n  certificateAuthority: ca.pem\n"+
		"  scopes: [openid, email, groups, offline_access]\n  login: [password]\nclusters:\n", kube, issuer, provider.PublicClient)
	for i := range clusters {
		fmt.Fprintf(&b, "- {name: c%d, account: corp, server: 'https://c%d.example.com:6443'%s}\n", i, i, keys)
	}
	return b.String()
}

// run runs keeper and agent until the test ends or stop is called.
func (r *rig) run() {
	r.Helper()
	log := slog.New(slog.DiscardHandler)
	r.starts, r.items, r.ended = &starter{}, &keychaintest.Keychain{}, make(chan struct{})
	keeper := auth.NewKeeper(keychain.New(r.items, r.places.KeychainPrefix), time.Now, log)
	a := agent.New(agent.Parts{
		Places: r.places, Socket: r.socket, Keeper: keeper, Notify: silence{}, Client: r.client,
		Autostart: r.starts, Version: "test", Now: time.Now, Log: log,
	})
	l, err := wire.Listen(r.socket)
	must(r.T, err)
	ctx, cancel := context.WithCancel(context.Background())
	kept, ran := make(chan error, 1), make(chan error, 1)
	go func() { kept <- keeper.Run(ctx, nil) }()
	go func() {
		ran <- a.Run(ctx, l)
		close(r.ended)
	}()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := errors.Join(<-ran, <-kept, l.Close()); err != nil && !errors.Is(err, context.Canceled) {
			r.Error(err)
		}
	}
	r.Cleanup(r.stop)
	must(r.T, within(func() bool { return r.ask("status", "corp").done.Status == 3 })) // the keychain was read
}

// silence is a desktop without notifications.
type silence struct{}

func (silence) Show(context.Context, menu.Notice) error { return nil }
func (silence) Withdraw(string)                         {}
func (silence) Chosen() <-chan menu.Action              { return nil }

// answer is all that came for a request.
type answer struct {
	text       string
	notes      []string
	credential *wire.Credential
	done       wire.Done
}

// ask makes a request as a script does, with password as what stands on its stdin.
func (r *rig) ask(verb string, args ...string) answer {
	r.Helper()
	a, err := r.try(r.Context(), verb, args...)
	must(r.T, err)
	return a
}

func (r *rig) try(ctx context.Context, verb string, args ...string) (answer, error) {
	return r.send(ctx, wire.Request{Version: wire.Version, Verb: verb, Args: args})
}

func (r *rig) send(ctx context.Context, request wire.Request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var a answer
	c, err := wire.Dial(ctx, r.socket)
	if err != nil {
		return a, err
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if err := c.Send(request); err != nil {
		return a, err
	}
	for {
		e, err := c.Next()
		switch {
		case err != nil:
			return a, err
		case e.Done != nil:
			a.done = *e.Done
			return a, nil
		case e.Ask != nil:
			if err := c.Answer(secret.New("password")); err != nil {
				return a, err
			}
		case e.Credential != nil:
			a.credential = e.Credential
		case e.Note != "":
			a.notes = append(a.notes, e.Note)
		default:
			a.text += e.Text
		}
	}
}

func (r *rig) logIn() {
	r.Helper()
	if a := r.ask("login", "--username=alice", "--password-stdin=true"); a.done.Status != 0 {
		r.Fatalf("login: %+v", a)
	}
}

// within waits until ok.
func within(ok func() bool) error {
	end := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(end) {
			return fmt.Errorf("waited %s in vain", patience)
		}
		<-tick.C
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
