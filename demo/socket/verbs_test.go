package socket

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

func TestTokenGivesOneThatIsValidLongEnoughOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	r := start(t, provider.Options{IDToken: time.Hour}, 2)
	if a := r.ask("token", "c1"); a.done.Status != 3 || a.credential != nil {
		t.Errorf("before the login: %+v", a)
	}
	r.logIn()
	first := r.ask("token", "c1")
	if first.done.Status != 0 || first.credential == nil || first.credential.Token.Empty() {
		t.Fatalf("%+v", first)
	}
	if a := r.ask("token", "--min-validity=30m"); a.credential == nil || !a.credential.Token.Equal(first.credential.Token) {
		t.Errorf("a token that is good for an hour was not good enough for 30 minutes: %+v", a)
	}
	must(t, r.control.ResetCounts(t.Context()))
	if a := r.ask("token", "corp", "--min-validity=2h"); a.done.Status != 1 || a.credential != nil || !strings.Contains(a.done.Message, "corp: the provider's tokens live 1h0m0s, which is less than --min-validity 2h") {
		t.Errorf("longer than any token: %+v", a)
	}
	if n := r.renewals(); n != 0 {
		t.Errorf("%d renewals that could not help", n)
	}
	const nearly = "--min-validity=59m54s"
	must(t, within(func() bool { return time.Until(first.credential.Expires) < time.Hour-7*time.Second }))
	if a := r.ask("token", nearly); a.done.Status != 0 || a.credential.Token.Equal(first.credential.Token) || r.renewals() != 1 {
		t.Errorf("%+v after %d renewals, want a new one", a, r.renewals())
	}
	must(t, r.control.SetIDTokenLifetime(t.Context(), 10*time.Minute))
	var a answer
	must(t, within(func() bool { a = r.ask("token", nearly); return a.done.Status != 0 }))
	if a.done.Status != 1 || !strings.Contains(a.done.Message, "the renewed token is valid for ") {
		t.Errorf("the provider shortened its tokens: %+v", a)
	}
	if a := r.ask("token", "--min-validity=-5m"); a.done.Status != 2 {
		t.Errorf("%+v", a)
	}
	if a := r.ask("token", "nobody"); a.done.Status != 5 {
		t.Errorf("%+v", a)
	}
}

func (r *rig) renewals() int {
	r.Helper()
	c, err := r.control.Counts(r.Context())
	must(r.T, err)
	return c.Of("token/refresh_token")
}

func TestAWatcherSeesEachChangeAndTheAgentsEnd(t *testing.T) {
	r := start(t, provider.Options{}, 1)
	c, err := wire.Dial(t.Context(), r.socket)
	must(t, err)
	defer func() { _ = c.Close() }()
	stuck := time.AfterFunc(patience, func() { _ = c.Close() })
	defer stuck.Stop()
	must(t, c.Send(wire.Request{Version: wire.Version, Verb: "status", Args: []string{"--watch=true", "--output=json"}}))
	states := func(want string) {
		t.Helper()
		for {
			e, err := c.Next()
			must(t, err)
			var report struct{ Accounts []struct{ State string } }
			must(t, json.Unmarshal([]byte(e.Text), &report))
			if report.Accounts[0].State == want {
				return
			}
		}
	}
	states("logged-out")
	r.logIn()
	states("valid")
	r.ask("logout")
	states("logged-out")
	r.stop()
	for {
		e, err := c.Next()
		must(t, err)
		if e.Done != nil {
			if e.Done.Status != 1 || e.Done.Message != "kubecreds ended" {
				t.Errorf("%+v", e.Done)
			}
			return
		}
	}
}

func TestAPersonWhoWaitsForTheProviderIsToldSoAndMayStop(t *testing.T) {
	t.Parallel()
	r := start(t, provider.Options{}, 1)
	r.logIn()
	must(t, r.control.Break(t.Context(), control.Hang, ""))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := wire.Dial(ctx, r.socket)
	must(t, err)
	defer func() { _ = c.Close() }()
	must(t, c.Send(wire.Request{Version: wire.Version, Verb: "renew", Caller: wire.Caller{Terminal: true}}))
	if e, err := c.Next(); err != nil || e.Note != "corp: waiting for the provider; Ctrl-C to stop waiting" {
		t.Errorf("%+v, %v", e, err)
	}
	must(t, c.Close())
	if a := r.ask("get-token", "--cluster=c0"); a.credential == nil {
		t.Errorf("the old token is gone: %+v", a)
	}
	must(t, r.control.Repair(t.Context()))
}
