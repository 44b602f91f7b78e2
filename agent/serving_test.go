package agent

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// serving has a socket that handle answers at, until the test ends.
func serving(t *testing.T, handle wire.Handler) wire.Place {
	t.Helper()
	home, err := os.MkdirTemp("", "kc") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	place, err := wire.At(home)
	if err != nil {
		t.Fatal(err)
	}
	l, err := wire.Listen(place)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, handle) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-served, l.Close()); err != nil {
			t.Error(err)
		}
	})
	return place
}

// heard is the text that a client of handle prints.
func heard(t *testing.T, handle func(c *wire.Conn) wire.Done) (text string) {
	t.Helper()
	place := serving(t, func(_ context.Context, c *wire.Conn, _ wire.Request) wire.Done { return handle(c) })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client, err := wire.Dial(ctx, place)
	if err != nil {
		t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	defer func() { _ = client.Close() }()
	if err := client.Send(wire.Request{Version: wire.Version, Verb: "test"}); err != nil {
		t.Fatal(err)
	}
	for {
		e, err := client.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e.Done != nil {
			return text
		}
		text += e.Text
	}
}
