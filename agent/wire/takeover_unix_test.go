//go:build !windows

package wire

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// agentAt is an agent that ends when it is told to, and lets go its lock only a while after that: it has something to bring
// home.
type agentAt struct {
	t     *testing.T
	l     *Listener
	end   context.CancelFunc
	ended chan error
}

func runAgent(t *testing.T, l *Listener, handle Handler) *agentAt {
	ctx, cancel := context.WithCancel(context.Background())
	a := &agentAt{t, l, cancel, make(chan error, 1)}
	go func() { a.ended <- l.Serve(ctx, handle) }()
	return a
}

func (a *agentAt) close() {
	a.end()
	if err := errors.Join(<-a.ended, a.l.Close()); err != nil {
		a.t.Error(err)
	}
}

func TestClientsWaitWhileOneAgentTakesAnothersPlaceAndStartNone(t *testing.T) {
	p := newPlace(t)
	t.Setenv("SUDO_UID", "")
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	first := runAgent(t, l, func(context.Context, *Conn, Request) Done { return Done{Message: "first"} })
	gone, over := make(chan struct{}), make(chan struct{})
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			<-gone
			for asked := 0; ; asked++ {
				if err := Start(context.Background(), p, "/bin/false"); err != nil { // which it would be an error to start
					t.Error(err)
					return
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	l, err = TakeOver(within(t, 20*time.Second), p, func(context.Context) error {
		first.end()
		if err := <-first.ended; err != nil {
			return err
		}
		close(gone)
		time.AfterFunc(300*time.Millisecond, func() { _ = first.l.Close() })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	second := runAgent(t, l, func(context.Context, *Conn, Request) Done { return Done{Message: "second"} })
	defer second.close()
	close(over)
	clients.Wait()
	if d := call(t, p, "status"); d.Message != "second" {
		t.Errorf("%+v", d)
	}
}

func TestWhoeverTakesOverIsToldWhyNot(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	refused := errors.New("refused")
	if _, err := TakeOver(within(t, 10*time.Second), p, func(context.Context) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := TakeOver(ctx, p, func(context.Context) error { cancel(); return nil }); !errors.Is(err, ErrRunning) {
		t.Errorf("one that does not go: %v", err)
	}
	if d := call(t, p, "status"); d.Message != "status" {
		t.Errorf("%+v", d)
	}
}

func TestARequestThatTheAgentsEndCutsShortMayBeAskedAgain(t *testing.T) {
	p := newPlace(t)
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{}, 2)
	a := runAgent(t, l, func(ctx context.Context, _ *Conn, r Request) Done {
		began <- struct{}{}
		<-ctx.Done()
		if r.Verb == "renew" {
			return Done{Status: 1, Message: "cut short"}
		}
		return Done{}
	})
	cut, done := dial(t, p), dial(t, p)
	for verb, c := range map[string]*Client{"renew": cut, "get-token": done} {
		if err := c.Send(Request{Version: 1, Verb: verb}); err != nil {
			t.Fatal(err)
		}
		<-began
	}
	a.close()
	if e := next(t, cut); e.Done == nil || !e.Done.Again {
		t.Errorf("%+v", e.Done)
	}
	if e := next(t, done); e.Done == nil || e.Done.Again {
		t.Errorf("what was done: %+v", e.Done)
	}
}
