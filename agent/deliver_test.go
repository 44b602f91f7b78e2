package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// life is an agent that runs as it does in the program, on a provider of the test's, without a desktop.
type life struct {
	*Agent
	t      *testing.T
	kube   string
	idp    *testProvider
	stop   func()
	settle time.Duration
	auto   Autostart
	more   string // of the account's configuration
	keys   *keychaintest.Keychain
}

// silent is a desktop without notifications.
type silent struct{}

func (silent) Show(context.Context, menu.Notice) error { return nil }
func (silent) Withdraw(string)                         {}
func (silent) Chosen() <-chan menu.Action              { return nil }

func newLife(t *testing.T, clusters string, settle ...time.Duration) *life {
	t.Helper()
	home, err := os.MkdirTemp("", "kc") // a socket's path is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	l := &life{t: t, kube: filepath.Join(home, "kube", "config"), idp: newProvider(t), keys: &keychaintest.Keychain{}}
	l.Agent = &Agent{Parts: Parts{Places: config.Under(home)}}
	if len(settle) > 0 {
		l.settle = settle[0]
	}
	l.configure(clusters)
	l.begin()
	t.Cleanup(func() { l.stop() })
	return l
}

// configure writes config.yaml with the account corp and these clusters.
func (l *life) configure(clusters string) {
	l.t.Helper()
	text := fmt.Sprintf("kubeconfigs: [%q]\naccounts:\n- {name: corp, issuer: %q, clientID: kube, login: [password]%s}\nclusters:\n%s", l.kube, l.idp.URL, l.more, clusters)
	must(l.t, os.WriteFile(l.Places.Config+".new", []byte(text), 0o600))
	must(l.t, os.Rename(l.Places.Config+".new", l.Places.Config))
}

// begin starts the agent, as at first or once more.
func (l *life) begin() {
	l.t.Helper()
	place, err := wire.At(l.Places.Home)
	must(l.t, err)
	listener, err := wire.Listen(place)
	must(l.t, err)
	log := slog.New(slog.DiscardHandler)
	k := auth.NewKeeper(keychain.New(l.keys, ""), time.Now, log)
	l.Agent = New(Parts{Places: l.Places, Socket: place, Keeper: k, Ask: typist{}, Notify: silent{}, Client: "/usr/bin/kubectl-creds", Now: time.Now, Log: log, Autostart: l.auto})
	if l.settle > 0 {
		l.Agent.settle = l.settle
	}
	ctx, cancel := context.WithCancel(context.Background())
	kept, ran := make(chan error, 1), make(chan error, 1)
	go func() { kept <- k.Run(ctx, nil) }()
	go func() { ran <- l.Run(ctx, listener) }()
	l.stop = func() {
		cancel()
		<-kept
		if err := <-ran; err != nil {
			l.t.Error(err)
		}
		_ = listener.Close()
		l.stop = func() {}
	}
	l.until("the configuration", func() bool { _, ok := k.Snapshot().Account("corp"); return ok })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for ok.
func (l *life) until(what string, ok func() bool) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := os.ReadFile(l.kube)
			l.t.Fatalf("waited in vain for %s; %+v\n%s", what, l.Keeper.Snapshot(), text)
		}
	}
}

func (l *life) logIn() {
	l.t.Helper()
	must(l.t, l.login(l.t.Context(), "corp", auth.Wish{}, typist{}))
}

func (l *life) logOut() {
	l.t.Helper()
	_, err := l.logout(l.t.Context(), "corp")
	must(l.t, err)
}

// token is the token that prod gets now.
func (l *life) token() string {
	l.t.Helper()
	tok, err := l.Keeper.Token(l.t.Context(), "prod")
	must(l.t, err)
	return tok.Value.Reveal()
}

// user is the user entry of the cluster in the kubeconfig; nil if there is none.
func (l *life) user(cluster string) *api.AuthInfo {
	c, err := clientcmd.LoadFromFile(l.kube)
	if err != nil {
		return nil
	}
	return c.AuthInfos["kubecreds-"+cluster]
}

// row waits until the cluster's row says text of its kubeconfig entry.
func (l *life) row(cluster, text string) {
	l.t.Helper()
	l.until("the row to say "+text, func() bool {
		c, _ := l.Keeper.Snapshot().Cluster(cluster)
		return text == "" && c.WriteError == "" || text != "" && strings.Contains(c.WriteError, text)
	})
}

const (
	prod    = "- {name: prod, account: corp, server: \"https://prod\", delivery: %s}\n"
	staging = "- {name: staging, account: corp, server: \"https://staging\", delivery: %s}\n"
)

func TestATokenFileFollowsTheSession(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "token-file"))
	path := l.tokenFile("prod")
	holds := func(token string) func() bool {
		return func() bool { text, err := os.ReadFile(path); return err == nil && string(text) == token }
	}
	gone := func() bool { _, err := os.Stat(path); return os.IsNotExist(err) }
	l.logIn()
	l.until("the token file", holds(l.token()))
	l.until("the entry", func() bool { u := l.user("prod"); return u != nil && u.TokenFile == path && u.Exec == nil })
	kube, err := os.Stat(l.kube)
	must(t, err)
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the renewed token", holds(l.token()))
	if now, err := os.Stat(l.kube); err != nil || !os.SameFile(kube, now) {
		t.Error("the kubeconfig was written though only the token file had to be", err)
	}
	l.logOut()
	l.until("the file to go", gone)
	if u := l.user("prod"); u == nil || u.TokenFile != path {
		t.Errorf("the entry went with it: %+v", u)
	}
	l.logIn()
	l.until("the file after a re-login", holds(l.token()))
	l.stop()
	l.begin()
	l.until("a new token after a restart", func() bool { st, _ := l.Keeper.Snapshot().Account("corp"); return st.Serial > 0 })
	l.until("the file after a restart", holds(l.token()))
	l.configure(fmt.Sprintf(prod, "exec"))
	l.until("another delivery", func() bool { u := l.user("prod"); return u != nil && u.Exec != nil && u.TokenFile == "" })
	l.until("the file to go with its delivery", gone)
}

func TestATokenFileNeedsTokensThatLiveLongEnough(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "token-file"))
	l.idp.set(func(p *testProvider) { p.life = 3 * time.Minute })
	l.logIn()
	l.row("prod", "its tokens live 3m0s, and programs read a token file once a minute only; have the provider give tokens of more than 3 minutes, or write delivery: exec")
	if _, err := os.Stat(l.tokenFile("prod")); err == nil || l.user("prod") != nil {
		t.Error("written all the same")
	}
	l.idp.set(func(p *testProvider) { p.life = 3*time.Minute + time.Second })
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the entry", func() bool { return l.user("prod") != nil })
	l.row("prod", "")
}

func TestATokenInTheKubeconfigFollowsTheSession(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "token")+fmt.Sprintf(staging, "token"), time.Nanosecond)
	both := func(token string) func() bool {
		return func() bool {
			p, s := l.user("prod"), l.user("staging")
			return p != nil && s != nil && p.Token == token && s.Token == token
		}
	}
	l.logIn()
	l.until("the token", both(l.token()))
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the renewed token", both(l.token()))
	l.logOut()
	l.until("the word", both("logged-out"))
	l.logIn()
	l.until("the token after a re-login", both(l.token()))

	// A person removes an entry: a renewal does not bring it back, a login does. What differs is put right.
	l.edit(func(c *api.Config) {
		delete(c.AuthInfos, "kubecreds-staging")
		c.AuthInfos["kubecreds-prod"].Token = "old"
	})
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the renewed token", func() bool { return l.user("prod").Token == l.token() })
	if l.user("staging") != nil {
		t.Error("the entry that was removed is back")
	}
	l.logIn()
	l.until("the entry after a login", both(l.token()))

	// A cluster that leaves the configuration keeps no token.
	l.configure(fmt.Sprintf(prod, "token"))
	l.until("the token to go", func() bool { return l.user("staging").Token == "logged-out" })
	l.until("the other to stay", func() bool { return l.user("prod").Token == l.token() })
}

// edit changes the kubeconfig as a program does that does not lock.
func (l *life) edit(change func(*api.Config)) {
	l.t.Helper()
	c, err := clientcmd.LoadFromFile(l.kube)
	must(l.t, err)
	change(c)
	must(l.t, clientcmd.WriteToFile(*c, l.kube))
}

func TestWhatAnotherProgramLostIsWrittenAgain(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "exec"), 2*time.Second)
	must(t, os.MkdirAll(filepath.Dir(l.kube), 0o700))
	must(t, os.WriteFile(l.kube, []byte("current-context: mine\n"), 0o600))
	before, err := clientcmd.LoadFromFile(l.kube)
	must(t, err)
	l.logIn()
	l.until("the entry", func() bool { return l.user("prod") != nil })
	before.Contexts["theirs"] = api.NewContext()
	must(t, clientcmd.WriteToFile(*before, l.kube)) // as a kubectl does that read the file before us and writes it after us
	l.until("the entry again", func() bool { return l.user("prod") != nil })
	if c, err := clientcmd.LoadFromFile(l.kube); err != nil || c.Contexts["theirs"] == nil || c.Contexts["prod"] == nil {
		t.Errorf("%+v, %v", c, err)
	}
}

// Its file is watched: nobody waits for the next look at it.
func TestAnEntryThatAnotherProgramChangedIsPutRightAtOnce(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "exec"), time.Millisecond)
	must(t, os.MkdirAll(filepath.Dir(l.kube), 0o700))
	l.logIn()
	l.until("the entry", func() bool { return l.user("prod") != nil })
	ours := l.user("prod").Exec.Command
	changed := time.Now()
	l.edit(func(c *api.Config) { c.AuthInfos["kubecreds-prod"].Exec.Command = "/elsewhere" })
	l.until("our command again", func() bool { return l.user("prod").Exec.Command == ours })
	if waited := time.Since(changed); waited >= filesEvery {
		t.Errorf("it took %v", waited)
	}
}

// provider is what prod's entry holds for kubectl's own OpenID Connect client; nil if it is another entry.
func (l *life) provider() map[string]string {
	if u := l.user("prod"); u != nil && u.AuthProvider != nil && u.AuthProvider.Name == "oidc" && u.Exec == nil && u.Token == "" {
		return u.AuthProvider.Config
	}
	return nil
}

// remark waits until prod's row has that remark, or none for "".
func (l *life) remarks(text string) {
	l.t.Helper()
	l.until("the remark "+text, func() bool {
		c, _ := l.Keeper.Snapshot().Cluster("prod")
		return text == "" && c.Remark == "" || text != "" && strings.Contains(c.Remark, text)
	})
}

func TestKubectlsOwnClientIsGivenAFreshIDTokenAndNoRefreshToken(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "auth-provider"))
	fresh := func() bool {
		return maps.Equal(l.provider(), map[string]string{"idp-issuer-url": l.idp.URL, "client-id": "kube", "id-token": l.token()})
	}
	l.logIn()
	l.until("the entry", fresh)
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the renewed ID token", fresh)
	l.logOut()
	l.until("the ID token to go", func() bool {
		return maps.Equal(l.provider(), map[string]string{"idp-issuer-url": l.idp.URL, "client-id": "kube"})
	})
	l.idp.set(func(p *testProvider) { p.life = 2 * time.Minute })
	l.logIn()
	l.row("prod", "its tokens live 2m0s")
}

func TestAConfidentialClientsSecretGoesWithTheIDToken(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "auth-provider"))
	l.stop()
	l.more = ", clientSecret: true"
	l.configure(fmt.Sprintf(prod, "auth-provider"))
	l.begin()
	l.logIn()
	l.until("the entry", func() bool {
		p := l.provider()
		return p["id-token"] == l.token() && p["client-secret"] == "client secret"
	})
}

func TestARefreshTokenIsGivenAwayOnlyWhereAPersonSaysSoAndTheProviderKeepsIt(t *testing.T) {
	l := newLife(t, strings.Replace(fmt.Sprintf(prod, "auth-provider"), "}", ", refreshTokenInKubeconfig: true}", 1))
	fresh := func(refresh string) func() bool {
		return func() bool { p := l.provider(); return p["id-token"] == l.token() && p["refresh-token"] == refresh }
	}
	l.logIn()
	l.until("the entry", fresh(""))
	l.remarks("when a renewal has shown")
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the refresh token", fresh("refresh-1"))
	l.remarks("")
	l.logOut()
	l.until("both tokens to go", func() bool { p := l.provider(); return p["id-token"] == "" && p["refresh-token"] == "" })
	l.logIn()
	l.until("both tokens", fresh("refresh-1"))
	l.idp.set(func(p *testProvider) { p.rotates = true })
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("the refresh token to go", fresh(""))
	l.remarks("the provider replaces it at each renewal")
	l.stop()
	l.begin() // the keychain has the new one
	l.until("the first token after a restart", func() bool { st, _ := l.Keeper.Snapshot().Account("corp"); return st.Serial > 0 })
	l.until("no refresh token after a restart", fresh(""))
}

func TestADeliveryThatNeedsTheAgentSaysSoWhileStartAtLoginIsOff(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "token")+fmt.Sprintf(staging, "exec"))
	l.stop()
	l.auto = &switched{}
	l.begin()
	l.remarks("delivery token needs kubecreds at login, and Start at login is off")
	if c, _ := l.Keeper.Snapshot().Cluster("staging"); c.Remark != "" {
		t.Errorf("exec: %q", c.Remark)
	}
	l.autostart(true)
	l.remarks("")
}

// switched is an autostart entry that a test has.
type switched struct{ on atomic.Bool }

func (s *switched) Enabled() (bool, error) { return s.on.Load(), nil }
func (s *switched) Enable() error          { s.on.Store(true); return nil }
func (s *switched) Disable() error         { s.on.Store(false); return nil }

func TestAProgramThatKeepsChangingOurEntriesIsGivenInToAndToldOf(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "exec"), 2*time.Second)
	l.logIn()
	l.until("the entry", func() bool { return l.user("prod") != nil })
	edits := 0
	l.until("the remark", func() bool {
		c, err := clientcmd.LoadFromFile(l.kube)
		must(t, err)
		if c.Clusters["prod"].Server != "https://elsewhere" {
			edits++
			l.edit(func(c *api.Config) { c.Clusters["prod"].Server = "https://elsewhere" })
		}
		shown, _ := l.Keeper.Snapshot().Cluster("prod")
		return strings.Contains(shown.Remark, "another program keeps changing its kubeconfig entries")
	})
	if edits < mendLimit {
		t.Errorf("given in after %d edits", edits)
	}
	l.logIn() // a person wants them
	l.until("the entry", func() bool {
		c, err := clientcmd.LoadFromFile(l.kube)
		return err == nil && c.Clusters["prod"].Server == "https://prod"
	})
	l.remarks("")
}
