package dialogs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/desktop/open"
)

// A stand-in for xdg-open that keeps the addresses it opens and then does what the test wants.
const opener = `#!/bin/sh
printf '%s\n' "$*" >>"$PLAYER/opened"
`

// browser puts the stand-in beside z's.
func (z playedZenity) browser(t *testing.T, then string) {
	t.Helper()
	write(t, filepath.Join(os.Getenv("PATH"), "xdg-open"), opener+then, 0o755)
}

// opened returns the addresses that a browser was asked to open.
func (z playedZenity) opened(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(z.dir, "opened"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func (z playedZenity) wasShown(t *testing.T, want ...[]string) {
	t.Helper()
	if got := z.asked(t); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("shown:\n%q\nwant:\n%q", got, want)
	}
}

var (
	visit = auth.Visit{Account: "corp", Host: "login.example.com", URL: "http://127.0.0.1:45123/x"}
	code  = auth.DeviceCode{
		Account: "corp", Host: "login.example.com", URL: "https://login.example.com/device", UserCode: "WDJB-MJHT",
		Expires: time.Date(2026, 1, 5, 14, 32, 0, 0, time.Local),
	}
)

const (
	codeShown = "Log in to corp: on any device, open this address at\nlogin.example.com\n\nhttps://login.example.com/device\n\n" +
		"The code, good until 2:32 PM:\n\nWDJB-MJHT"
	foreignShown = "Log in to corp?\n\nThe code is to be entered at login.example.com, and the\nprovider is idp.example.org. Some providers do that: go on\nif you know this host."
)

func question(text, title, yes string, more ...string) []string {
	return append([]string{"--text", text, "--no-markup", "--question", "--title", title, "--ok-label", yes, "--cancel-label", "Cancel"}, more...)
}

func TestAPersonMayChooseAnotherWayToLogIn(t *testing.T) {
	const password = "Password of alice at login.example.com for corp"
	for _, c := range []struct {
		name, other, user, answer string
		want                      []string
		err                       error
	}{
		{"the browser in the form", "browser", "", "echo 'Use browser'; exit 1",
			[]string{"--password", "--title", "corp: login.example.com", "--extra-button", "Use browser", "--username"}, auth.ErrOtherWay},
		{"a device code in the entry", "device", "alice", "echo 'Use device code'; exit 1",
			[]string{"--entry", "--text", password, "--title", "corp: login.example.com", "--extra-button", "Use device code", "--hide-text"}, auth.ErrOtherWay},
		{"none", "browser", "alice", "exit 1",
			[]string{"--entry", "--text", password, "--title", "corp: login.example.com", "--extra-button", "Use browser", "--hide-text"}, auth.ErrCancelled},
		{"one that is not offered", "", "alice", "echo 'Use browser'; exit 1", hidden(password), auth.ErrCancelled},
		{"one that has no button", "password", "alice", "exit 1", hidden(password), auth.ErrCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := play(t, c.answer)
			q := auth.Question{Account: "corp", Host: "login.example.com", User: c.user, Other: c.other}
			if _, _, err := newDialogs(t).Credentials(t.Context(), q); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			z.wasShown(t, c.want)
		})
	}
}

func TestABrowserThatOpensNeedsNoDialog(t *testing.T) {
	z := play(t)
	z.browser(t, "")
	if err := newDialogs(t).Visit(t.Context(), visit); err != nil {
		t.Error(err)
	}
	if got := z.opened(t); !slices.Equal(got, []string{visit.URL}) {
		t.Errorf("opened %q", got)
	}
	z.wasShown(t)
}

func TestAnAddressThatNoBrowserOpensCanBeCopied(t *testing.T) {
	const text = "Log in to corp at login.example.com: open this address in a\nbrowser on this computer.\n\n" +
		"The browser was not opened: "
	for _, c := range []struct {
		name, answer string
		command      []string
		why          string
		err          error
	}{
		{"and is done", "echo", nil, "xdg-open opened no browser (exit\nstatus 3); is one installed?", nil},
		{"and the login is cancelled", "exit 1", nil, "xdg-open opened no browser (exit\nstatus 3); is one installed?", auth.ErrCancelled},
		{"where the configuration names a wrong one", "echo", []string{`C:\ff`},
			`browserCommand C:\\ff is not` + "\ninstalled; correct it in the configuration", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := play(t, c.answer)
			z.browser(t, "exit 3")
			v := visit
			v.Command = c.command
			if err := newDialogs(t).Visit(t.Context(), v); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			z.wasShown(t, []string{"--entry", "--text", text + c.why, "--title", "corp: login.example.com", "--ok-label", "Done",
				"--cancel-label", "Cancel login", "--width", "520", "--entry-text", visit.URL})
		})
	}
}

func TestWithNeitherBrowserNorDialogBothAreNamed(t *testing.T) {
	openDisplay(t)
	t.Setenv("PATH", t.TempDir())
	err := newDialogs(t).Visit(t.Context(), visit)
	if !errors.Is(err, auth.ErrNoDialog) || !strings.Contains(err.Error(), "apt install xdg-utils") || !strings.Contains(err.Error(), "apt install zenity") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoAddressIsNeitherOpenedNorShown(t *testing.T) {
	for _, bad := range []string{"javascript:alert(1)", "--version", "http://login.example.com/", "file:///etc/passwd"} {
		z := play(t)
		z.browser(t, "")
		v, c := visit, code
		v.URL, c.URL = bad, bad
		if err := newDialogs(t).Visit(t.Context(), v); !errors.Is(err, open.ErrAddress) {
			t.Errorf("Visit %q: %v", bad, err)
		}
		if err := newDialogs(t).Code(t.Context(), c); !errors.Is(err, open.ErrAddress) {
			t.Errorf("Code %q: %v", bad, err)
		}
		z.wasShown(t)
		if got := z.opened(t); len(got) > 0 {
			t.Errorf("opened %q", got)
		}
	}
}

func TestACodeIsShown(t *testing.T) {
	const title = "corp: login.example.com"
	shown, foreign := question(codeShown, title, "Open address"), question(foreignShown, title, "Go on", "--default-cancel")
	const broken = codeShown + "\n\nThe browser was not opened: xdg-open opened no browser (exit\nstatus 3); is one installed?"
	for _, c := range []struct {
		name, foreign, browser string
		answers                []string
		want                   [][]string
		opened                 int
	}{
		{"until the person cancels", "", "", []string{"exit 1"}, [][]string{shown}, 0},
		{"and again after its address was opened", "", "", []string{"exit 0", "exit 1"}, [][]string{shown, shown}, 1},
		{"and what kept the browser from opening", "", "exit 3", []string{"exit 0", "exit 1"},
			[][]string{shown, question(broken, title, "Open address")}, 1},
		{"only after a yes where the address is not the provider's", "idp.example.org", "", []string{"exit 0", "exit 1"}, [][]string{foreign, shown}, 0},
		{"not after a no", "idp.example.org", "", []string{"exit 1"}, [][]string{foreign}, 0},
		{"ten times at most", "", "", slices.Repeat([]string{"exit 0"}, 10), slices.Repeat([][]string{shown}, 10), 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := play(t, c.answers...)
			z.browser(t, c.browser)
			dc := code
			dc.Foreign = c.foreign
			if err := newDialogs(t).Code(t.Context(), dc); !errors.Is(err, auth.ErrCancelled) {
				t.Errorf("got %v", err)
			}
			z.wasShown(t, c.want...)
			if got := z.opened(t); !slices.Equal(got, slices.Repeat([]string{code.URL}, c.opened)) {
				t.Errorf("opened %q", got)
			}
		})
	}
}

func TestACodeLeavesTheScreenWhenTheLoginEnds(t *testing.T) {
	z := play(t, "exec /bin/sleep 60", "exit 1")
	d := newDialogs(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Code(ctx, code) }()
	z.shown(t, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if err := d.Offer(t.Context(), "corp", "next"); !errors.Is(err, auth.ErrCancelled) {
		t.Errorf("the next dialog: %v", err)
	}
}

func TestAnotherWayIsOffered(t *testing.T) {
	const why = "corp wants a second factor: log in with the browser"
	for answer, want := range map[string]error{"exit 0": nil, "exit 1": auth.ErrCancelled} {
		z := play(t, answer)
		if err := newDialogs(t).Offer(t.Context(), "corp", why); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answer, err, want)
		}
		z.wasShown(t, question("Log in to corp in another way?\n\n"+why, "corp", "Log in"))
	}
}

// With the programs of a virtual desktop, as the other test with real dialogs.
func TestARealDialogShowsACodeAndOffersTheBrowser(t *testing.T) {
	if os.Getenv("DESK_DIR") == "" {
		t.Skip("runs in a virtual desktop only: with-desktop --a11y -- go test ./dialogs/")
	}
	desk := func(want string, args ...string) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) { // what is drawn is told a moment later
			out, err := exec.CommandContext(t.Context(), "desk", args...).CombinedOutput()
			if err == nil && strings.Contains(string(out), want) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("desk %q: %v, without %q:\n%s", args, err, want, out)
			}
		}
	}
	done := make(chan error, 1)
	c := code
	c.UserCode = `WD_JB\nMJ-<b>&`
	go func() { done <- newDialogs(t).Code(t.Context(), c) }()
	desk(strings.TrimSuffix(codeShown, code.UserCode)+c.UserCode, "seen")
	desk("", "press", "Cancel")
	if err := <-done; !errors.Is(err, auth.ErrCancelled) {
		t.Errorf("after Cancel: %v", err)
	}

	for _, user := range []string{"", "alice"} {
		go func() {
			_, _, err := newDialogs(t).Credentials(t.Context(), auth.Question{Account: "corp", Host: "login.example.com", User: user, Other: "browser"})
			done <- err
		}()
		desk("Use browser", "seen")
		desk("", "press", "Use browser")
		if err := <-done; !errors.Is(err, auth.ErrOtherWay) {
			t.Errorf("user %q: after Use browser: %v", user, err)
		}
	}

	v := visit
	v.Command = []string{"no-such-browser"}
	go func() { done <- newDialogs(t).Visit(t.Context(), v) }()
	desk(fmt.Sprint("enabled,focused\t", v.URL), "seen")
	desk("", "press", "Done")
	if err := <-done; err != nil {
		t.Errorf("after Done: %v", err)
	}
}

func TestAQuestionOfOursIsAskedWithItsOwnButton(t *testing.T) {
	const ask = "write the kubeconfig /d/--x? It lies in the git work tree /d"
	for answer, want := range map[string]error{"exit 0": nil, "exit 1": auth.ErrCancelled} {
		z := play(t, answer)
		if err := newDialogs(t).Confirm(t.Context(), "corp", ask, "Write it"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answer, err, want)
		}
		z.wasShown(t, question(wrap("Account corp: "+ask), "corp", "Write it"))
	}
}
