package desktop_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// within runs a shell script in a virtual desktop and returns what it wrote to standard output, and its exit status.
func within(t *testing.T, options []string, script string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "./with-desktop", append(options, "--", "bash", "-c", script)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() == 70 {
		t.Fatalf("no virtual desktop: %s", &stderr)
	}
	if stderr.Len() > 0 {
		t.Logf("standard error: %s", &stderr)
	}
	return strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode()
}

func TestTheExitStatusIsTheCommands(t *testing.T) {
	t.Parallel()
	if _, status := within(t, nil, "exit 7"); status != 7 {
		t.Errorf("exit status %d, want 7", status)
	}
}

func TestNothingIsLeftWhenItEnds(t *testing.T) {
	t.Parallel()
	// One process in the command's group, one that left it, and one that took little of the environment along.
	folder, _ := within(t, []string{"--a11y"}, `
		sleep 1000 &
		setsid -f sleep 1000
		setsid -f env -i HOME="$HOME" sleep 1000
		echo "$DESK_DIR"`)
	if folder == "" {
		t.Fatal("the command did not say its folder")
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", folder, err)
	}
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range environments {
		environment, err := os.ReadFile(file)
		if err == nil && bytes.Contains(environment, []byte(folder+"/")) {
			command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			t.Errorf("still running: %q", command)
		}
	}
}

func TestTheKeyringIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	const look = `
		desk has org.freedesktop.secrets || { echo none; exit; }
		ask() { gdbus call --session -d org.freedesktop.secrets -o "$1" -m "$2" "${@:3}"; }
		collection=$(ask /org/freedesktop/secrets org.freedesktop.Secret.Service.ReadAlias default | cut -d\' -f2)
		[ "$collection" != / ] || { echo empty; exit; }
		ask "$collection" org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Collection Locked`
	for _, c := range []struct{ kind, before, want string }{
		{"unlocked", "", "(<false>,)"},
		{"locked", "", "(<true>,)"},
		{"locked", "desk keyring-unlock", "(<false>,)"},
		{"unlocked", "desk keyring-lock", "(<true>,)"},
		{"unlocked", "desk keyring-stop", "none"},
		{"unlocked", "desk keyring-stop; desk keyring-start", "(<true>,)"},
		{"empty", "", "empty"},
		{"none", "", "none"},
	} {
		t.Run(strings.TrimSpace(c.kind+" "+c.before), func(t *testing.T) {
			if got, _ := within(t, []string{"--keyring", c.kind}, c.before+"\n"+look); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatIsTypedArrivesExactlyInADialog(t *testing.T) {
	t.Parallel()
	const secret = `s3|cret $-"'\ x`
	got, status := within(t, nil, `
		zenity --password --title 'corp: localhost' >"$DESK_DIR/answer" & dialog=$!
		desk wait-window '^corp: localhost$' >/dev/null && desk wait-focus '^corp: localhost$' &&
		printf %s `+quoted(secret)+` | desk type && xdotool key Return && wait $dialog && cat "$DESK_DIR/answer"`)
	if got != secret {
		t.Errorf("got %q, status %d, want %q", got, status, secret)
	}
}

func TestADialogHasTheDesktopsColoursAndTheFocus(t *testing.T) {
	t.Parallel()
	got, status := within(t, nil, `
		for colours in light dark; do
			desk colours $colours
			zenity --info --title corp --text "$colours" & dialog=$!
			window=$(desk wait-window '^corp$') && desk wait-focus '^corp$' && sleep 0.3
			import -silent -window "$window" png:- | convert - -resize '1x1!' -format '%[fx:round(u)] ' info:
			kill $dialog; wait $dialog
		done; true`)
	if strings.TrimSpace(got) != "1 0" {
		t.Errorf("bright %q, status %d, want the first only", got, status)
	}
}

// quoted is s as one word of a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func TestServicesComeAndGo(t *testing.T) {
	t.Parallel()
	if got, status := within(t, []string{"--no-panel", "--no-notifyd"}, `
		set -e
		not() { if "$@"; then exit 1; fi; }
		not desk tray-ready; desk panel-start; desk tray-ready; desk panel-stop; not desk tray-ready; desk panel-start
		notifications="desk has org.freedesktop.Notifications"
		not $notifications; desk notifyd-start; $notifications; desk notifyd-stop; not $notifications; desk notifyd-start
		desk suspend; desk resume; echo all`); got != "all" {
		t.Errorf("got %q, status %d", got, status)
	}
}
