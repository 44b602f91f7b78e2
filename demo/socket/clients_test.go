//go:build clients

package socket

import (
	"bytes"
	"context"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// Other clients than kubectl: make test-clients builds them into build/out/clients/ and runs these tests.

const life = 8 * time.Second // of a token

func TestHelmWorksThroughLoginRenewalAndTheEndOfASession(t *testing.T) {
	r := start(t, provider.Options{IDToken: life}, 0)
	list := func() (string, bool) {
		out, errs, ok := r.call("clients/helm", "list", "--namespace", "shop")
		return out + errs, ok
	}
	r.logIn()
	must(t, within(func() bool { return strings.Contains(r.kubeconfig(), "kubecreds-prod-eu") }))
	began := time.Now()
	if out, ok := list(); !ok || !strings.Contains(out, "NAMESPACE") {
		t.Fatalf("logged in: %s", out)
	}
	must(t, within(func() bool { return time.Since(began) > life+time.Second }))
	if out, ok := list(); !ok || r.renewals() == 0 {
		t.Errorf("after %d renewals: %s", r.renewals(), out)
	}
	r.revoked()
	var out string
	must(t, within(func() bool {
		var ok bool
		out, ok = list()
		return !ok
	}))
	if !strings.Contains(out, "kubecreds: corp: login needed: the provider ended the session") {
		t.Errorf("after the session's end: %s", out)
	}
	r.logIn()
	if out, ok := list(); !ok {
		t.Errorf("logged in again: %s", out)
	}
}

// revoked ends the session at the provider, and has the agent notice.
func (r *rig) revoked() {
	r.Helper()
	_, err := r.control.Revoke(r.Context(), "alice")
	must(r.T, err)
	if a := r.ask("renew"); a.done.Status != 3 {
		r.Errorf("renew after the session's end: %+v", a)
	}
}

// screen is all that a program has drawn so far.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

// text is what was drawn since it was at from, without what moves the cursor.
func (s *screen) text(from int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return regexp.MustCompile(`\x1b(\[[0-9;?]*[a-zA-Z]|[()][0-9A-B]|[=>78])`).ReplaceAllString(string(s.b.Bytes()[from:]), "")
}

func (s *screen) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Len()
}

func TestK9sWorksThroughLoginRenewalAndTheEndOfASession(t *testing.T) {
	r := start(t, provider.Options{IDToken: life}, 0)
	r.logIn()
	must(t, within(func() bool { return strings.Contains(r.kubeconfig(), "kubecreds-prod-eu") }))
	drawn := &screen{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	inner := r.command(ctx, "clients/k9s", "--context", "prod-eu", "--command", "namespaces", "--readonly", "--headless", "--refresh", "2")
	k9s := exec.CommandContext(ctx, "script", "--quiet", "--return", "--flush", "--command", "stty cols 150 rows 45; exec "+strings.Join(inner.Args, " "), "/dev/null")
	k9s.Env = inner.Env
	k9s.Stdout, k9s.Stderr = drawn, drawn
	stdin, err := k9s.StdinPipe() // stays open: its end would be typed
	must(t, err)
	defer func() { _ = stdin.Close() }()
	must(t, k9s.Start())
	defer func() {
		cancel()
		_ = k9s.Wait() // it was killed
	}()
	sees := func(from int, what string) {
		t.Helper()
		if err := within(func() bool { return strings.Contains(drawn.text(from), what) }); err != nil {
			t.Fatalf("%v: %q; the screen:\n%s", err, what, drawn.text(from))
		}
	}
	began := time.Now()
	sees(0, "kube-system")

	// Two tokens later.
	must(t, within(func() bool { return time.Since(began) > 2*life && r.renewals() >= 2 }))
	must(t, r.cluster.ResetClusterCounts(t.Context(), "prod-eu"))
	must(t, r.cluster.AddNamespace(t.Context(), "prod-eu", "fresh-one"))
	sees(0, "fresh-one")
	must(t, within(func() bool { return r.requests().Requests > 0 }))
	if c := r.requests(); c.Unauthorized != 0 {
		t.Errorf("k9s was refused: %+v", c)
	}

	// The session ends: a line, no window, and k9s goes on after the next login.
	end := drawn.len()
	r.revoked()
	sees(end, "login needed")
	r.logIn()
	must(t, r.cluster.ResetClusterCounts(t.Context(), "prod-eu"))
	must(t, within(func() bool { c := r.requests(); return c.Requests > c.Unauthorized }))
}

func (r *rig) requests() control.ClusterCounts {
	r.Helper()
	c, err := r.cluster.ClusterCounts(r.Context(), "prod-eu")
	must(r.T, err)
	return c
}
