package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/drive"
)

const refusal = "prod-eu does not accept the token; likely: it wants another audience than "

func TestATokenThatAnAPIServerRefusesIsSaidSoWithTheLikelyReason(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		cliLogIn(t, r)
		works(t, r)
		got := r.Creds(t.Context(), "", "check")
		expect(t, "check", got, 0)
		if n := strings.Count(got.Out, "accepts the token"); n != 2 || strings.Count(got.Out, "alice@example.com") != 2 || !strings.Contains(got.Out, "developers") {
			t.Errorf("check says\n%s", got.Out)
		}
		recount(t, r)

		// kubectl asks for a token, is answered 401, and asks again: the agent finds out why.
		must(t, r.Control.RejectTokens(t.Context(), "prod-eu", true))
		var refused drive.Result
		until(t, "kubectl to say why it is refused", func() bool { // the first waits a second for that, the next one knows it
			refused = r.Kubectl(t.Context(), "--context", "prod-eu", "auth", "whoami")
			return strings.Contains(refused.Err, refusal)
		})
		if refused.Status == 0 || strings.Count(refused.Err, refusal) != 1 || !strings.Contains(refused.Err, "kubectl creds check prod-eu") {
			t.Errorf("kubectl: %+v; want one line with %q", refused, refusal)
		}
		menuSays(t, "prod-eu: rejected by the API server (likely: ", "1 of 2 clusters ready; prod-eu is rejected by the API server", "staging: valid until ")
		if n := counts(t, r).Of("token/refresh_token"); n != 1 {
			t.Errorf("%d renewals, want one", n)
		}
		r.Kubectl(t.Context(), "--context", "prod-eu", "auth", "whoami")
		if n := counts(t, r).Of("token/refresh_token"); n != 1 {
			t.Errorf("%d renewals after a second refusal, want none more", n)
		}
		expect(t, "get-token", r.GetToken(t.Context(), "staging"), 0)

		// check says the same, and that it is over.
		got = r.Creds(t.Context(), "", "check", "-o", "json")
		expect(t, "check", got, 1)
		var report struct {
			Clusters []struct{ Name, Result, Reason string }
		}
		if err := json.Unmarshal([]byte(got.Out), &report); err != nil || len(report.Clusters) != 2 ||
			report.Clusters[0].Result != "rejected" || !strings.Contains(report.Clusters[0].Reason, "likely: ") || report.Clusters[1].Result != "accepted" {
			t.Errorf("%v: %s", err, got.Out)
		}
		must(t, r.Control.RejectTokens(t.Context(), "prod-eu", false))
		expect(t, "check", r.Creds(t.Context(), "", "check", "prod-eu"), 0)
		menuSays(t, "2 of 2 clusters ready")
		menuLacks(t, patience, "rejected")
		works(t, r)

		// A provider that is away is no reason to refuse, nor to renew.
		must(t, r.Control.Break(t.Context(), control.Unavailable, ""))
		expect(t, "check", r.Creds(t.Context(), "", "check", "corp"), 0)
		must(t, r.Control.Repair(t.Context()))
		survived(t, r)
	})
}
