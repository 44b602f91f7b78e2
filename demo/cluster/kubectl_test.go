package cluster_test

import (
	"bufio"
	"context"
	"strings"
	"testing"
	"time"
)

func TestKubectlKnowsThePerson(t *testing.T) {
	w := start(t, "prod-eu")
	for user, want := range map[string]string{
		"alice": "ATTRIBUTE VALUE\nUsername alice@example.com\nGroups [developers oncall system:authenticated]",
		"bob":   "ATTRIBUTE VALUE\nUsername bob@example.com\nGroups [viewers system:authenticated]",
	} {
		if got, ok := w.kubectl(w.token(user), "auth", "whoami"); !ok || got != want {
			t.Errorf("%s: %s", user, got)
		}
	}
}

func TestKubectlReadsWhatTheGroupsAllow(t *testing.T) {
	w := start(t, "prod-eu")
	tokens := map[string]string{"alice": w.token("alice"), "bob": w.token("bob"), "nobody": w.token("bob", "scope", "openid email")}
	for _, c := range []struct {
		user, command string
		ok            bool
		want          string
	}{
		{"alice", "get namespaces", true, "NAME STATUS AGE\ndefault Active 42d\nkube-system Active 42d\nshop Active 42d\nbilling Active 42d"},
		{"alice", "get pods -A -o name", true, "pod/checkout-7d9f8b6c5-x2v4q\npod/cart-5b8c9d7f6-k8m2p\npod/invoices-0"},
		{"alice", "get pods -n billing", true, "NAME READY STATUS RESTARTS AGE\ninvoices-0 1/1 Running 0 42d"},
		{"alice", "get namespace shop -o jsonpath={.metadata.name}/{.status.phase}", true, "shop/Active"},
		{"alice", "get namespaces --field-selector metadata.name=billing -o name", true, "namespace/billing"},
		{"alice", "get secrets -n shop -o name", true, "secret/checkout-database"},
		{"alice", "auth can-i list secrets", true, "yes"},
		{"alice", "auth can-i delete pods", false, "no"},
		{"alice", "get namespace nope", false, `Error from server (NotFound): namespaces "nope" not found`},
		{"bob", "get pods -n shop -o name", true, "pod/checkout-7d9f8b6c5-x2v4q\npod/cart-5b8c9d7f6-k8m2p"},
		{"bob", "get secrets -n shop", false, `Error from server (Forbidden): secrets is forbidden: User "bob@example.com" cannot list resource "secrets" in API group "" in the namespace "shop"`},
		{"bob", "auth can-i list secrets", false, "no"},
		{"nobody", "get namespaces", false, `Error from server (Forbidden): namespaces is forbidden: User "bob@example.com" cannot list resource "namespaces" in API group "" at the cluster scope`},
		{"alice", "version", true, "Client Version: v1.37.2\nKustomize Version: v5.8.1\nServer Version: v1.37.2"},
	} {
		if got, ok := w.kubectl(tokens[c.user], strings.Fields(c.command)...); ok != c.ok || got != c.want {
			t.Errorf("%s: kubectl %s: succeeded %v, printed:\n%s", c.user, c.command, ok, got)
		}
	}
}

func TestKubectlWatchSeesANewNamespace(t *testing.T) {
	w := start(t, "prod-eu")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	command := w.command(ctx, w.token("alice"), "get", "namespaces", "-w")
	output, err := command.StdoutPipe()
	w.must(err)
	w.must(command.Start())
	defer func() {
		cancel()
		_ = command.Wait() // it was killed
	}()
	eventually(t, "the watch to open", func() bool {
		counts, err := w.control.ClusterCounts(t.Context(), "prod-eu")
		w.must(err)
		return counts.Watches == 1
	})
	w.must(w.control.AddNamespace(t.Context(), "prod-eu", "fresh"))
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "fresh ") {
			return
		}
	}
	t.Error("kubectl ended without showing the namespace")
}

func TestKubectlIsUnauthorizedWithABadToken(t *testing.T) {
	w := start(t, "prod-eu")
	w.must(w.control.SetIDTokenLifetime(t.Context(), time.Second))
	expired := w.token("alice")
	eventually(t, "the token to expire", func() bool {
		status, _ := w.get("/api", expired)
		return status == 401
	})
	if got, ok := w.kubectl(expired, "auth", "whoami"); ok || got != "error: You must be logged in to the server (Unauthorized)" {
		t.Errorf("succeeded %v, printed:\n%s", ok, got)
	}
}
