package cluster_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

const namespaces = "/api/v1/namespaces"

func TestOnlyGoodTokensOfThisAudienceAreAccepted(t *testing.T) {
	w := start(t, "staging")
	good := w.token("alice")
	other := w.token("alice", "client_id", provider.ConfidentialClient, "client_secret", provider.ConfidentialSecret)
	for _, c := range []struct {
		name, token string
		want        int
	}{
		{"good", good, http.StatusOK},
		{"none", "", http.StatusUnauthorized},
		{"nonsense", "nonsense", http.StatusUnauthorized},
		{"another client's", other, http.StatusUnauthorized},
		{"changed", good[:len(good)-8] + "AAAAAAAA", http.StatusUnauthorized},
	} {
		status, body := w.get(namespaces, c.token)
		if status != c.want {
			t.Errorf("%s: %d, want %d", c.name, status, c.want)
		}
		if c.want != http.StatusUnauthorized {
			continue
		}
		var s struct{ Kind, APIVersion, Message, Reason string }
		w.must(json.Unmarshal([]byte(body), &s))
		if s.Kind != "Status" || s.APIVersion != "v1" || s.Message != "Unauthorized" || s.Reason != "Unauthorized" {
			t.Errorf("%s: %s", c.name, body)
		}
	}
}

func TestClustersHoldDifferentThings(t *testing.T) {
	names := func(name string) string {
		w := start(t, name)
		output, ok := w.kubectl(w.token("alice"), "get", "pods", "-A", "-o", "name")
		if !ok {
			t.Fatal(output)
		}
		return output
	}
	if prod, staging := names("prod-eu"), names("staging"); prod == staging {
		t.Errorf("both hold %s", prod)
	}
}

func TestTokensAreAcceptedWhileTheProviderIsDown(t *testing.T) {
	w := start(t, "prod-eu")
	first, second := w.token("alice"), w.token("bob")
	if status, _ := w.get(namespaces, first); status != http.StatusOK { // fetches the keys
		t.Fatalf("before: %d", status)
	}
	w.must(w.control.Break(t.Context(), control.Drop, ""))
	if status, _ := w.get(namespaces, second); status != http.StatusOK {
		t.Errorf("during the outage: %d", status)
	}
}

func TestTokensOfANewKeyAreAccepted(t *testing.T) {
	w := start(t, "prod-eu")
	if status, _ := w.get(namespaces, w.token("alice")); status != http.StatusOK {
		t.Fatalf("before: %d", status)
	}
	w.must(w.control.RotateKeys(t.Context()))
	if status, _ := w.get(namespaces, w.token("alice")); status != http.StatusOK {
		t.Errorf("after the rotation: %d", status)
	}
}

func TestRejectionIsForEveryTokenAndEnds(t *testing.T) {
	w := start(t, "prod-eu")
	token := w.token("alice")
	for _, c := range []struct {
		reject bool
		want   int
	}{{true, http.StatusUnauthorized}, {false, http.StatusOK}} {
		w.must(w.control.RejectTokens(t.Context(), "prod-eu", c.reject))
		if status, _ := w.get(namespaces, token); status != c.want {
			t.Errorf("rejection %v: %d, want %d", c.reject, status, c.want)
		}
	}
}

func TestClusterCountsItsRequests(t *testing.T) {
	w := start(t, "prod-eu")
	counts := func() control.ClusterCounts {
		c, err := w.control.ClusterCounts(t.Context(), "prod-eu")
		w.must(err)
		return c
	}
	w.get("/readyz", "")
	w.get(namespaces, "")
	w.get(namespaces, w.token("alice"))
	w.get("/api/v1/secrets", w.token("bob"))
	if got, want := counts(), (control.ClusterCounts{Requests: 3, Unauthorized: 1, Forbidden: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	w.must(w.control.ResetClusterCounts(t.Context(), "prod-eu"))
	if got := counts(); got != (control.ClusterCounts{}) {
		t.Errorf("after the reset: %+v", got)
	}
	all, err := w.control.Counts(t.Context())
	w.must(err)
	if all.Of("keys") != 0 || all.Clusters["keys"]["ok"] == 0 {
		t.Errorf("the provider counts the cluster's requests as %+v", all)
	}
}

func TestANamespaceMustHaveAProperName(t *testing.T) {
	w := start(t, "prod-eu")
	if err := w.control.AddNamespace(t.Context(), "prod-eu", "Not A Name"); err == nil {
		t.Error("no error")
	}
}
