package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestAClickALoginAndKubectlWorks(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		menuSays(t, "0 of 2 clusters ready; prod-eu and staging are not logged in", "prod-eu: not logged in", "Log in to corp…")
		before := icon(t)

		look(t, "choose", "Log in to corp…")
		if title, want := asked(t), "corp: "+strings.TrimPrefix(r.Servers.Issuer, "https://"); title != want {
			t.Errorf("the dialog's title is %q, want %q", title, want)
		}
		answer(t, "alice", "password")
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready", "prod-eu: valid until ", "staging: valid until ")
		iconChanges(t, before)
		works(t, r)
		keepsTheSession(t, r)
		hasEntries(t, r)
	})
}

// keepsTheSession checks that the keychain, and nothing else, has what the login brought.
func keepsTheSession(t *testing.T, r *drive.Rig) {
	t.Helper()
	refresh := refreshToken(t)
	if k := keychain(t)[0]; k.Issuer != r.Servers.Issuer || k.Person != "alice@example.com" {
		t.Errorf("the keychain keeps a session of %q at %q", k.Person, k.Issuer)
	}
	if strings.Contains(kubeconfig(r), refresh) {
		t.Error("the refresh token is in the kubeconfig")
	}
}

// hasEntries checks that each cluster has its entries, which run kubectl-creds.
func hasEntries(t *testing.T, r *drive.Rig) {
	t.Helper()
	view := r.Kubectl(t.Context(), "config", "view", "-o", "json")
	type named struct{ Name string }
	var config struct {
		Clusters []struct {
			named
			Cluster struct{ Server string }
		}
		Users []struct {
			named
			User struct {
				Exec struct {
					Command string
					Args    []string
				}
			}
		}
		Contexts []struct {
			named
			Context struct{ Cluster, User string }
		}
	}
	must(t, json.Unmarshal([]byte(view.Out), &config))
	for _, cluster := range r.Servers.Clusters {
		ok := 0
		for _, c := range config.Clusters {
			if c.Name == cluster.Name && c.Cluster.Server == cluster.Server {
				ok++
			}
		}
		for _, u := range config.Users {
			if u.Name == "kubecreds-"+cluster.Name && u.User.Exec.Command == r.Program("kubectl-creds") &&
				strings.Join(u.User.Exec.Args, " ") == "get-token --cluster "+cluster.Name {
				ok++
			}
		}
		for _, c := range config.Contexts {
			if c.Name == cluster.Name && c.Context.Cluster == cluster.Name && c.Context.User == "kubecreds-"+cluster.Name {
				ok++
			}
		}
		if ok != 3 {
			t.Errorf("%s: %d of 3 entries are as they should be:\n%s", cluster.Name, ok, view.Out)
		}
	}
}
