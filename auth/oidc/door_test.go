package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTheStartAddressLeadsToTheProviderOnce(t *testing.T) {
	f := newFake(t)
	l := begin(t.Context(), t, f.client(), Hint{User: "alice", Account: "corp"})
	if !strings.HasPrefix(l.start, "http://127.0.0.1:") || strings.ContainsAny(l.start, "?&#") || strings.Contains(l.start, "alice") {
		t.Errorf("the browser's argument is %q", l.start)
	}
	b := f.browser()
	for _, method := range []string{"HEAD", "POST", "OPTIONS"} { // do not count
		if g, err := b.try(method, l.start, ""); err != nil || g.StatusCode != 405 || g.Header.Get("Allow") != "GET" {
			t.Errorf("%s: %v, %v", method, g.Response, err)
		}
	}
	first := b.peek(l.start)
	if first.StatusCode != 302 || !strings.HasPrefix(first.Header.Get("Location"), f.URL+"/authorize?") || first.text != "" {
		t.Errorf("%d to %q with %q", first.StatusCode, first.Header.Get("Location"), first.text)
	}
	if first.Header.Get("Cache-Control") != "no-store" || first.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", first.Header)
	}
	second := b.peek(l.start)
	wantText(t, second, 410, "This address works once")
	if second.Header.Get("Location") != "" {
		t.Error("it leads there again")
	}
	l.running(t)
}

func TestAStrayCallbackIsAnsweredAndIgnored(t *testing.T) {
	for _, c := range []struct {
		name    string
		request func(back, state string) (method, address, host string)
		status  int
	}{
		{"no state", func(back, _ string) (string, string, string) { return "GET", back + "?code=evil", "" }, 400},
		{"an empty state", func(back, _ string) (string, string, string) { return "GET", back + "?code=evil&state=", "" }, 400},
		{"another state", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&state=" + s[1:] + "A", ""
		}, 400},
		{"a shorter state", func(back, s string) (string, string, string) { return "GET", back + "?code=evil&state=" + s[1:], "" }, 400},
		{"an error without state", func(back, _ string) (string, string, string) { return "GET", back + "?error=access_denied", "" }, 400},
		{"an error with another state", func(back, _ string) (string, string, string) { return "GET", back + "?error=access_denied&state=x", "" }, 400},
		{"no query", func(back, _ string) (string, string, string) { return "GET", back, "" }, 400},
		{"our state and nothing else", func(back, s string) (string, string, string) { return "GET", back + "?state=" + s, "" }, 400},
		{"an empty code", func(back, s string) (string, string, string) { return "GET", back + "?code=&state=" + s, "" }, 400},
		{"two codes", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&code=code+one&state=" + s, ""
		}, 400},
		{"two states", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&state=" + s + "&state=x", ""
		}, 400},
		{"two issuers", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&iss=a&iss=b&state=" + s, ""
		}, 400},
		{"a query that is none", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&state=" + s + "&x=%zz", ""
		}, 400},
		{"POST", func(back, s string) (string, string, string) { return "POST", back + "?code=evil&state=" + s, "" }, 405},
		{"HEAD", func(back, s string) (string, string, string) { return "HEAD", back + "?code=evil&state=" + s, "" }, 405},
		{"a slash more", func(back, s string) (string, string, string) { return "GET", back + "/?code=evil&state=" + s, "" }, 404},
		{"two slashes", func(back, s string) (string, string, string) {
			return "GET", strings.Replace(back, "/callback", "//callback", 1) + "?code=evil&state=" + s, ""
		}, 404},
		{"another path", func(back, s string) (string, string, string) { return "GET", back + "2?code=evil&state=" + s, "" }, 404},
		{"the root", func(back, s string) (string, string, string) {
			return "GET", strings.TrimSuffix(back, "callback") + "?code=evil&state=" + s, ""
		}, 404},
		{"another host", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&state=" + s, "evil.example.com"
		}, 404},
		{"another host with our port", func(back, s string) (string, string, string) {
			u, _ := url.Parse(back)
			return "GET", back + "?code=evil&state=" + s, "evil.example.com:" + u.Port()
		}, 404},
		{"localhost by name", func(back, s string) (string, string, string) {
			u, _ := url.Parse(back)
			return "GET", back + "?code=evil&state=" + s, "localhost:" + u.Port()
		}, 404},
		{"our host with another port", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&state=" + s, "127.0.0.1:1"
		}, 404},
		{"our host without its port", func(back, s string) (string, string, string) {
			return "GET", back + "?code=evil&state=" + s, "127.0.0.1"
		}, 404},
		{"an icon", func(back, _ string) (string, string, string) {
			return "GET", strings.Replace(back, "callback", "favicon.ico", 1), ""
		}, 404},
		{"another start", func(back, _ string) (string, string, string) {
			return "GET", strings.Replace(back, "callback", "start/AAAAAAAAAAAAAAAAAAAAAAAAAA", 1), ""
		}, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.logsIn(nil)
			l := begin(t.Context(), t, f.client(), Hint{Account: "corp"})
			b := f.browser()
			asked, back := l.leads(t, b)
			method, address, host := c.request(back, asked.Get("state"))
			g, err := b.try(method, address, host)
			if err != nil || g.StatusCode != c.status {
				t.Fatalf("answered %v, %v", g.Response, err)
			}
			for _, s := range []string{"corp", asked.Get("state"), asked.Get("nonce"), l.start} {
				if strings.Contains(g.text, s) || g.Header.Get("Location") != "" {
					t.Errorf("the stranger is told %q: %v %s", s, g.Header, g.text)
				}
			}
			l.running(t)
			f.wantRequests("/token", 0)
			wantText(t, b.open(f.URL+"/authorize?"+asked.Encode()), 200, "Login received: corp")
			if _, err := l.wait(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoHostHeaderIsNotOurs(t *testing.T) {
	f := newFake(t)
	l := begin(t.Context(), t, f.client(), Hint{})
	c, err := net.Dial("tcp", strings.Split(l.start, "/")[2])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	u, _ := url.Parse(l.start)
	_, _ = c.Write([]byte("GET " + u.Path + " HTTP/1.0\r\n\r\n"))
	answer := make([]byte, 12)
	if _, err := c.Read(answer); err != nil || string(answer) != "HTTP/1.0 404" {
		t.Errorf("%q, %v", answer, err)
	}
	l.running(t)
}

func TestTheBrowsersAnswerCountsOnce(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	exchanging, release := make(chan struct{}), make(chan struct{})
	f.on("/token", func(w http.ResponseWriter, r *http.Request) {
		close(exchanging)
		<-release
		tokens(nil)(w, r)
	})
	l := begin(t.Context(), t, f.client(), Hint{Account: "corp"})
	b := f.browser()
	asked, back := l.leads(t, b)
	answer := back + "?" + url.Values{"code": {"code one"}, "state": {asked.Get("state")}}.Encode()
	first := make(chan got)
	go func() { first <- b.open(answer) }()
	<-exchanging
	wantText(t, b.open(answer), 410, "has its answer")
	wantText(t, b.open(back+"?error=access_denied&state="+asked.Get("state")), 410, "has its answer")
	select {
	case g := <-first:
		t.Errorf("the browser has its page before the tokens came: %s", g.text)
	default:
	}
	close(release)
	wantText(t, <-first, 200, "Login received: corp")
	if _, err := l.wait(t); err != nil {
		t.Error(err)
	}
	f.wantRequests("/token", 1)
}

func TestABrowserThatIsClosedDoesNotEndTheExchange(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	exchanging, release := make(chan struct{}), make(chan struct{})
	f.on("/token", func(w http.ResponseWriter, r *http.Request) {
		close(exchanging)
		<-release
		tokens(nil)(w, r)
	})
	l := begin(t.Context(), t, f.client(), Hint{})
	asked, back := l.leads(t, f.browser())
	ctx, closeIt := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", back+"?code=x&state="+asked.Get("state"), nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if resp, err := f.browser().Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-exchanging
	closeIt()
	<-gone
	close(release)
	if _, err := l.wait(t); err != nil {
		t.Error(err)
	}
}

func TestEveryPageIsProtectedAndPlain(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	l := begin(t.Context(), t, f.client(), Hint{Account: `<script>alert("corp")</script>` + "\u202e&\n"})
	b := f.browser()
	stray := b.open(strings.Split(l.start, "/start/")[0] + "/")
	last := b.open(l.start)
	if _, err := l.wait(t); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(last.text, "<h1>Login received: &lt;script&gt;alert(&#34;corp&#34;)&lt;/script&gt;&amp;</h1>") {
		t.Errorf("the page is %s", last.text)
	}
	sum := sha256.Sum256([]byte(last.text[strings.Index(last.text, "<style>")+7 : strings.Index(last.text, "</style>")]))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, g := range []got{stray, last} {
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
		} {
			if g.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, g.Header.Get(name), want)
			}
		}
		if !g.Close {
			t.Error("the connection is kept")
		}
		for _, s := range []string{"<script", "http:", "https:", "//", "<img", "<link", "\u202e"} {
			if strings.Contains(g.text, s) {
				t.Errorf("the page holds %q", s)
			}
		}
		for _, s := range []string{`<html lang="en">`, "color-scheme:light dark", "<title>"} {
			if !strings.Contains(g.text, s) {
				t.Errorf("the page lacks %q", s)
			}
		}
	}
}

func TestAPageIsOnItsWayBeforeTheConnectionIsClosed(t *testing.T) {
	w := httptest.NewRecorder()
	if show(w, http.StatusOK, page{"a", "b"}); !w.Flushed || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
		t.Errorf("flushed %v, headers %v", w.Flushed, w.Header())
	}
}

func TestTheLastPageSaysOnlyWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		account     string
		err         error
		title, text string
	}{
		{"corp", nil, "Login received: corp", "kubecreds checks it now and then shows corp as logged in. You can close this page."},
		{"", nil, "Login received: this account", "kubecreds checks it now and then shows this account as logged in. You can close this page."},
		{"corp", &Refusal{Words: "access_denied"}, "Not logged in: corp", "access_denied. You can close this page."},
		{"corp", &Weather{Words: "x answered 503"}, "Not logged in: corp", "x answered 503. You can close this page."},
		{"corp", context.Canceled, "Not logged in: corp", "the login was cancelled. You can close this page."},
		{"corp", errors.New("token hunter2"), "Not logged in: corp", "the login was cancelled. You can close this page."},
	} {
		if p := pageAfter(c.account, c.err); p != (page{c.title, c.text}) {
			t.Errorf("%q, %v: %q", c.account, c.err, p)
		}
	}
}

func TestAnAnswerThatComesTooLateIsLetGo(t *testing.T) {
	p, err := New(Config{Issuer: "https://login.example.com", ClientID: "k"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openDoor(p.redirects, net.Listen)
	if err != nil {
		t.Fatal(err)
	}
	d.serve("https://login.example.com/authorize", "ours")
	let := make(chan error)
	go func() {
		resp, err := http.Get(d.redirect + "?code=x&state=ours")
		if err == nil {
			_ = resp.Body.Close()
		}
		let <- err
	}()
	a := <-d.arrived
	d.close() // nobody answers it
	if err := <-let; err == nil {
		t.Error("the browser was shown something")
	}
	select {
	case <-a.shown:
	case <-time.After(10 * time.Second):
		t.Error("it is still waiting for a page")
	}
}

func TestALoginLeavesNothingBehind(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	p := f.client()
	if _, err := p.Endpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for _, finish := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		l := begin(ctx, t, p, Hint{})
		early, err := net.Dial("tcp", strings.Split(l.start, "/")[2]) // as browsers do
		if err != nil {
			t.Fatal(err)
		}
		b := f.browser()
		if finish {
			b.open(l.start)
		} else {
			cancel()
		}
		if _, err := l.wait(t); finish && err != nil {
			t.Error(err)
		}
		cancel()
		_ = early.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := early.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a connection is left: %v", err)
		}
		_ = early.Close()
		b.CloseIdleConnections()
	}
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}
