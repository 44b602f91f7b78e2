package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/drive"
)

// patience is how long something may take on a busy machine that takes a moment on an idle one.
const patience = 40 * time.Second

// until waits for ok.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	must(t, drive.Until(t.Context(), patience, what, ok))
}

// menuSays waits until the menu holds all of texts.
func menuSays(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		must(t, drive.MenuSays(t.Context(), patience, text))
	}
}

// row is the whole label of the menu's first row that begins with begin: a cluster's row says its state too.
func row(t *testing.T, begin string) string {
	t.Helper()
	label := ""
	until(t, "a menu row that begins with "+begin, func() bool {
		for line := range strings.Lines(drive.Menu(t.Context())) {
			if strings.HasPrefix(line, begin) {
				label = strings.TrimRight(line, "\n")
				return true
			}
		}
		return false
	})
	return label
}

// ticked reports whether the menu's row `Start at login` has its tick.
func ticked(t *testing.T) bool {
	t.Helper()
	for line := range strings.Lines(look(t, "menu")) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && f[2] == "Start at login" {
			return strings.Contains(f[1], "checked")
		}
	}
	t.Fatal("the menu has no row `Start at login`")
	return false
}

// icon is the picture that the tray is given, as data to compare.
func icon(t *testing.T) string {
	t.Helper()
	name, path, _ := strings.Cut(look(t, "items"), "/")
	return run(t, "busctl", "--user", "get-property", name, "/"+path, "org.kde.StatusNotifierItem", "IconPixmap")
}

// drawn waits until text is drawn on the screen.
func drawn(t *testing.T, text string) {
	t.Helper()
	until(t, "the screen to show "+text, func() bool { return drive.Sees(t.Context(), text) })
}

// undrawn waits until text is not drawn on the screen any more.
func undrawn(t *testing.T, text string) {
	t.Helper()
	until(t, "the screen to show no more "+text, func() bool { return !drive.Sees(t.Context(), text) })
}

// iconChanges waits until the icon is not the picture before.
func iconChanges(t *testing.T, before string) {
	t.Helper()
	until(t, "the icon to change", func() bool { return icon(t) != before })
}

// asked waits for the dialog, has it say all of texts, and returns its title.
func asked(t *testing.T, texts ...string) string {
	t.Helper()
	title, err := drive.Dialog(t.Context(), "corp: ")
	must(t, err)
	for _, text := range texts {
		drawn(t, text)
	}
	return title
}

// unasked fails the test if a dialog is on the screen.
func unasked(t *testing.T) {
	t.Helper()
	if dialogs() != "" {
		t.Errorf("a dialog nobody asked for is on the screen")
	}
}

// dialogs are the windows of zenity; "" where there is none, which xdotool calls a failure.
func dialogs() string {
	out, _ := exec.Command("xdotool", "search", "--onlyvisible", "--class", "^zenity$").Output()
	return strings.TrimSpace(string(out))
}

// cancel presses Escape in the dialog and waits until it is gone.
func cancel(t *testing.T) {
	t.Helper()
	must(t, drive.Key(t.Context(), "Escape"))
	until(t, "the dialog to close", func() bool { return dialogs() == "" })
}

// answer types into the dialog and waits until that dialog, though perhaps not the next one, is gone.
func answer(t *testing.T, lines ...string) {
	t.Helper()
	before := dialogs()
	must(t, drive.Answer(t.Context(), lines...))
	until(t, "the dialog to close", func() bool { return dialogs() != before })
}

// kept is a session in the keychain, as far as tests look into it.
type kept struct {
	Issuer  string
	Person  string
	Refresh string
}

// search is one look of secret-tool's at all that kubecreds has in the keychain. It fails where an item goes while it looks.
func search() (string, error) {
	out, err := exec.Command("secret-tool", "search", "--all", "service", "kubecreds").Output()
	return string(out), err
}

// searched is what secret-tool finds of kubecreds in the keychain, at a moment when no item goes.
func searched(t *testing.T) string {
	t.Helper()
	var found string
	until(t, "secret-tool to find all it looks at", func() bool {
		var err error
		found, err = search()
		return err == nil
	})
	return found
}

// keychain returns the sessions that secret-tool finds in the keychain.
func keychain(t *testing.T) []kept {
	t.Helper()
	var all []kept
	for line := range strings.Lines(searched(t)) {
		if value, is := strings.CutPrefix(line, "secret = "); is {
			var item struct{ Record kept }
			if err := json.Unmarshal([]byte(value), &item); err != nil {
				t.Fatalf("an item in the keychain is no record: %v", err)
			}
			all = append(all, item.Record)
		}
	}
	return all
}

// refreshToken is the one session's in the keychain, when that is all there is: a login's pending record goes a moment after it.
func refreshToken(t *testing.T) string {
	t.Helper()
	var all []kept
	until(t, "the keychain to hold one record with a refresh token", func() bool {
		all = keychain(t)
		return len(all) == 1 && all[0].Refresh != ""
	})
	return all[0].Refresh
}

// token runs get-token as a person would and returns the token.
func token(t *testing.T, r *drive.Rig) string {
	t.Helper()
	got := r.Creds(t.Context(), "", "get-token", "--cluster", "staging")
	var credential struct{ Status struct{ Token string } }
	if err := json.Unmarshal([]byte(got.Out), &credential); err != nil || credential.Status.Token == "" {
		t.Fatalf("get-token: status %d: %s", got.Status, got.Err)
	}
	return credential.Status.Token
}

// counts are the provider's counts of requests.
func counts(t *testing.T, r *drive.Rig) control.Counts {
	t.Helper()
	c, err := r.Control.Counts(t.Context())
	must(t, err)
	return c
}

// recount sets them to zero.
func recount(t *testing.T, r *drive.Rig) {
	t.Helper()
	must(t, r.Control.ResetCounts(t.Context()))
}

// revoke has the provider end the session.
func revoke(t *testing.T, r *drive.Rig) {
	t.Helper()
	ended, err := r.Control.Revoke(t.Context(), "alice")
	must(t, err)
	if ended != 1 {
		t.Fatalf("%d sessions ended, want 1", ended)
	}
}

// kubeconfig is the file as it lies on the disk; "" where there is none.
func kubeconfig(r *drive.Rig) string {
	b, _ := os.ReadFile(r.Kube)
	return string(b)
}

// run runs a program of the system and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// exists reports whether there is a file.
func exists(path ...string) bool {
	_, err := os.Lstat(filepath.Join(path...))
	return err == nil
}

// holds reports whether a file holds text.
func holds(t *testing.T, file, text string) bool {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return bytes.Contains(b, []byte(text))
}
