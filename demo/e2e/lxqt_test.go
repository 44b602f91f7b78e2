//go:build hosts

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// LXQt's panel, which is Qt's and reads menus its own way, shows what XFCE's does. make test-hosts runs it: the panel is 42 MB
// of packages that nothing else here needs.
func TestLXQtsPanelShowsTheSame(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		look(t, "panel-start", "lxqt")
		r := start(t)
		menuSays(t, "Log in to corp…")
		settled(t)
		look(t, "pick", "Log in to corp…")
		asked(t)
		must(t, drive.Answer(t.Context(), "alice", "password"))
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		works(t, r)

		for _, restart := range []bool{false, true} {
			if restart {
				look(t, "open") // it goes with the menu open
				restartPanel(t)
				settled(t)
			}
			for _, cluster := range []string{"prod-eu: ", "staging: "} {
				look(t, "pick", row(t, cluster), "Re-login…")
				asked(t, "Password of alice at ")
				cancel(t)
			}
		}

		// An open menu stays open while its text changes, and the change is drawn.
		look(t, "open")
		before := look(t, "popups")
		revoke(t, r)
		expect(t, "renew", r.Creds(t.Context(), "", "renew"), 3, "corp: ")
		menuSays(t, "prod-eu: "+endedWords)
		until(t, "the open menu to grow with its text", func() bool {
			after := look(t, "popups")
			return after != before && strings.Count(after, "\n") == strings.Count(before, "\n")
		})
		must(t, drive.Key(t.Context(), "Escape"))
	}, "--no-panel")
}

// settled waits until the menu has been the same for a second: it is drawn anew, with other rows, soon after a panel came.
func settled(t *testing.T) {
	t.Helper()
	last, since := "", time.Now()
	until(t, "the menu to settle", func() bool {
		if now := look(t, "menu"); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > time.Second
	})
}
