package auth

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// fakeProvider stands for the network: it rotates refresh tokens, and fails on command.
type fakeProvider struct {
	mu      sync.Mutex
	calls   []string
	latest  string // the refresh token it takes
	life    time.Duration
	fail    error         // of every renewal
	hang    bool          // renewals wait for their context
	slow    time.Duration // how long a renewal takes
	revoked []string
	ahead   time.Duration // of the provider's clock, with the machine's
}

func (p *fakeProvider) note(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
}

func (p *fakeProvider) count(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (p *fakeProvider) set(f func()) { p.mu.Lock(); defer p.mu.Unlock(); f() }

func (p *fakeProvider) Endpoint(context.Context) (string, error)  { return "https://i/token", nil }
func (p *fakeProvider) Reach(ctx context.Context) (string, error) { return p.Endpoint(ctx) }

func (p *fakeProvider) Password(_ context.Context, user string, password secret.Text) (oidc.Grant, error) {
	p.note("password")
	if user != "alice" || password.Reveal() != "password" {
		return oidc.Grant{}, &oidc.Refusal{Kind: oidc.WrongPassword, Code: "invalid_grant"}
	}
	p.set(func() { p.latest = "r1" })
	return oidc.Grant{Refresh: secret.New("r1")}, nil
}

func (p *fakeProvider) Code(ctx context.Context, h oidc.Hint, visit func(context.Context, string) error) (oidc.Grant, error) {
	p.note("browser " + hinted(h))
	return oidc.Grant{Refresh: secret.New("r1")}, visit(ctx, "http://127.0.0.1:1/start")
}

func (p *fakeProvider) Device(ctx context.Context, h oidc.Hint, show func(context.Context, oidc.DeviceCode) error) (oidc.Grant, error) {
	p.note("device " + hinted(h))
	return oidc.Grant{Refresh: secret.New("r1")}, show(ctx, oidc.DeviceCode{UserCode: "AB-CD", URL: "https://i/device", Host: "i"})
}

func hinted(h oidc.Hint) string {
	if h.SelectAccount {
		return h.User + ", one of two"
	}
	return h.User
}

func (p *fakeProvider) Renew(ctx context.Context, refresh secret.Text) (oidc.Grant, error) {
	p.note("renew")
	p.mu.Lock()
	hang, fail, slow := p.hang, p.fail, p.slow
	p.mu.Unlock()
	if hang {
		<-ctx.Done()
		return oidc.Grant{}, &oidc.Weather{Words: "no answer"}
	}
	time.Sleep(slow)
	p.mu.Lock()
	defer p.mu.Unlock()
	if fail != nil {
		return oidc.Grant{}, fail
	}
	if refresh.Reveal() != p.latest {
		return oidc.Grant{}, &oidc.Refusal{Kind: oidc.Ended, Words: "reuse"}
	}
	p.latest += "+"
	return oidc.Grant{Refresh: secret.New(p.latest)}, nil
}

func (p *fakeProvider) Verify(context.Context, oidc.Grant, string) (oidc.Token, oidc.Claims, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().Round(0).Add(p.ahead)
	return oidc.Token{Value: secret.New("t"), Issued: now, Expires: now.Add(p.life)}, alice, nil
}

func (p *fakeProvider) Revoke(_ context.Context, refresh secret.Text) error {
	p.set(func() { p.revoked = append(p.revoked, refresh.Reveal()) })
	return nil
}

// answers is an Asker with its answers ready.
type answers struct {
	passwords   []string
	asked       []Question
	secrets     []string // of the client
	askedClient []ClientQuestion
	offered     error // what the person says to another way
	err         error
}

func (a *answers) Credentials(ctx context.Context, q Question) (string, secret.Text, error) {
	a.asked = append(a.asked, q)
	if a.err != nil {
		return "", secret.Text{}, a.err
	}
	if len(a.passwords) == 0 {
		<-ctx.Done()
		return "", secret.Text{}, ErrCancelled
	}
	p := a.passwords[0]
	a.passwords = a.passwords[1:]
	return "alice", secret.New(p), nil
}

func (a *answers) ClientSecret(_ context.Context, q ClientQuestion) (secret.Text, error) {
	a.askedClient = append(a.askedClient, q)
	if len(a.secrets) == 0 {
		return secret.Text{}, ErrCancelled
	}
	s := a.secrets[0]
	a.secrets = a.secrets[1:]
	return secret.New(s), nil
}

func (a *answers) Visit(context.Context, Visit) error          { return nil }
func (a *answers) Code(context.Context, DeviceCode) error      { return nil }
func (a *answers) Offer(context.Context, string, string) error { return a.offered }

type rig struct {
	*Keeper
	provider *fakeProvider
	chain    *keychaintest.Keychain
	look     chan Look
	stop     context.CancelFunc
	ended    chan error
}

// run starts a keeper with one account, corp, that opens the cluster prod. Call it inside a synctest bubble, where time is
// the test's.
func run(t *testing.T, chain *keychaintest.Keychain, p *fakeProvider) *rig {
	t.Helper()
	r := runOn(t, chain, p)
	r.provider, r.chain = p, chain
	return r
}

// runOn does the same with any keychain and provider.
func runOn(t *testing.T, chain keychain.Backend, p Provider) *rig {
	t.Helper()
	r := unconfigured(t, chain, p)
	must(t, r.Configure([]Account{{Name: "corp", OIDC: oidc.Config{Issuer: "https://i", ClientID: "c"}, Login: []string{"password"}}},
		[]ClusterConfig{{Name: "prod", Account: "corp"}}))
	return r
}

// unconfigured starts a keeper without accounts.
func unconfigured(t *testing.T, chain keychain.Backend, p Provider) *rig {
	t.Helper()
	r := &rig{look: make(chan Look), ended: make(chan error, 1)}
	r.Keeper = NewKeeper(keychain.New(chain, ""), time.Now, slog.New(slog.DiscardHandler))
	r.open = func(oidc.Config) (Provider, error) { return p, nil }
	ctx, stop := context.WithCancel(t.Context())
	r.stop = func() { stop(); <-r.ended }
	go func() { r.ended <- r.Run(ctx, r.look); close(r.ended) }()
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) corp() Status { st, _ := r.Snapshot().Account("corp"); return st }

func hourly() *fakeProvider { return &fakeProvider{life: time.Hour} }
