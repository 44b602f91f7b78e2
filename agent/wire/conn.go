package wire

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Conn is the agent's end of a connection, while a request is under way. Its methods may be called from any goroutine.
type Conn struct {
	stream  stream
	gone    chan struct{} // closed when the client went away or spoke out of turn
	answers chan answer   // holds at most the one answer to the one question
	asking  atomic.Int32  // idle, asked, …

	mu    sync.Mutex // one event at a time
	held  []byte     // a credential's line, which goes out with the one that follows
	ended bool       // Done was sent
	lost  error      // why the client could not be told something
}

// The states of Conn.asking.
const (
	idle     int32 = iota
	asked          // a question was sent, its answer may come
	answered       // the answer is in the channel
	givenUp        // nobody waits for the answer any more: a late one must not be taken for another question's
)

func newConn(s stream) *Conn {
	return &Conn{stream: s, gone: make(chan struct{}), answers: make(chan answer, 1)}
}

// Send sends an event other than Done. A credential goes out with the event that follows it: a client prints it only when it
// knows how the request ended, and would be woken twice. A client that takes nothing for 5 s is cut off, which ends the request's context.
func (c *Conn) Send(e Event) error {
	if e.Done != nil {
		return errors.New("wire: the handler returns Done")
	}
	return c.send(e)
}

func (c *Conn) send(e Event) error {
	b, err := encodeEvent(e)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return io.ErrClosedPipe
	}
	c.ended = e.Done != nil
	if b, c.held = append(c.held, b...), nil; e.Credential != nil {
		c.held = b
		return nil
	}
	if err := writeLine(c.stream, b); err != nil {
		c.lost = cmp.Or(c.lost, err)
		_ = c.stream.Close() // what went out may be half a line: nothing can follow it
		return err
	}
	return nil
}

// Ask has the client ask its person, and waits for the answer until ctx ends or the client goes away. One question at a time;
// after one that ended with ctx, the connection cannot ask again. Errors: ErrNoAnswer if there is nobody to ask; ctx's;
// those of the connection.
func (c *Conn) Ask(ctx context.Context, q Question) (secret.Text, error) {
	if !c.asking.CompareAndSwap(idle, asked) {
		return secret.Text{}, errors.New("wire: another question is open")
	}
	if err := c.send(Event{Ask: &q}); err != nil {
		return secret.Text{}, err
	}
	select {
	case a := <-c.answers:
		return c.take(a)
	case <-c.gone:
		return secret.Text{}, io.ErrClosedPipe
	case <-ctx.Done():
		if !c.asking.CompareAndSwap(asked, givenUp) {
			return c.take(<-c.answers) // it came just now
		}
		return secret.Text{}, ctx.Err()
	}
}

func (c *Conn) take(a answer) (secret.Text, error) {
	c.asking.Store(idle)
	return a.result()
}

// listen takes the answers to questions, until the client goes away or speaks out of turn.
func (c *Conn) listen(in *bufio.Reader) {
	defer close(c.gone)
	for {
		b, err := readLine(in, maxReply)
		if err != nil {
			return
		}
		a, err := decodeAnswer(b)
		if err != nil || !c.asking.CompareAndSwap(asked, answered) {
			return
		}
		c.answers <- a
	}
}
