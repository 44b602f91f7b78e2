//go:build !windows

package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestADeadlineEndsAWaitAndCanBeTakenBack(t *testing.T) {
	p := newPlace(t)
	release := make(chan struct{})
	serve(t, p, func(context.Context, *Conn, Request) Done { <-release; return Done{Message: "at last"} })
	c := dial(t, p)
	if err := c.Send(Request{Version: 1, Verb: "slow"}); err != nil {
		t.Fatal(err)
	}
	for _, wait := range []time.Duration{20 * time.Millisecond, -time.Second} {
		if err := c.Until(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
	}
	if err := c.Until(time.Time{}); err != nil {
		t.Fatal(err)
	}
	close(release)
	if e := next(t, c); e.Done == nil || e.Done.Message != "at last" {
		t.Errorf("%+v", e)
	}
}

func TestCloseEndsWhatWaitsAndMayBeCalledTwice(t *testing.T) {
	p := newPlace(t)
	serve(t, p, func(ctx context.Context, _ *Conn, _ Request) Done { <-ctx.Done(); return Done{} })
	c := dial(t, p)
	if err := c.Send(Request{Version: 1, Verb: "slow"}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := c.Next(); err == nil {
			t.Error("an event came")
		}
	})
	all.Go(func() {
		_, err := io.WriteString(c.stream, strings.Repeat("x", 10<<20)) // more than the socket takes
		if err == nil {
			t.Error("all of it went out")
		}
	})
	all.Go(func() { _ = c.Close() })
	all.Wait()
	if err := c.Close(); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if _, err := c.Next(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
	if err := c.NoAnswer(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}
