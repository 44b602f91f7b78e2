package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// browserWord is the first argument of this test binary where it plays the browser of a browserCommand; the second is the
// browser's profile, a folder, the last the address to open.
const browserWord = "play-the-browser"

// The files of a profile.
const (
	trustedFile = "trusted.pem" // the certificates that the browser trusts
	personFile  = "person"      // the user name that its person types
	forgeFile   = "forge"       // if there: what a hostile page would send is sent before the answer
	visitsFile  = "visits.json" // a visit a line
)

// visit is what a browser noted of one address that it was made to open.
type visit struct {
	Arguments []string // all of its command line
	Hint      string   // the user name that the provider was told
	Again     int      // the status of the one-time address when opened a second time
	Forged    []int    // the statuses of the forged callbacks
	Last      string   // the page that the person sees last
	Leaks     []string // which of the login's secrets stood in a command line of this machine
	Problem   string
}

// playBrowser opens address as a browser with this profile and its person do. Its exit status is always 0: a browser does not
// know how a login ended.
func playBrowser(arguments []string) {
	profile := arguments[1]
	v := visit{Arguments: os.Args}
	if err := v.open(profile, arguments[len(arguments)-1]); err != nil {
		v.Problem = err.Error()
	}
	line, _ := json.Marshal(v)
	f, err := os.OpenFile(filepath.Join(profile, visitsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	_, _ = f.Write(append(line, '\n'))
	_ = f.Close()
}

// open goes the whole way from the one-time address to the closing page.
func (v *visit) open(profile, address string) error {
	b, err := newBrowser(profile)
	if err != nil {
		return err
	}
	leads, _, err := b.get(address)
	if err != nil {
		return err
	}
	asks, err := leads.Location()
	if err != nil {
		return fmt.Errorf("the one-time address leads nowhere: %w", err)
	}
	again, _, err := b.get(address)
	if err != nil {
		return err
	}
	v.Again, v.Hint = again.StatusCode, asks.Query().Get("login_hint")
	form, err := b.follow(asks.String(), isPage)
	if err != nil {
		return err
	}
	person, err := os.ReadFile(filepath.Join(profile, personFile))
	if err != nil {
		return err
	}
	back, err := b.logIn(form.Request.URL, string(person), asks.Query().Get("redirect_uri"))
	if err != nil {
		return err
	}
	v.Leaks = leaks(map[string]string{
		"state": asks.Query().Get("state"), "nonce": asks.Query().Get("nonce"), "code": back.Query().Get("code"),
	})
	if _, err := os.Stat(filepath.Join(profile, forgeFile)); err == nil {
		if err := v.forge(b, *back); err != nil {
			return err
		}
	}
	_, v.Last, err = b.get(back.String())
	return err
}

// forge sends what a page or a program that knows the port could send before the answer back is given.
func (v *visit) forge(b *browser, back url.URL) error {
	wrong := back
	query := back.Query()
	query.Set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA")
	wrong.RawQuery = query.Encode()
	none := back
	none.RawQuery = "code=" + query.Get("code")
	refused := back
	refused.RawQuery = "error=access_denied&state=guessed"
	for _, c := range []struct {
		method, host string
		to           url.URL
	}{
		{http.MethodGet, "", wrong}, {http.MethodGet, "", none}, {http.MethodGet, "", refused},
		{http.MethodGet, "evil.example:" + back.Port(), back}, {http.MethodPost, "", back},
	} {
		request, err := http.NewRequest(c.method, c.to.String(), nil)
		if err != nil {
			return err
		}
		request.Host = c.host
		got, _, err := b.do(request)
		if err != nil {
			return err
		}
		v.Forged = append(v.Forged, got.StatusCode)
	}
	return nil
}

// browser is an HTTP client with cookies that follows no redirect by itself.
type browser struct{ http.Client }

func newBrowser(profile string) (*browser, error) {
	pem, err := os.ReadFile(filepath.Join(profile, trustedFile))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{http.Client{
		Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (b *browser) do(request *http.Request) (*http.Response, string, error) {
	response, err := b.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

func (b *browser) get(address string) (*http.Response, string, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	return b.do(request)
}

func isPage(r *http.Response) bool { return r.StatusCode == http.StatusOK }

// follow opens address, and where it leads, until there is an answer that will do.
func (b *browser) follow(address string, done func(*http.Response) bool) (*http.Response, error) {
	for range 10 {
		got, _, err := b.get(address)
		if err != nil || done(got) {
			return got, err
		}
		next, err := got.Location()
		if err != nil {
			return nil, fmt.Errorf("%s answered %s", got.Request.URL.Redacted(), got.Status)
		}
		address = next.String()
	}
	return nil, errors.New("too many redirects")
}

// logIn fills in the provider's form and returns the address at redirect that the provider sends the browser back to, which
// is not opened yet.
func (b *browser) logIn(form *url.URL, person, redirect string) (*url.URL, error) {
	got, err := b.PostForm(form.String(), url.Values{
		"request": {form.Query().Get("request")}, "username": {person}, "password": {"password"}, "action": {"allow"},
	})
	if err != nil {
		return nil, err
	}
	_ = got.Body.Close()
	next, err := got.Location()
	if err != nil {
		return nil, fmt.Errorf("the login form answered %s", got.Status)
	}
	last, err := b.follow(next.String(), func(r *http.Response) bool {
		return strings.HasPrefix(r.Header.Get("Location"), redirect+"?")
	})
	if err != nil {
		return nil, err
	}
	return last.Location()
}

// leaks are the names of the secrets that stand in the command line of any process.
func leaks(secrets map[string]string) []string {
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range lines {
		line, _ := os.ReadFile(file) // the process may have ended
		for name, value := range secrets {
			if value == "" || strings.Contains(string(line), value) {
				found = append(found, name)
			}
		}
	}
	return found
}

// profile is the folder of a browser of a test.
type profile struct{ dir string }

// startWithBrowser is start of a kubecreds whose account logs in in these ways, and whose browser is this test binary; its
// person is alice.
func startWithBrowser(t *testing.T, ways string) (*drive.Rig, profile) {
	t.Helper()
	r := servers(t)
	p := profile{t.TempDir()}
	pem, err := os.ReadFile(r.Servers.CertificateAuthority)
	must(t, err)
	p.write(t, trustedFile, string(pem))
	p.write(t, personFile, "alice")
	command, err := json.Marshal([]string{os.Args[0], browserWord, p.dir})
	must(t, err)
	loginWith(t, r, ways, "  browserCommand: "+string(command)+"\n")
	startAgent(t, r, r.Program("kubecreds"))
	return r, p
}

// loginWith makes the account log in in these ways, with more lines of configuration.
func loginWith(t *testing.T, r *drive.Rig, ways, more string) {
	t.Helper()
	const usual = "  login: [password]\n"
	text := readConfig(t, r)
	if !strings.Contains(text, usual) {
		t.Fatalf("the configuration lacks %q:\n%s", usual, text)
	}
	writeConfig(t, r, strings.Replace(text, usual, "  login: ["+ways+"]\n"+more, 1))
}

func (p profile) write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600))
}

// visited waits until the browser has been through n visits, checks that each ended at the closing page and left nothing in a
// command line, and returns the last.
func (p profile) visited(t *testing.T, n int) visit {
	t.Helper()
	var all []visit
	until(t, fmt.Sprintf("visit %d of the browser", n), func() bool {
		all = nil
		text, _ := os.ReadFile(filepath.Join(p.dir, visitsFile))
		for line := range strings.Lines(string(text)) {
			var v visit
			if json.Unmarshal([]byte(line), &v) == nil {
				all = append(all, v)
			}
		}
		return len(all) >= n
	})
	if len(all) != n {
		t.Fatalf("the browser was opened %d times, not %d", len(all), n)
	}
	v := all[n-1]
	if v.Problem != "" || !strings.Contains(v.Last, "Login received: corp") {
		t.Errorf("visit %d: %s; the last page: %s", n, v.Problem, v.Last)
	}
	if v.Again != http.StatusGone {
		t.Errorf("the one-time address answered %d the second time", v.Again)
	}
	line := strings.Join(v.Arguments, " ")
	for _, word := range []string{"state", "nonce", "code", "alice", "hint", "?"} {
		if strings.Contains(strings.TrimPrefix(line, v.Arguments[0]), word) {
			t.Errorf("the browser's command line holds %q: %q", word, line)
		}
	}
	if len(v.Leaks) > 0 {
		t.Errorf("in a command line of this machine: %v", v.Leaks)
	}
	return v
}

func TestALoginInTheBrowserBeginsInTheMenuAndNothingOfItStandsInACommandLine(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r, p := startWithBrowser(t, "browser")
		look(t, "choose", "Log in to corp…")
		menuSays(t, "logged in as alice@example.com")
		p.visited(t, 1)
		works(t, r)
		w.saw(t, 0, 0)
		survived(t, r)
	})
}

func TestALoginInTheBrowserBeginsInATerminal(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r, p := startWithBrowser(t, "browser")
		out := atTerminal(t, r, "login", "corp")
		if !strings.Contains(out, "corp (alice@example.com): valid until ") {
			t.Errorf("the login says %q", out)
		}
		p.visited(t, 1)
		works(t, r)
		w.saw(t, 0, 0)
		survived(t, r)
	})
}

func TestForgedAnswersOfABrowserAreIgnoredAndTheLoginGoesOn(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r, p := startWithBrowser(t, "browser")
		p.write(t, forgeFile, "")
		look(t, "choose", "Log in to corp…")
		menuSays(t, "logged in as alice@example.com")
		if got, want := fmt.Sprint(p.visited(t, 1).Forged), "[400 400 400 404 405]"; got != want {
			t.Errorf("forged answers were answered %s, not %s", got, want)
		}
		if c := counts(t, r); c.Of("token/authorization_code") != 1 || c.Outcome("token/authorization_code", "ok") != 1 {
			t.Errorf("codes sent to the provider: %v", c.Requests["token/authorization_code"])
		}
		works(t, r)
		w.saw(t, 0, 0)
		survived(t, r)
	})
}

func TestAnotherPersonInTheBrowserIsRefusedAndTheSessionLivesOn(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r, p := startWithBrowser(t, "browser")
		look(t, "choose", "Log in to corp…")
		menuSays(t, "logged in as alice@example.com")
		p.visited(t, 1)
		works(t, r)
		refresh := refreshToken(t)

		p.write(t, personFile, "bob")
		look(t, "choose", "prod-eu: *", "Re-login…")
		drawn(t, "Try again as alice@example.com")
		p.visited(t, 2)
		w.saw(t, 0, 0, "corp: login failed: ")
		if refreshToken(t) != refresh {
			t.Error("the keychain changed")
		}
		until(t, "bob's session to be revoked", func() bool {
			sessions, err := r.Control.Sessions(t.Context())
			return err == nil && len(sessions) == 2 && sessions[0].Alive && !sessions[1].Alive
		})
		works(t, r)
		expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)

		p.write(t, personFile, "alice")
		look(t, "press", "Try again as alice@example.com", "push button")
		p.visited(t, 3)
		until(t, "a new session of alice's", func() bool {
			sessions, err := r.Control.Sessions(t.Context())
			return err == nil && len(sessions) == 3 && sessions[2].Alive && sessions[2].User == "alice@example.com"
		})
		until(t, "the new session to be kept", func() bool { return len(keychain(t)) == 1 })
		menuLacks(t, patience, "the last login failed")
		works(t, r)
	})
}

func TestThePasswordsDialogLeadsToTheBrowser(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r, p := startWithBrowser(t, "password, browser")
		look(t, "choose", "Log in to corp…")
		asked(t)
		look(t, "press", "Use browser", "push button")
		menuSays(t, "logged in as alice@example.com")
		p.visited(t, 1)
		if c := counts(t, r); c.Of("token/password") != 0 {
			t.Errorf("passwords sent: %v", c.Requests["token/password"])
		}
		works(t, r)
		w.saw(t, 1, 0)
	})
}
