package auth

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
)

func TestARejectionHoldsUntilTheTokenOrTheConfigurationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &keychaintest.Keychain{}, hourly())
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		why := Reason{CodeRejected, "likely: it wants another audience"}
		rejected := func() Reason {
			c, _ := r.Snapshot().Cluster("prod")
			return c.Rejected
		}
		reject := func(serial uint64, why Reason) { t.Helper(); must(t, r.Reject("prod", serial, why)) }

		before := r.Snapshot()
		reject(r.corp().Serial, why)
		if rejected() != why || before.Clusters[0].Rejected != (Reason{}) {
			t.Errorf("%+v; the snapshot before it says %+v", rejected(), before.Clusters[0])
		}
		must(t, r.Note("prod", "no permission"))
		if rejected() != why {
			t.Error("a note about the kubeconfig took it away")
		}
		reject(r.corp().Serial, Reason{})
		if rejected() != (Reason{}) {
			t.Error("the API server accepts it again, and it is still rejected")
		}

		reject(r.corp().Serial, why)
		time.Sleep(time.Hour) // long enough for a renewal
		if rejected() != (Reason{}) {
			t.Error("a new token is rejected unseen")
		}
		reject(r.corp().Serial-1, why)
		if rejected() != (Reason{}) {
			t.Error("a rejection of the last token is held against this one")
		}

		reject(r.corp().Serial, why)
		s := r.Snapshot().Clusters[0]
		must(t, r.Configure([]Account{r.accounts[0].Account}, []ClusterConfig{{Name: s.Name, Account: s.Account, Server: "https://other:6443"}}))
		if rejected() != (Reason{}) {
			t.Error("another configuration is rejected unseen")
		}
	})
}
