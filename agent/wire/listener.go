package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// Listener is the agent's socket, and the lock that makes it the only agent at its place.
type Listener struct {
	lock   *os.File // nil for a shared socket
	socket *socket
	odd    func(what string)
}

// Odd has f told in a few words what was turned away or cut off, each time it happens. Call it before Serve.
func (l *Listener) Odd(f func(what string)) { l.odd = f }

const (
	// takeOver is how long Listen waits for an agent that answers no more but still holds the lock: it is about to end.
	takeOver = 2 * time.Second
	// glance is how long Listen looks whether a connection is kept. A process that the agent was just starting when it was
	// killed holds the agent's socket and lock for a moment more, and takes connections that nobody will ever answer.
	glance = 100 * time.Millisecond
)

// Listen makes this process the agent at p: it makes and checks the folder, takes the lock, removes what an agent that died
// left there, and listens. Errors: ErrRunning if an agent answers already, ErrNotOurs if the folder cannot be trusted.
func Listen(p Place) (*Listener, error) {
	if err := p.prepare(); err != nil {
		return nil, fmt.Errorf("the agent's folder: %w", err)
	}
	lock, err := p.takeLock()
	if err != nil {
		return nil, err
	}
	s, err := listenSocket(p)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return newListener(lock, s), nil
}

func newListener(lock *os.File, s *socket) *Listener {
	return &Listener{lock: lock, socket: s, odd: func(string) {}}
}

// takeLock takes the agent's lock, unless somebody answers at the socket: then the lock's file may have been removed from
// under an agent, which is still the one there is.
func (p Place) takeLock() (*os.File, error) {
	ctx, cancel := context.WithTimeout(context.Background(), takeOver)
	defer cancel()
	for {
		if c, err := p.dial(ctx); err == nil && kept(c) {
			return nil, ErrRunning
		}
		lock, held, err := p.lock(lockFile)
		if held || err != nil {
			return lock, err
		}
		if !pause(ctx, poll) {
			return nil, ErrRunning
		}
	}
}

// kept closes c and reports whether its other end was still there after a glance: an agent waits longer than that for a request.
func kept(c clientStream) bool {
	defer func() { _ = c.Close() }()
	if c.SetDeadline(time.Now().Add(glance)) != nil {
		return false
	}
	_, err := c.Read(make([]byte, 1))
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

// Close stops listening, removes the socket and lets the lock go. It does not wait for Serve.
func (l *Listener) Close() error {
	err := l.socket.close()
	if errors.Is(err, os.ErrClosed) { // Serve closed it when its context ended
		err = nil
	}
	if l.lock == nil { // of a shared socket
		return err
	}
	return errors.Join(err, l.lock.Close())
}

// Handler answers one request: it sends events over c and returns the last one. Its context ends when the client went away
// or the agent ends. What must go on after that (a renewal) runs under another one.
type Handler func(ctx context.Context, c *Conn, r Request) Done

// Serve answers requests with handle, each in a goroutine of its own, until ctx ends; it then stops listening, ends the
// handlers' contexts, waits for them, and returns nil. An error says why no connection can be accepted any more.
//
// A connection that sends no request within 5 s is closed; earlier if 256 others wait like it. At most 256 requests run.
func (l *Listener) Serve(ctx context.Context, handle Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{handle: handle, odd: l.odd, running: make(chan struct{}, maxRunning)}
	stop := context.AfterFunc(ctx, func() {
		_ = l.socket.close()
		s.closeWaiting()
	})
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := l.socket.accept()
		switch {
		case err == nil:
			s.wait(c)
			wg.Go(func() { s.serve(ctx, c) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, os.ErrClosed):
			cancel()
			return err
		case errors.Is(err, ErrNotOurs):
			l.odd("a process of another user was turned away")
		default: // out of file descriptors, say: what is under way will free some
			pause(ctx, poll)
		}
	}
}

// server is what the connections of one Serve share.
type server struct {
	handle  Handler
	odd     func(what string)
	running chan struct{} // one element a request under way

	mu      sync.Mutex
	closed  bool
	waiting []stream // connections whose request has not arrived, the oldest first
}

// serve reads one request, has it answered, and closes the connection.
func (s *server) serve(ends context.Context, st stream) {
	defer func() { _ = st.Close() }()
	in := bufio.NewReader(st)
	r, err := s.request(st, in)
	c := newConn(st)
	s.report(err)
	if errors.Is(err, ErrProtocol) || errors.Is(err, errTooLong) {
		_ = c.send(Event{Done: &Done{Status: 2, Message: "that was no request; are both programs of the same version?"}})
	}
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ends)
	defer cancel()
	go func() {
		defer cancel()
		c.listen(in)
	}()
	done := s.answer(ctx, c, r)
	done.Again = ends.Err() != nil && done.Status != 0
	_ = c.send(Event{Done: &done})
	_ = st.Close()
	<-c.gone
	s.report(c.lost)
}

// report tells of what did not come as it should, or was not taken. A client that goes away is nothing odd: that is how Ctrl-C
// looks, and how one looks whether an agent is there.
func (s *server) report(err error) {
	switch {
	case errors.Is(err, ErrProtocol):
		s.odd("what came was no request")
	case errors.Is(err, errTooLong):
		s.odd("a request was too long")
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.odd("a connection ended in the middle of its request")
	case errors.Is(err, errNoRequest):
		s.odd("a connection brought no request in time")
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.odd("a client did not take its answer")
	}
}

// request waits for the connection's request.
func (s *server) request(st stream, in *bufio.Reader) (Request, error) {
	defer s.arrived(st)
	if err := st.SetReadDeadline(time.Now().Add(requestTimeout)); err != nil {
		return Request{}, err
	}
	b, err := readLine(in, maxRequest)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errNoRequest
	}
	if err != nil {
		return Request{}, err
	}
	r, err := decodeRequest(b)
	if err != nil {
		return Request{}, err
	}
	return r, st.SetReadDeadline(time.Time{})
}

// answer runs the handler as soon as fewer than maxRunning are under way, unless the agent ends: whoever has been told that it
// does is not answered by it any more.
func (s *server) answer(ctx context.Context, c *Conn, r Request) Done {
	ends := Done{Status: 1, Message: "the agent is about to end; try again"}
	if ctx.Err() != nil {
		return ends
	}
	busy := time.NewTimer(busyTimeout)
	defer busy.Stop()
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
		return s.handle(ctx, c, r)
	case <-busy.C:
		return Done{Status: 1, Message: fmt.Sprintf("the agent has %d requests under way; try again", maxRunning)}
	case <-ctx.Done():
		return ends
	}
}

// wait notes a connection whose request is awaited, and closes the oldest if there are too many: idle ones do not keep
// others out.
func (s *server) wait(st stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = st.Close()
		return
	}
	if s.waiting = append(s.waiting, st); len(s.waiting) > maxWaiting {
		_ = s.waiting[0].Close()
		s.waiting = slices.Delete(s.waiting, 0, 1)
		s.odd("too many connections without a request: the oldest was closed")
	}
}

func (s *server) arrived(st stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, st); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
}

func (s *server) closeWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, st := range s.waiting {
		_ = st.Close()
	}
}
