package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

const fromThePlatformTeam = `accounts:
- {name: corp, issuer: "https://login.example.com/identity", clientID: kubernetes, login: [password]}
clusters:
- {name: prod, account: corp, server: "https://prod.example.com:6443"}
`

// fresh is an agent with nothing configured, whose person answers the dialogs, and what it starts beside.
func fresh(t *testing.T, answers ...any) (*Agent, *screen, *[]func(context.Context)) {
	t.Helper()
	a, s, _ := atDesk(t, answers...)
	a.configure()
	var started []func(context.Context)
	a.spawn = func(f func(context.Context)) { started = append(started, f) }
	return a, s, &started
}

func TestAFileFromThePlatformTeamIsThreeDialogsToTheLogin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clusters.yaml")
	if err := os.WriteFile(file, []byte(fromThePlatformTeam), 0o600); err != nil {
		t.Fatal(err)
	}
	a, s, started := fresh(t, file, nil)
	if !a.unconfigured() {
		t.Error("something is configured at first")
	}
	if err := a.setUp(t.Context(), menu.AddFile); err != nil {
		t.Fatal(err)
	}
	if len(s.shown) != 2 || !strings.Contains(s.shown[1], "login.example.com will be sent the password and the logins of corp") ||
		!strings.Contains(s.shown[1], "https://prod.example.com:6443 will be given the tokens of corp") || !strings.HasSuffix(s.shown[1], "[Add and log in]") {
		t.Errorf("shown %q", s.shown)
	}
	c, err := config.Load(a.Places.Config)
	if err != nil || len(c.Accounts) != 1 || len(c.Clusters) != 1 || a.unconfigured() {
		t.Errorf("configured: %+v, %v", c, err)
	}
	if len(*started) != 1 {
		t.Errorf("%d things were started, want the login", len(*started))
	}
}

func TestNothingIsAddedAgainstAPersonsWill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clusters.yaml")
	if err := os.WriteFile(file, []byte(fromThePlatformTeam), 0o600); err != nil {
		t.Fatal(err)
	}
	faulty := filepath.Join(t.TempDir(), "faulty.yaml")
	if err := os.WriteFile(faulty, []byte("browserCommand: [rm]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(t.TempDir(), "long.yaml")
	text := fromThePlatformTeam
	for i := range 40 {
		text += fmt.Sprintf("- {name: prod%d, account: corp, server: \"https://prod%d.example.com:6443\"}\n", i, i)
	}
	if err := os.WriteFile(long, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		way     string
		answers []any
		says    string
	}{
		"no file is chosen":              {menu.AddFile, []any{auth.ErrCancelled}, ""},
		"the consequences are not liked": {menu.AddFile, []any{file, auth.ErrCancelled}, ""},
		"the file is not there":          {menu.AddFile, []any{file + ".gone"}, "no such file"},
		"the file is a folder":           {menu.AddFile, []any{filepath.Dir(file)}, "not a file"},
		"more than a dialog shows":       {menu.AddFile, []any{long}, "in a terminal: kubectl creds add"},
		"the file is faulty":             {menu.AddFile, []any{faulty}, "nothing was added"},
		"the address is none":            {menu.AddAddress, []any{"--gtk-module=x"}, "nothing was added"},
		"nobody answers at the address":  {menu.AddAddress, []any{"https://127.0.0.1:1/x?secret"}, "nothing was added"},
	} {
		t.Run(name, func(t *testing.T) {
			a, s, started := fresh(t, c.answers...)
			if err := a.setUp(t.Context(), c.way); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(a.Places.Config); err == nil || len(*started) > 0 {
				t.Error("something was added")
			}
			if last := s.shown[len(s.shown)-1]; !strings.Contains(last, c.says) || strings.Contains(last, "?secret") {
				t.Errorf("it does not say %q: %q", c.says, s.shown)
			}
		})
	}
}
