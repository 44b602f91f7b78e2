package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/drive"
)

// findings are what `doctor -o json` found: the level of each area, of an account's or a cluster's "NAME: area".
func findings(t *testing.T, got drive.Result) map[string]string {
	t.Helper()
	var report struct {
		Findings []struct{ Area, About, Level string }
	}
	if err := json.Unmarshal([]byte(got.Out), &report); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	levels := map[string]string{}
	for _, f := range report.Findings {
		name := f.Area
		if f.About != "" {
			name = f.About + ": " + f.Area
		}
		levels[name] = f.Level
	}
	return levels
}

func TestDoctorFindsWhatIsWrongOnARealDesktopAndShowsNoSecret(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		cliLogIn(t, r)
		works(t, r)
		t.Setenv("KUBECONFIG", r.Kube)

		got := r.Creds(t.Context(), "", "doctor")
		if got.Status != 0 || !strings.Contains(got.Out, "Secret Service (gnome-keyring-daemon): an item was written, read back and deleted") || strings.Contains(got.Out, "failure") {
			t.Errorf("doctor: %+v", got)
		}
		for _, secret := range []string{token(t, r), refreshToken(t), "password\n", "alice"} {
			if strings.Contains(got.Out, secret) {
				t.Errorf("doctor shows a secret of %d characters", len(secret))
			}
		}
		levels := findings(t, r.Creds(t.Context(), "", "doctor", "-o", "json"))
		for _, area := range []string{
			"configuration", "versions", "socket", "keychain", "corp: provider", "corp: clock", "corp: provider's certificate", "corp: session",
			"prod-eu: API server", "prod-eu: kubeconfig", "staging: API server", "staging: kubeconfig", "plugin", "kuberc", "KUBECONFIG", "proxy", "tray",
		} {
			if levels[area] != "ok" {
				t.Errorf("%s: %q", area, levels[area])
			}
		}
		if levels["corp: ways to log in"] != "warning" { // the demo logs in with the password, and offers the browser
			t.Errorf("ways to log in: %q", levels["corp: ways to log in"])
		}

		must(t, r.Control.RejectTokens(t.Context(), "prod-eu", true))
		must(t, r.Control.Break(t.Context(), control.Unavailable, "openid-configuration"))
		must(t, os.Setenv("KUBECONFIG", "/elsewhere"))
		got = r.Creds(t.Context(), "", "doctor", "-o", "json")
		levels = findings(t, got)
		for area, want := range map[string]string{
			"prod-eu: API server": "failure", "staging: API server": "ok", "corp: provider": "failure", "KUBECONFIG": "failure",
		} {
			if levels[area] != want {
				t.Errorf("%s: %q, want %q", area, levels[area], want)
			}
		}
		if got.Status != 1 {
			t.Errorf("exit status %d", got.Status)
		}

		r.StopAgent()
		levels = findings(t, r.Creds(t.Context(), "", "doctor", "-o", "json"))
		if levels["agent"] != "failure" || levels["lock"] != "ok" || len(levels) != 5 {
			t.Errorf("without an agent: %v", levels)
		}
	})
}
