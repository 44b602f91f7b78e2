package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
)

// asked is a typist who is asked questions, too.
type asked struct {
	typist
	says  error
	heard []string
}

func (a *asked) Confirm(_ context.Context, account, question, _ string) error {
	a.heard = append(a.heard, account+": "+question)
	return a.says
}

func TestAKubeconfigInAGitWorkTreeIsWrittenOnlyAfterAskingOnce(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "exec"))
	tree := filepath.Dir(l.kube)
	must(t, os.MkdirAll(filepath.Join(tree, ".git"), 0o700))
	said := func(p *asked) string { return strings.Join(p.heard, "\n") }
	in := func(p *asked) {
		t.Helper()
		must(t, l.login(t.Context(), "corp", auth.Wish{}, p))
	}

	l.logIn() // by somebody who cannot be asked
	l.row("prod", "it lies in a git work tree; log in again to allow that")
	no := &asked{says: auth.ErrCancelled}
	in(no)
	if want := "corp: write the kubeconfig " + l.kube + "? It lies in the git work tree " + tree; !strings.HasPrefix(said(no), want) || len(no.heard) != 1 {
		t.Errorf("asked %q, want %s", no.heard, want)
	}
	l.row("prod", "it lies in a git work tree")
	if l.user("prod") != nil {
		t.Error("written though the person said no")
	}
	in(&asked{})
	l.until("the entry", func() bool { return l.user("prod") != nil })
	l.row("prod", "")
	again := &asked{says: auth.ErrCancelled}
	in(again)
	l.stop()
	l.begin()
	in(again)
	if len(again.heard) > 0 {
		t.Errorf("asked again: %q", again.heard)
	}
}

func TestWhatTheKubeconfigWasIsKeptBeforeTheFirstChangeForAMonth(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "token"))
	const before = "# mine\ncurrent-context: theirs\n"
	must(t, os.MkdirAll(filepath.Dir(l.kube), 0o700))
	must(t, os.WriteFile(l.kube, []byte(before), 0o640))
	l.logIn()
	l.until("the entry", func() bool { return l.user("prod") != nil })
	folder := filepath.Join(l.Places.State, "backups")
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d backups, %v", len(entries), err)
	}
	backup := filepath.Join(folder, entries[0].Name())
	if text, err := os.ReadFile(backup); err != nil || string(text) != before {
		t.Errorf("%q %v", text, err)
	}
	for path, mode := range map[string]os.FileMode{backup: 0o600, folder: 0o700} {
		if stat, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && stat.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, stat.Mode(), err)
		}
	}
	if lines := l.backupLines(); !strings.HasPrefix(lines, l.kube+": what it was before") || !strings.Contains(lines, backup) {
		t.Errorf("status says %q", lines)
	}
	must(t, l.Keeper.Renew(t.Context(), "corp"))
	l.until("another change", func() bool { return l.user("prod").Token == l.token() })
	l.stop()
	l.begin()
	l.logIn()
	l.until("another change", func() bool { return l.user("prod").Token == l.token() })
	if entries, err = os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d backups after more changes, %v", len(entries), err)
	}

	l.dropBackups(false)
	if _, err := os.Stat(backup); err != nil {
		t.Error("deleted too soon", err)
	}
	l.stop()
	l.Now = func() time.Time { return time.Now().Add(30*24*time.Hour + time.Minute) }
	l.dropBackups(false)
	if entries, _ := os.ReadDir(folder); len(entries) != 0 || l.backupLines() != "" {
		t.Errorf("after 30 days there are %d, and %q", len(entries), l.backupLines())
	}
	if s, err := config.LoadState(l.Places.StateFile()); err != nil || s.Backups[l.kube].At.IsZero() || s.Backups[l.kube].File != "" {
		t.Errorf("that there was a first change is forgotten: %+v, %v", s, err)
	}
}

func TestAKubeconfigThatWasNotThereNeedsNoBackup(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "exec"))
	l.logIn()
	l.until("the entry", func() bool { return l.user("prod") != nil })
	if _, err := os.Stat(filepath.Join(l.Places.State, "backups")); err == nil || l.backupLines() != "" {
		t.Error("there is one", l.backupLines())
	}
}

func TestNothingIsWrittenWithoutABackup(t *testing.T) {
	l := newLife(t, fmt.Sprintf(prod, "exec"))
	must(t, os.MkdirAll(filepath.Dir(l.kube), 0o700))
	must(t, os.WriteFile(l.kube, []byte("# mine\n"), 0o600))
	must(t, os.MkdirAll(l.Places.State, 0o700))
	must(t, os.WriteFile(filepath.Join(l.Places.State, "backups"), nil, 0o600)) // in the folder's way
	l.logIn()
	l.row("prod", "what it was cannot be kept")
	if text, err := os.ReadFile(l.kube); err != nil || string(text) != "# mine\n" {
		t.Errorf("written all the same: %q, %v", text, err)
	}
}
