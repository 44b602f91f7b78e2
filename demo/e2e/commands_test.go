package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
)

// reported is `status -o json`, with every field that is documented.
type reported struct {
	Version            *string
	ConfigurationError string
	Accounts           []struct {
		Name, State, Words, Person, Reason string
		Ready                              *bool
		Until, SessionEnds                 *time.Time
	}
	Clusters []struct {
		Name, Account, Server, Delivery, State, Words, WriteError string
		Until                                                     *time.Time
		Ready                                                     *bool
	}
}

func TestTheCommandLineSaysHowItEndedInOneLineAndAStatus(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		ctx := t.Context()
		asAlice := []string{"login", "corp", "--username", "alice", "--password-stdin"}

		// Nobody is logged in.
		expect(t, "get-token", r.GetToken(ctx, "prod-eu"), 3, "corp: login needed; click the kubecreds icon, or run: kubectl creds login corp")
		expect(t, "status prod-eu", r.Creds(ctx, "", "status", "prod-eu"), 3)
		expect(t, "renew", r.Creds(ctx, "", "renew", "corp"), 3, "corp: login needed")
		expect(t, "a wrong password", r.Creds(ctx, "wrong\n", asAlice...), 3, "corp: not logged in: the provider refused the password")
		must(t, r.Control.Break(ctx, control.Unavailable, ""))
		expect(t, "login without the provider", r.Creds(ctx, "password\n", asAlice...), 4, "corp: not logged in: ", "503")
		must(t, r.Control.Repair(ctx))
		expect(t, "login where nobody can be asked", r.Creds(ctx, "", "login", "corp"), 3, "there is no terminal; pass --username and --password-stdin")

		// What does not exist, and what is not meant so.
		for _, args := range [][]string{{"status", "nobody"}, {"login", "nobody"}, {"logout", "nobody"}, {"renew", "nobody"}} {
			expect(t, strings.Join(args, " "), r.Creds(ctx, "", args...), 5, "nobody: not in the configuration; configured: corp")
		}
		expect(t, "get-token of nobody", r.Creds(ctx, "", "get-token", "--cluster", "nobody"), 5, "nobody: not in the configuration")
		for _, args := range [][]string{
			{"lgoin"}, {"login", "--pasword-stdin"}, {"login", "a", "b"}, {"login", "--password-stdin"}, {"status", "-o", "yaml"}, {"get-token"},
		} {
			expect(t, strings.Join(args, " "), r.Creds(ctx, "", args...), 2, "kubecreds: ", "kubectl creds ")
		}

		// A session from its login to its logout.
		got := r.Creds(ctx, "password\n", asAlice...)
		expect(t, "login", got, 0)
		if !strings.HasPrefix(got.Out, "corp (alice@example.com): valid until ") {
			t.Errorf("login says %q", got.Out)
		}
		for _, name := range []string{"prod-eu", "staging", "corp"} {
			expect(t, "status "+name, r.Creds(ctx, "", "status", name), 0)
		}
		got = r.Creds(ctx, "", "renew")
		expect(t, "renew", got, 0)
		if !strings.HasPrefix(got.Out, "corp (alice@example.com): valid until ") {
			t.Errorf("renew says %q", got.Out)
		}
		if sessions, err := r.Control.Sessions(ctx); err != nil || len(sessions) != 1 || sessions[0].Renewals != 1 {
			t.Errorf("sessions after a renewal: %+v, %v", sessions, err)
		}
		got = r.Creds(ctx, "", "logout", "staging") // a cluster stands for its account
		expect(t, "logout", got, 0)
		if got.Out != "corp: logged out\n" {
			t.Errorf("logout says %q", got.Out)
		}
		if sessions, err := r.Control.Sessions(ctx); err != nil || len(sessions) != 1 || sessions[0].Alive || sessions[0].End != "logged out" {
			t.Errorf("sessions after the logout: %+v, %v", sessions, err)
		}
		if left := keychain(t); len(left) != 0 {
			t.Errorf("the keychain still holds %d records", len(left))
		}
		expect(t, "get-token", r.GetToken(ctx, "prod-eu"), 3, "corp: login needed")

		// A logout that the provider is not told of says so.
		cliLogIn(t, r)
		must(t, r.Control.Break(ctx, control.Drop, "revoke"))
		got = r.Creds(ctx, "", "logout")
		expect(t, "logout without the provider", got, 0)
		if got.Out != "corp: logged out here; the provider was not told, and ends the session by itself later\n" {
			t.Errorf("logout says %q", got.Out)
		}
		menuSays(t, "Log in to corp…")

		got = r.Creds(ctx, "", "version")
		if lines := strings.Split(got.Out, "\n"); got.Status != 0 || len(lines) != 3 || !strings.HasPrefix(lines[0], "kubectl-creds ") || !strings.HasPrefix(lines[1], "kubecreds ") {
			t.Errorf("version: %+v", got)
		}
	})
}

func TestStatusTellsProgramsWhatItTellsPeople(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		read := func(args ...string) reported {
			t.Helper()
			got := r.Creds(t.Context(), "", append([]string{"status", "-o", "json"}, args...)...)
			var all reported
			d := json.NewDecoder(strings.NewReader(got.Out))
			d.DisallowUnknownFields()
			if err := d.Decode(&all); err != nil || d.More() || got.Err != "" {
				t.Fatalf("status -o json: %v; stdout %q, stderr %q", err, got.Out, got.Err)
			}
			return all
		}

		all := read()
		if all.Version == nil || len(all.Accounts) != 1 || len(all.Clusters) != 2 {
			t.Fatalf("%+v", all)
		}
		if a := all.Accounts[0]; a.Name != "corp" || a.State != "logged-out" || a.Words != "not logged in" || a.Ready == nil || *a.Ready || a.Until != nil {
			t.Errorf("logged out: %+v", a)
		}
		cliLogIn(t, r)
		loginDone(t)
		all = read("staging")
		if len(all.Clusters) != 1 || len(all.Accounts) != 1 {
			t.Fatalf("of one cluster: %+v", all)
		}
		if a := all.Accounts[0]; a.State != "valid" || a.Person != "alice@example.com" || a.Ready == nil || !*a.Ready || a.Until == nil || !a.Until.After(time.Now()) || a.SessionEnds != nil {
			t.Errorf("logged in: %+v", a)
		}
		if c := all.Clusters[0]; c.Name != "staging" || c.Account != "corp" || c.Server != r.Servers.Clusters[1].Server || c.Delivery != "exec" || c.State != "valid" || c.Until == nil || c.Ready == nil || !*c.Ready {
			t.Errorf("its cluster: %+v", c)
		}

		must(t, r.Control.Break(t.Context(), control.Unavailable, ""))
		r.Creds(t.Context(), "", "renew")
		if a := read().Accounts[0]; a.State != "offline" || a.Reason != "unreachable" || !*a.Ready || !strings.Contains(a.Words, "provider unreachable") {
			t.Errorf("offline: %+v", a)
		}
		must(t, r.Control.Repair(t.Context()))
		revoke(t, r)
		expect(t, "renew", r.Creds(t.Context(), "", "renew"), 3, "corp: login needed: the provider ended the session")
		if a := read().Accounts[0]; a.State != "login-needed" || a.Reason != "ended" || !*a.Ready {
			t.Errorf("ended: %+v", a)
		}
	})
}

func TestATokenGoesOnlyToTheAPIServerThatIsConfigured(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		cliLogIn(t, r)
		works(t, r)
		ours, theirs := r.Servers.Clusters[0].Server, r.Servers.Clusters[1].Server
		text := kubeconfig(r)
		if !strings.Contains(text, ours) || !strings.Contains(text, "provideClusterInfo: true") {
			t.Fatalf("the kubeconfig lacks %s or provideClusterInfo:\n%s", ours, text)
		}
		must(t, r.Control.ResetClusterCounts(t.Context(), "staging"))
		elsewhere := *r
		elsewhere.Kube = filepath.Join(t.TempDir(), "kubeconfig")
		must(t, os.WriteFile(elsewhere.Kube, []byte(strings.ReplaceAll(text, ours, theirs)), 0o600))
		got := elsewhere.Kubectl(t.Context(), "--context", "prod-eu", "get", "namespaces")
		line := fmt.Sprintf("kubecreds: prod-eu: the kubeconfig sends its token to %q, which is not configured for it; nothing was handed out\n", theirs)
		if got.Status == 0 || !strings.Contains(got.Err, line) {
			t.Errorf("kubectl: exit status %d, stderr %q; want in it %q", got.Status, got.Err, line)
		}
		counts, err := r.Control.ClusterCounts(t.Context(), "staging")
		if err != nil || counts.Unauthorized != counts.Requests {
			t.Errorf("the other API server was sent something better than nothing: %+v, %v", counts, err)
		}
		works(t, r)
	})
}
