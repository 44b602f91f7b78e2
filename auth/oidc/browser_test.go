package oidc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// browser is what a person has: it opens an address, follows redirects and shows the page.
type browser struct {
	*http.Client
	t *testing.T
}

// browser trusts f.
func (f *fake) browser() browser {
	client := *f.Client()
	client.Timeout = 20 * time.Second
	return browser{&client, f.t}
}

// page is what a browser got.
type got struct {
	*http.Response
	text string
}

// open fetches address and what it leads to.
func (b browser) open(address string) got {
	b.t.Helper()
	g, err := b.try("GET", address, "")
	if err != nil {
		b.t.Error(err)
	}
	return g
}

// try makes one request and follows where it leads; host, if not "", stands in its Host header.
func (b browser) try(method, address, host string) (got, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, address, nil)
	if err != nil {
		return got{}, err
	}
	req.Host = host
	resp, err := b.Do(req)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return got{resp, string(text)}, err
}

// peek follows no redirect.
func (b browser) peek(address string) got {
	b.t.Helper()
	stays := *b.Client
	stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return browser{&stays, b.t}.open(address)
}

// login is one browser login under way.
type login struct {
	start string // what visit was given
	done  chan struct{}
	grant Grant
	err   error
}

// begin starts a login and returns when a browser is wanted.
func begin(ctx context.Context, t *testing.T, p *Provider, hint Hint) *login {
	t.Helper()
	l := &login{done: make(chan struct{})}
	starts := make(chan string, 1)
	go func() {
		defer close(l.done)
		l.grant, l.err = p.Code(ctx, hint, func(_ context.Context, address string) error {
			starts <- address
			return nil
		})
	}()
	select {
	case l.start = <-starts:
	case <-l.done:
		t.Fatalf("the login ended before a browser was wanted: %v", l.err)
	}
	return l
}

// wait returns how the login ended.
func (l *login) wait(t *testing.T) (Grant, error) {
	t.Helper()
	select {
	case <-l.done:
	case <-time.After(20 * time.Second):
		t.Fatal("the login does not end")
	}
	return l.grant, l.err
}

// running fails if the login has ended.
func (l *login) running(t *testing.T) {
	t.Helper()
	select {
	case <-l.done:
		t.Fatalf("the login has ended: %v", l.err)
	default:
	}
}

// leads returns the authorization request that the start address leads to, and its redirect_uri.
func (l *login) leads(t *testing.T, b browser) (url.Values, string) {
	t.Helper()
	u, err := url.Parse(b.peek(l.start).Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query(), u.Query().Get("redirect_uri")
}

// logsIn is a provider that logs everybody in at once: /authorize sends the browser back with a code, /token takes that code
// once, with its verifier and its redirect_uri. change lays hands on the answer to the browser.
func (f *fake) logsIn(change func(answer url.Values)) {
	var asked url.Values
	f.on("/authorize", func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		answer := url.Values{"code": {"code one"}, "state": asked["state"]}
		if change != nil {
			change(answer)
		}
		http.Redirect(w, r, asked.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
	})
	used := false
	f.on("/token", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.PostForm.Get("code") != "code one", used, r.PostForm.Get("redirect_uri") != asked.Get("redirect_uri"),
			s256(r.PostForm.Get("code_verifier")) != asked.Get("code_challenge"):
			answers(400, oauthError("invalid_grant"))(w, r)
			return
		}
		used = true
		answerJSON(w, 200, map[string]any{
			"access_token": "opaque", "refresh_token": refresh1,
			"id_token": f.sign(f.claims(map[string]any{"nonce": asked.Get("nonce")})),
		})
	})
}

// wantClosed fails unless nobody listens at address's port any more, on 127.0.0.1 and on [::1].
func wantClosed(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		if c, err := net.Dial("tcp", net.JoinHostPort(host, u.Port())); err == nil {
			_ = c.Close()
			t.Errorf("somebody listens on %s of port %s", host, u.Port())
		}
	}
}

// freshPort is a port that is free on both loopback addresses.
func freshPort(t *testing.T) string {
	t.Helper()
	ports, port, err := redirect{host: "127.0.0.1", port: freePort}.listen(net.Listen)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range ports {
		_ = l.Close()
	}
	return port
}

// needIPv6 skips where this machine has none.
func needIPv6(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	_ = l.Close()
}

// wantText fails unless the page has this status and says these words.
func wantText(t *testing.T, g got, status int, words string) {
	t.Helper()
	if g.Response == nil || g.StatusCode != status || !strings.Contains(g.text, words) {
		t.Errorf("the page is %v, want %d that says %q", g, status, words)
	}
}

// deadline is a context whose deadline has passed once passed is closed.
type deadline struct {
	context.Context //nolint:containedctx // it is one
	passed          chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.passed }

func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

var errVisit = errors.New("no browser here")
