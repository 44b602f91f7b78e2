package agent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/config"
)

// configured is an agent whose configuration file holds text. Nobody is logged in, and no provider is spoken to.
func configured(t *testing.T, text string) *Agent {
	t.Helper()
	k := auth.NewKeeper(keychain.New(&keychaintest.Keychain{}, ""), time.Now, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = k.Run(ctx, nil) }()
	t.Cleanup(func() { stop(); <-ended })
	a := New(Parts{
		Keeper: k, Places: config.Under(t.TempDir()), Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Client: filepath.Join(t.TempDir(), "kubectl-creds"),
	})
	if err := os.WriteFile(a.Places.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a.configure()
	keychainRead(t, k)
	return a
}

// keychainRead waits until k knows of each account whether it has a session.
func keychainRead(t *testing.T, k *auth.Keeper) {
	t.Helper()
	unknown := func(st auth.Status) bool { return st.Phase == auth.Unknown }
	for tooLong := time.After(time.Minute); slices.ContainsFunc(k.Snapshot().Accounts, unknown); {
		select {
		case <-k.Changed():
		case <-tooLong:
			t.Fatalf("the keychain was not read: %+v", k.Snapshot())
		}
	}
}

// written is the text of the agent's configuration file.
func written(t *testing.T, a *Agent) string {
	t.Helper()
	b, err := os.ReadFile(a.Places.Config)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ask sends r to the agent's socket and answers each question with answer, "" being nobody. It returns what was printed,
// questions included, and how it ended.
func ask(t *testing.T, a *Agent, r wire.Request, answer string) (printed []string, done wire.Done) {
	t.Helper()
	home, err := os.MkdirTemp("", "kc") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	place, err := wire.At(home)
	if err != nil {
		t.Fatal(err)
	}
	l, err := wire.Listen(place)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, a.handle) }()
	defer func() {
		cancel()
		if err := errors.Join(<-served, l.Close()); err != nil {
			t.Error(err)
		}
	}()
	dialCtx, stopDial := context.WithTimeout(t.Context(), 30*time.Second)
	defer stopDial()
	client, err := wire.Dial(dialCtx, place)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	watch := time.AfterFunc(time.Minute, func() { _ = client.Close() })
	defer watch.Stop()
	r.Version = wire.Version
	if err := client.Send(r); err != nil {
		t.Fatal(err)
	}
	for {
		e, err := client.Next()
		switch {
		case err != nil:
			t.Fatalf("%v after %q", err, printed)
		case e.Done != nil:
			return printed, *e.Done
		case e.Ask != nil && answer == "":
			printed, err = append(printed, e.Ask.Prompt), client.NoAnswer()
		case e.Ask != nil:
			printed, err = append(printed, e.Ask.Prompt), client.Answer(secret.New(answer))
		case e.Credential != nil:
			printed = append(printed, "token "+e.Credential.Token.Reveal())
		default:
			printed = append(printed, e.Note+e.Text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
