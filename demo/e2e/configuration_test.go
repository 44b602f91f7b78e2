package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// writeConfig puts a configuration in the place of the one that is there, as editors do.
func writeConfig(t *testing.T, r *drive.Rig, text string) {
	t.Helper()
	draft := r.Config + ".draft"
	must(t, os.WriteFile(draft, []byte(text), 0o600))
	must(t, os.Rename(draft, r.Config))
}

func readConfig(t *testing.T, r *drive.Rig) string {
	t.Helper()
	b, err := os.ReadFile(r.Config)
	must(t, err)
	return string(b)
}

// firstRow is the first row of the tray's menu.
func firstRow(t *testing.T) string {
	row, _, _ := strings.Cut(drive.Menu(t.Context()), "\n")
	return row
}

// complains waits until the menu's first row is that line about the configuration, as far as it has room, and checks that
// status says all of it.
func complains(t *testing.T, r *drive.Rig, line string) {
	t.Helper()
	const room = 60 // of the row's 120 characters
	row := "configuration: " + line
	if err := drive.Until(t.Context(), 20*time.Second, "the menu's first row", func() bool {
		return strings.HasPrefix(firstRow(t), row[:min(len(row), room)])
	}); err != nil {
		t.Errorf("%v: want %q, got %q", err, row, firstRow(t))
	}
	status := r.Creds(t.Context(), "", "status")
	if first, _, _ := strings.Cut(status.Out, "\n"); status.Status != 0 || first != row {
		t.Errorf("status: exit status %d, first line\n%q, want\n%q", status.Status, first, row)
	}
}

func TestAFaultyConfigurationAtTheStartIsOneLineInTheMenuAndInStatus(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		good := readConfig(t, r)
		for _, c := range []struct{ name, text, line string }{
			{"an unknown key", strings.Replace(good, "  issuer:", "  isuer:", 1),
				`config.yaml:5: unknown key "isuer" in an account; write issuer`},
			{"a bad URL", strings.Replace(good, "issuer: \"https://", "issuer: \"https:/", 1),
				`config.yaml:5: issuer is "https:/` + strings.TrimPrefix(r.Servers.Issuer, "https://") + `", which is not an address; write https://HOST/…`},
			{"a duplicate name", strings.Replace(good, "- name: staging", "- name: corp", 1),
				`config.yaml:15: the name "corp" is taken by line 4; write another name: accounts and clusters share theirs`},
			{"a missing file", strings.Replace(good, "ca.pem", "gone.pem", 1),
				`config.yaml:9: certificateAuthority: ` + filepath.Join(r.Dir, "gone.pem") + `: no such file or directory; write the path of a PEM file`},
			{"no YAML", "accounts:\n\t- name: corp\n",
				"config.yaml:2: this is not YAML: found character that cannot start any token; write it as YAML: keys and values indented by blanks"},
		} {
			t.Run(c.name, func(t *testing.T) {
				writeConfig(t, r, c.text)
				must(t, r.StartAgent(r.Program("kubecreds")))
				defer r.StopAgent()
				complains(t, r, c.line)
			})
		}
		t.Run("mended", func(t *testing.T) {
			must(t, r.StartAgent(r.Program("kubecreds")))
			defer r.StopAgent()
			menuSays(t, "configuration: ")
			writeConfig(t, r, good)
			menuLacks(t, 20*time.Second, "configuration: ")
			cliLogIn(t, r)
			works(t, r)
		})
	})
}

func TestTheRightEntriesOfAFaultyConfigurationWork(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		writeConfig(t, r, readConfig(t, r)+"- name: dev\n  account: corp\n  sever: https://127.0.0.1:1\n")
		must(t, r.StartAgent(r.Program("kubecreds")))
		complains(t, r, `config.yaml:21: unknown key "sever" in a cluster; write server`)
		logIn(t)
		works(t, r)
		complains(t, r, `config.yaml:21: unknown key "sever" in a cluster; write server`)
	})
}

func TestAConfigurationInForceStaysSoWhileItsFileIsFaulty(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		logIn(t)
		works(t, r)
		good := readConfig(t, r)
		writeConfig(t, r, strings.Replace(good, "- name: staging", "- nam: staging", 1))
		complains(t, r, `config.yaml:15: unknown key "nam" in a cluster; write name`)
		if menu := drive.Menu(t.Context()); !strings.Contains(menu, "staging: valid until ") {
			t.Errorf("the menu lost a cluster:\n%s", menu)
		}
		expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)
		works(t, r)

		writeConfig(t, r, good)
		menuLacks(t, 20*time.Second, "configuration: ")
		works(t, r)

		must(t, os.Remove(r.Config))
		menuSays(t, "No clusters configured yet")
		writeConfig(t, r, good)
		menuSays(t, "logged in as alice@example.com")
		works(t, r)
		w.saw(t, 1, 0)
		survived(t, r)
	})
}

func TestWithoutAConfigurationNothingIsConfiguredYet(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		good := readConfig(t, r)
		must(t, os.Remove(r.Config))
		must(t, r.StartAgent(r.Program("kubecreds")))
		menuSays(t, "No clusters configured yet")
		if got := r.Creds(t.Context(), "", "status"); got.Status != 0 || got.Out != "No clusters configured yet.\n" || got.Err != "" {
			t.Errorf("status: %+v", got)
		}
		expect(t, "login", r.Creds(t.Context(), "", "login"), 5, "not in the configuration", r.Config)
		writeConfig(t, r, good)
		menuSays(t, "Log in to corp…")
	})
}
