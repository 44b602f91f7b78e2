package wire

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// newPlace makes a place in a folder of its own, whose path is short enough for a socket.
func newPlace(t *testing.T) Place {
	t.Helper()
	home, err := os.MkdirTemp("", "kc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	p, err := At(home)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// serve runs an agent at p until the test ends. odd returns what it found odd so far.
func serve(t *testing.T, p Place, handle Handler) (odd func() []string) {
	t.Helper()
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var odds []string
	l.Odd(func(what string) {
		mu.Lock()
		defer mu.Unlock()
		odds = append(odds, what)
	})
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, handle) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Serve did not end")
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(odds)
	}
}

func dial(t *testing.T, p Place) *Client {
	t.Helper()
	c, err := Dial(within(t, 10*time.Second), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// call makes one request and returns its last event.
func call(t *testing.T, p Place, verb string, args ...string) Done {
	t.Helper()
	c := dial(t, p)
	if err := c.Send(Request{Version: Version, Verb: verb, Args: args}); err != nil {
		t.Fatal(err)
	}
	for {
		if e := next(t, c); e.Done != nil {
			return *e.Done
		}
	}
}

func next(t *testing.T, c *Client) Event {
	t.Helper()
	e, err := c.Next()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for ctx := within(t, 20*time.Second); !ok(); {
		if !pause(ctx, poll) {
			t.Fatalf("never: %s", what)
		}
	}
}

func echo(_ context.Context, _ *Conn, r Request) Done { return Done{Message: r.Verb} }

func mkdir(t *testing.T, mode os.FileMode, elem ...string) string {
	t.Helper()
	dir := filepath.Join(elem...)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, mode)); err != nil {
		t.Fatal(err)
	}
	return dir
}
