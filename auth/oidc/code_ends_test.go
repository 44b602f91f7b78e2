package oidc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// How a browser login ends before the person has answered, and what is left of it.

func TestALoginEndsWithItsCaller(t *testing.T) {
	f := newFake(t)
	p := f.client()
	for _, c := range []struct {
		name  string
		ctx   func() (context.Context, context.CancelFunc)
		check func(error)
	}{
		{"cancelled", func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) }, func(err error) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %T %v", err, err)
			}
		}},
		{"cancelled for a reason", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return ctx, func() { cancel(errVisit) }
		}, func(err error) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %T %v", err, err)
			}
		}},
		{"timed out", func() (context.Context, context.CancelFunc) {
			d := deadline{t.Context(), make(chan struct{})}
			return d, sync.OnceFunc(func() { close(d.passed) })
		}, func(err error) { wantWeather(t, err, "nobody finished the login in the browser in time") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := c.ctx()
			defer cancel()
			var start string
			_, err := p.Code(ctx, Hint{}, func(ctx context.Context, address string) error {
				start = address
				cancel()
				<-ctx.Done() // a dialog that shows the address until the login is over
				return ctx.Err()
			})
			c.check(err)
			wantClosed(t, start)
		})
	}
}

func TestABrowserThatCannotBeOpenedEndsTheLogin(t *testing.T) {
	f := newFake(t)
	var start string
	_, err := f.client().Code(t.Context(), Hint{}, func(_ context.Context, address string) error {
		start = address
		return errVisit
	})
	if err != errVisit { // as it is, not wrapped
		t.Errorf("got %T %v", err, err)
	}
	wantClosed(t, start)
}

func TestTheShownAddressGoesAwayWithTheLogin(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	ended := false
	_, err := f.client().Code(t.Context(), Hint{}, func(ctx context.Context, address string) error {
		f.browser().open(address)
		<-ctx.Done()
		ended = true
		return errVisit // too late to spoil it
	})
	if err != nil || !ended {
		t.Errorf("ended %v, error %v", ended, err)
	}
}

func TestALoginCancelledDuringTheExchangeSaysSoInTheBrowser(t *testing.T) {
	f := newFake(t)
	f.logsIn(nil)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	f.on("/token", func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	l := begin(ctx, t, f.client(), Hint{Account: "corp"})
	page := f.browser().open(l.start)
	close(release)
	wantText(t, page, 200, "Not logged in: corp")
	wantText(t, page, 200, "the login was cancelled.")
	if _, err := l.wait(t); !errors.Is(err, context.Canceled) {
		t.Errorf("got %T %v", err, err)
	}
}

func TestNoSecretOfABrowserLoginStandsInAnError(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"echoed": func(w http.ResponseWriter, r *http.Request) {
			answerJSON(w, 400, map[string]any{"error": "invalid_grant", "error_description": "bad code " + r.PostForm.Get("code")})
		},
		"dropped": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		f := newFake(t)
		f.logsIn(nil)
		f.on("/token", h)
		l := begin(t.Context(), t, f.client(), Hint{})
		page := f.browser().open(l.start)
		_, err := l.wait(t)
		if err == nil {
			t.Fatal("logged in")
		}
		sent := f.requests("/token")[0].form
		for _, s := range []string{"code one", sent.Get("code_verifier"), f.requests("/authorize")[0].query.Get("state")} {
			if strings.Contains(err.Error()+page.text, s) {
				t.Errorf("%s: %q stands in %v or %s", name, s, err, page.text)
			}
		}
	}
}
