package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestTheIconComesWithAPanelThatStartsLateAndOutlivesOnesKilledMeanwhile(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		must(t, r.StartAgent(r.Program("kubecreds")))
		answers(t, r) // it works without a panel
		look(t, "panel-start")
		look(t, "wait-item")

		look(t, "choose", "Log in to corp…") // during a login
		asked(t)
		restartPanel(t)
		menuSays(t, "Cancel login to corp")
		look(t, "wait-focus", "^corp: ")
		must(t, drive.Answer(t.Context(), "alice", "password"))
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		prod, staging := row(t, "prod-eu: "), row(t, "staging: ")
		look(t, "open") // with the menu open
		restartPanel(t)
		submenusWork(t, prod, staging)
		works(t, r)
	}, "--no-panel")
}

func TestANotificationOutlivesItsServiceAndItsButtonStillLogsIn(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		logIn(t)
		revoke(t, r)
		look(t, "choose", "Renew all now")
		drawn(t, endedNotice)
		look(t, "notifyd-stop")
		undrawn(t, endedNotice)
		look(t, "notifyd-start")
		drawn(t, endedNotice)
		look(t, "press", "Log in", "push button")
		asked(t, "Password of alice at ")
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		look(t, "notifyd-stop")
		look(t, "notifyd-start")
		if drive.Sees(t.Context(), endedNotice) {
			t.Error("what does not hold any more is shown by the next service")
		}
		revoke(t, r)
		look(t, "choose", "Renew all now")
		drawn(t, endedNotice)
	})
}

func TestAfterAWeekendThereIsOneNotificationOneClickAndOnePassword(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t, "--id-token=10s")
		logIn(t)
		look(t, "suspend")
		revoke(t, r) // the provider ends it while the machine sleeps
		must(t, r.Control.SetIDTokenLifetime(t.Context(), 5*time.Minute))
		recount(t, r)
		must(t, drive.Until(t.Context(), 40*time.Second, "the token to end", func() bool {
			return r.Creds(t.Context(), "", "status", "prod-eu").Status != 0
		}))
		if c := counts(t, r); c.Total != 0 {
			t.Errorf("requests while the machine slept: %v", c.Requests)
		}
		look(t, "resume")
		drawn(t, endedNotice)
		menuSays(t, "prod-eu: "+endedWords, "staging: "+endedWords)
		look(t, "press", "Log in", "push button")
		asked(t, "Password of alice at ")
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		works(t, r)
		w.saw(t, 2, 0, endedNotice) // a dialog for each login
	})
}

// The package's own tests that need a display, on this one.
func TestDialogsAreDrawnAndAnsweredAsTheirTestsSay(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-run", "Real", "./dialogs")
		cmd.Dir = "../.."
		out, err := cmd.CombinedOutput()
		if ran := strings.Count(string(out), "\n--- PASS: "); err != nil || ran != 3 || strings.Contains(string(out), "--- SKIP") {
			t.Errorf("%d tests passed, want 3: %v\n%s", ran, err, out)
		}
	})
}
