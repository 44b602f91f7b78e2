package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestAnOpenMenuChangesItsWordsAndStaysOpenAndWhyExplains(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		cliLogIn(t, r)
		menuSays(t, "2 of 2 clusters ready")
		revoke(t, r)
		r.Creds(t.Context(), "", "renew")
		menuSays(t, "staging: "+endedWords)

		look(t, "choose", "staging: *", "Why…")
		opened(t, "staging")
		drawnPart(t, "no longer accepts")
		drawnPart(t, "Account: corp")
		cancel(t)

		look(t, "open")
		open := windows(t)
		cliLogIn(t, r)
		menuSays(t, "2 of 2 clusters ready", "staging: valid until ")
		if now := windows(t); open == "" || now != open {
			t.Errorf("the open menu was window %q and is %q", open, now)
		}
		must(t, drive.Key(t.Context(), "Escape"))
		until(t, "the menu to close", func() bool { return windows(t) == "" })

		look(t, "choose", "staging: *", "Why…")
		opened(t, "staging")
		drawnPart(t, "Nothing needs doing")
		look(t, "press", "Renew now", "push button")
		until(t, "the dialog to close", func() bool { return dialogs() == "" })
		works(t, r)
	})
}

func TestWithoutATrayTheMenuIsInTheTerminalAndInAListUntilTheIconComes(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		must(t, r.StartAgent(r.Program("kubecreds")))
		until(t, "the menu", func() bool {
			got := r.Creds(t.Context(), "", "menu")
			return got.Status == 0 && strings.Contains(got.Out, "0 of 2 clusters ready") && strings.Contains(got.Out, "   2  staging: not logged in")
		})
		if got := typed(t, r, "staging\nwhy\n", "menu"); !strings.Contains(got, "Nobody is logged in.") {
			t.Errorf("the choice was not done: %s", got)
		}

		const notice = "kubecreds runs, and its icon cannot be shown"
		drawn(t, notice)
		look(t, "press", "Show menu", "push button")
		opened(t, "kubecreds")
		must(t, drive.Type(t.Context(), "log in to")) // searches
		must(t, drive.Key(t.Context(), "Return"))
		must(t, drive.Key(t.Context(), "Return"))
		opened(t, "corp: ")
		must(t, drive.Answer(t.Context(), "alice", "password"))
		until(t, "the login", func() bool { return r.Creds(t.Context(), "", "status", "staging").Status == 0 })

		look(t, "panel-start")
		look(t, "wait-item")
		menuSays(t, "logged in as alice@example.com")
		undrawn(t, notice)
	}, "--no-panel")
}

// opened waits for a dialog with that title that has the focus, longer than desk does: zenity starts slowly on a busy machine.
func opened(t *testing.T, title string) {
	t.Helper()
	var err error
	for range 3 {
		if _, err = drive.Dialog(t.Context(), title); err == nil {
			return
		}
	}
	must(t, err)
}

// drawnPart waits until something that contains text is drawn.
func drawnPart(t *testing.T, text string) {
	t.Helper()
	until(t, "the screen to show "+text, func() bool {
		seen, err := drive.Desk(t.Context(), "seen")
		return err == nil && strings.Contains(seen, text)
	})
}

// windows are the open menus' windows, without their places: a menu may grow with its words.
func windows(t *testing.T) string {
	t.Helper()
	var ids []string
	for line := range strings.Lines(look(t, "popups")) {
		id, _, _ := strings.Cut(line, " ")
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

// typed runs kubectl-creds in a terminal in which a person types lines, and returns what stands on its screen.
func typed(t *testing.T, r *drive.Rig, lines string, args ...string) string {
	t.Helper()
	line := "'" + r.Program("kubectl-creds") + "' " + strings.Join(args, " ")
	cmd := exec.CommandContext(t.Context(), "script", "--quiet", "--return", "--flush", "--command", line, "/dev/null")
	cmd.Env = append(os.Environ(), "KUBECREDS_SOCKET="+r.Socket(), "TERM=xterm", "SHELL=/bin/bash")
	cmd.Stdin = strings.NewReader(lines)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("kubectl creds %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
