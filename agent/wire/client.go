package wire

import (
	"bufio"
	"context"
	"errors"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Client is a client's end of a connection: Send, then Next until Done.
type Client struct {
	stream clientStream
	in     *bufio.Reader
}

// Dial connects to the agent at p. It starts nothing. Errors: ErrNoAgent; ErrNotOurs; ctx's.
func Dial(ctx context.Context, p Place) (*Client, error) {
	s, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &Client{s, bufio.NewReader(s)}, nil
}

// Until bounds how long Send and Next wait from now on: they return os.ErrDeadlineExceeded at t. A zero t is never.
func (c *Client) Until(t time.Time) error { return c.stream.SetDeadline(t) }

// Send sends the request. It may be called once. Close ends it where the agent takes nothing.
func (c *Client) Send(r Request) error {
	b, err := encodeRequest(r)
	if err != nil {
		return err
	}
	_, err = c.stream.Write(b)
	return err
}

// Next waits for the next event, as long as the agent is there and c is open. Errors: ErrProtocol; those of the connection.
func (c *Client) Next() (Event, error) {
	for {
		b, err := readLine(c.in, maxEvent)
		if errors.Is(err, errTooLong) {
			return Event{}, ErrProtocol
		}
		if err != nil {
			return Event{}, err
		}
		if e, ok, err := decodeEvent(b); err != nil || ok {
			return e, err
		}
	}
}

// Answer answers the question that Next returned. The answer has to be UTF-8.
func (c *Client) Answer(text secret.Text) error { return c.answer(answer{text: text}) }

// NoAnswer tells the agent that nobody will answer the question.
func (c *Client) NoAnswer() error { return c.answer(answer{none: true}) }

func (c *Client) answer(a answer) error {
	b, err := encodeAnswer(a)
	if err != nil {
		return err
	}
	_, err = c.stream.Write(b)
	return err
}

// Close ends the connection and with it the request. It may be called at any time; Next then returns an error.
func (c *Client) Close() error { return c.stream.Close() }
