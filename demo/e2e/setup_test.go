package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// A fresh install, nothing configured, and a file from the platform team: a click, three dialogs, a working kubectl.
func TestFromAFreshInstallToKubectlInThreeDialogs(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		must(t, r.OwnPlaces())
		offer := filepath.Join(r.Dir, "clusters.yaml")
		must(t, r.Offer(offer))
		must(t, os.Remove(r.Config))
		r.Kube = filepath.Join(os.Getenv("HOME"), ".kube", "config") // where kubectl looks too
		w := observe(t)
		must(t, r.StartAgent(r.Program("kubecreds")))
		look(t, "wait-item")
		menuSays(t, "Add clusters…")

		look(t, "choose", "Add clusters…", "Choose a file from your platform team…")
		_, err := drive.Dialog(t.Context(), "Add clusters")
		must(t, err)
		must(t, drive.Type(t.Context(), offer)) // into the dialog's field for a path, which its slash opens
		until(t, "the next dialog", func() bool {
			if open := func() bool { return drive.Sees(t.Context(), "Other Locations") }; open() { // the file dialog
				_, _ = drive.Desk(t.Context(), "press", "OK", "push button") // the first press may only close its suggestions
				_ = drive.Until(t.Context(), 3*time.Second, "the file dialog to close", func() bool { return !open() })
			}
			return drive.Sees(t.Context(), "will be sent the password and the logins")
		})
		for _, c := range r.Servers.Clusters {
			drawnPart(t, c.Server+" will be given the tokens of corp")
		}
		look(t, "press", "Add and log in", "push button")

		_, err = drive.Dialog(t.Context(), "corp: ")
		must(t, err)
		must(t, drive.Answer(t.Context(), "alice", "password"))
		menuSays(t, "logged in as alice@example.com")
		works(t, r)
		until(t, "the question whether to start at login", func() bool { return drive.Sees(t.Context(), "Start kubecreds when you log in?") })
		w.saw(t, 3, 0, "kubecreds is here: add your clusters", "Start kubecreds when you log in?")
	}, "--geometry", "1280x1000") // GTK's file dialog is 850 pixels high
}
