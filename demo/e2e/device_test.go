package e2e

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/drive"
)

// printedCode and printedAddress are what a login with a code tells the person.
var (
	printedCode    = regexp.MustCompile(`corp: the code, good until (?:\w+ )?\d\d:\d\d: (\S+)`)
	printedAddress = regexp.MustCompile(`corp: open this address on any device to log in at \S+: (\S+)`)
)

func TestADeviceLoginTakesTheCodeThatTheTerminalShows(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := withDevice(t)
		l := beginDeviceLogin(t, r)
		// While nobody has entered the code the login waits, also through an outage.
		polled := func(outcome string) func() bool {
			return func() bool { return counts(t, r).Outcome("token/device_code", outcome) > 0 }
		}
		until(t, "a poll", polled("authorization_pending"))
		must(t, r.Control.Break(t.Context(), control.Unavailable, "token"))
		until(t, "a poll in the outage", polled("outage"))
		must(t, r.Control.Repair(t.Context()))

		l.enter(t, r, "allow")
		if rest, err := l.end(); err != nil || !strings.Contains(rest, "corp (alice@example.com): valid until ") {
			t.Errorf("the login: %v: %q", err, rest)
		}
		if c := counts(t, r); c.Outcome("token/device_code", "ok") != 1 || c.Outcome("token/device_code", "slow_down") != 0 {
			t.Errorf("polls: %v", c.Requests["token/device_code"])
		}
		works(t, r)
		survived(t, r)
		w.saw(t, 0, 0)
	})
}

func TestADeniedDeviceLoginSaysSo(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := withDevice(t)
		l := beginDeviceLogin(t, r)
		l.enter(t, r, "deny")
		rest, err := l.end()
		if err == nil || !strings.Contains(rest, "kubecreds: corp: not logged in: ") || !strings.Contains(rest, "access_denied") {
			t.Errorf("the login: %v: %q", err, rest)
		}
		expect(t, "status", r.Creds(t.Context(), "", "status", "corp"), 3)
	})
}

// withDevice starts a kubecreds whose account logs in with a code.
func withDevice(t *testing.T) *drive.Rig {
	t.Helper()
	r := servers(t, "--device-interval=1s")
	loginWith(t, r, "device", "")
	must(t, r.StartAgent(r.Program("kubecreds")))
	answers(t, r)
	return r
}

// deviceLogin is `kubectl creds login` in a terminal, which has told its person what to do.
type deviceLogin struct {
	cmd           *exec.Cmd
	code, address string
	rest          chan string // what it says afterwards
}

func beginDeviceLogin(t *testing.T, r *drive.Rig) *deviceLogin {
	t.Helper()
	l := &deviceLogin{cmd: terminalCommand(t, r, "'"+r.Program("kubectl-creds")+"' login corp"), rest: make(chan string, 1)}
	out, err := l.cmd.StdoutPipe()
	must(t, err)
	must(t, l.cmd.Start())
	lines := bufio.NewScanner(out)
	var said []string
	for l.code == "" && lines.Scan() {
		said = append(said, lines.Text())
		if m := printedAddress.FindStringSubmatch(lines.Text()); m != nil {
			l.address = m[1]
		}
		if m := printedCode.FindStringSubmatch(lines.Text()); m != nil {
			l.code = m[1]
		}
	}
	if l.code == "" || l.address == "" {
		t.Fatalf("no code, or no address to enter it at: %q", said)
	}
	go func() {
		var rest []string
		for lines.Scan() {
			rest = append(rest, lines.Text())
		}
		l.rest <- strings.Join(rest, "\n")
	}()
	return l
}

// enter types the code and alice's password into the provider's page, and presses the button.
func (l *deviceLogin) enter(t *testing.T, r *drive.Rig, button string) {
	t.Helper()
	dir := t.TempDir()
	pem, err := os.ReadFile(r.Servers.CertificateAuthority)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, trustedFile), pem, 0o600))
	b, err := newBrowser(dir)
	must(t, err)
	got, err := b.PostForm(l.address, url.Values{
		"user_code": {l.code}, "username": {"alice"}, "password": {"password"}, "action": {button},
	})
	must(t, err)
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Fatalf("the provider's page at %s answered %s", l.address, got.Status)
	}
}

// end waits for the login and returns what it said after the code.
func (l *deviceLogin) end() (string, error) {
	rest := <-l.rest
	return rest, l.cmd.Wait()
}
