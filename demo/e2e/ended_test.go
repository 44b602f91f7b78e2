package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

const (
	endedNotice = "corp: login needed"
	endedWords  = "login needed: the provider ended the session"
)

func TestAnEndedSessionIsToldOnceAndItsButtonLogsIn(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t, "--id-token=8s")
		logIn(t)
		loginDone(t)
		bus, ready := listen(t), icon(t)
		revoke(t, r)
		must(t, r.Control.SetIDTokenLifetime(t.Context(), 5*time.Minute)) // for the next login

		// Nobody does anything: the next renewal finds out.
		drawn(t, endedNotice)
		menuSays(t, "prod-eu: "+endedWords, "staging: "+endedWords, "prod-eu and staging need a login", "Log in to corp…", "Re-login…")
		iconChanges(t, ready)
		unasked(t)
		for _, cluster := range []string{"prod-eu", "staging"} {
			until(t, "the old token to end", func() bool {
				return r.Creds(t.Context(), "", "get-token", "--cluster", cluster).Status == 3
			})
			if got := r.Kubectl(t.Context(), "--context", cluster, "get", "namespaces"); got.Status == 0 || !strings.Contains(got.Err, "login needed") {
				t.Errorf("kubectl on %s: %+v, want a line that a login is needed", cluster, got)
			}
		}
		r.Creds(t.Context(), "", "renew", "corp") // refused once more
		unasked(t)
		if n := bus.count(t, notifyCall); n != 1 {
			t.Errorf("%d notifications, want exactly 1", n)
		}

		look(t, "press", "Log in", "push button")
		asked(t, "Password of alice at ")
		undrawn(t, endedNotice)
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		works(t, r)
		until(t, "the icon of before", func() bool { return icon(t) == ready })
		if n := bus.count(t, notifyCall); n != 1 {
			t.Errorf("%d notifications, want exactly 1", n)
		}
	})
}

func TestReloginOfEachClusterLeadsToTheDialog(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		logIn(t)
		bus := listen(t)
		revoke(t, r)
		look(t, "choose", "Renew all now")
		drawn(t, endedNotice)

		host := strings.TrimPrefix(r.Servers.Issuer, "https://")
		look(t, "choose", "prod-eu: *", "Re-login…")
		if title := asked(t, "Password of alice at "+host+" for corp"); title != "corp: "+host {
			t.Errorf("the dialog's title is %q", title)
		}
		passwordHidden(t)
		cancel(t)
		menuSays(t, "staging: "+endedWords)

		look(t, "choose", "staging: *", "Re-login…")
		asked(t, "Password of alice at "+host+" for corp")
		passwordHidden(t)
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		works(t, r)
		undrawn(t, endedNotice)
		if shown, closed := bus.count(t, notifyCall), bus.count(t, closeCall); shown != 1 || closed != 1 {
			t.Errorf("%d notifications shown and %d withdrawn, want 1 and 1", shown, closed)
		}
	})
}

// passwordHidden types into the dialog and checks that what is typed is drawn nowhere; then removes it.
func passwordHidden(t *testing.T) {
	t.Helper()
	const typed = "visible"
	must(t, drive.Type(t.Context(), typed))
	until(t, "a field with hidden text", func() bool { return strings.Contains(look(t, "seen"), "password text\t") })
	if drive.Sees(t.Context(), typed) {
		t.Error("the dialog shows the password")
	}
	for range typed {
		must(t, drive.Key(t.Context(), "BackSpace"))
	}
}
