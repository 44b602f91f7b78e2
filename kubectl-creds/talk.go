package main

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// talk is one request to the agent and the printing of its answer.
type talk struct {
	place   wire.Place
	starts  bool // the agent, where none runs
	request wire.Request
	limit   time.Duration // for the whole of it; a note from the agent prolongs it to loginLimit
	ask     asker         // nil: nobody can be asked
	out     io.Writer
	quiet   bool // no word of the agent's on stderr
	follows bool // goes on until the person ends it: no limit, and an agent that takes the place of one that ended is asked anew

	exec       *wire.ExecInfo   // how kubectl wants its credential; nil where it was typed
	until      time.Time        // when the limit is over; zero: there is none
	credential *wire.Credential // printed when the agent is done
	heard      bool             // something of the answer arrived, before its end
}

// asker gets the answer to a question from a person, until ctx ends. It is wire.ErrNoAnswer where there is nobody.
type asker func(ctx context.Context, q wire.Question) (secret.Text, error)

var (
	errLost      = errors.New("the agent ended before it answered; try again")
	errLate      = errors.New("the agent did not answer in time; try again, else: kubectl creds quit, kubectl creds start")
	errCancelled = errors.New("cancelled")
)

// askAgain is how often to ask once more where the agent went away without a word: it was about to end, and another may take
// its place.
const (
	askAgain   = 10
	askAgainIn = 20 * time.Millisecond
)

// run makes the request, prints what comes, and returns the exit status that the agent chose.
func (t *talk) run(ctx context.Context) (int, error) {
	if !t.follows {
		t.until = time.Now().Add(t.limit)
	}
	status, err := t.try(ctx)
	for range askAgain {
		if !errors.Is(err, errLost) || t.heard || ctx.Err() != nil {
			break
		}
		time.Sleep(askAgainIn)
		status, err = t.try(ctx)
	}
	for t.follows && t.heard && ctx.Err() == nil && (status == statusFailed || err != nil) {
		t.heard = false
		status, err = t.try(ctx)
	}
	select {
	case <-ctx.Done():
	default:
		return status, err
	}
	switch {
	case t.follows: // Ctrl-C is how it ends
		return statusDone, nil
	case err != nil:
		return statusFailed, errCancelled
	}
	return status, nil
}

func (t *talk) try(ctx context.Context) (int, error) {
	c, err := connect(ctx, t.place, t.starts)
	if err != nil {
		return statusFailed, err
	}
	defer func() { _ = c.Close() }()
	if err := c.Until(t.until); err != nil {
		return statusFailed, err
	}
	return t.exchange(ctx, c)
}

// exchange sends the request and prints events until the last one. It goes on reading while a person types: a login may end
// meanwhile.
func (t *talk) exchange(ctx context.Context, c *wire.Client) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // ends Send and Next
	defer stop()
	var prompts sync.WaitGroup
	defer prompts.Wait() // an open prompt puts the terminal right
	defer cancel(nil)
	if err := c.Send(t.request); err != nil {
		return statusFailed, lost(err)
	}
	if text := t.request.Caller.ExecText; text != "" { // read while the agent is at work
		var err error
		if t.exec, err = wire.ReadExec(text); err != nil {
			return statusUsage, err
		}
	}
	for {
		e, err := c.Next()
		if err != nil && ctx.Err() != nil {
			return statusFailed, context.Cause(ctx)
		}
		if err != nil {
			return statusFailed, lost(err)
		}
		if e.Done != nil && e.Done.Again && !t.heard {
			return statusFailed, errLost
		}
		if e.Done != nil {
			return t.finish(*e.Done)
		}
		t.heard = true
		switch {
		case e.Ask != nil:
			prompts.Go(func() {
				if err := t.answer(ctx, c, *e.Ask); err != nil {
					cancel(err)
				}
			})
		case e.Note != "":
			complain(e.Note)
			if err := t.prolong(c); err != nil {
				return statusFailed, err
			}
		default:
			if err := t.keep(e); err != nil {
				return statusFailed, err
			}
		}
	}
}

// prolong makes the talk wait as long as a person may need.
func (t *talk) prolong(c *wire.Client) error {
	if !t.follows {
		t.until = time.Now().Add(loginLimit)
	}
	return c.Until(t.until)
}

func lost(err error) error {
	switch {
	case errors.Is(err, wire.ErrProtocol):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errLate
	}
	return errLost
}

// keep prints a text, and keeps a credential until the agent is done. kubectl reads our stdout: there get-token prints its
// credential and nothing else. Nothing but get-token and token prints one.
func (t *talk) keep(e wire.Event) error {
	if t.getsCredential() != (e.Credential != nil) {
		return wire.ErrProtocol
	}
	if e.Credential != nil {
		t.credential = e.Credential
		return nil
	}
	_, err := io.WriteString(t.out, e.Text)
	return err
}

func (t *talk) getsCredential() bool {
	return t.request.Verb == "get-token" || t.request.Verb == "token"
}

// finish prints the credential, or why there is none.
func (t *talk) finish(d wire.Done) (int, error) {
	if d.Older && t.starts {
		defer t.replace()
	}
	if goesOn := t.follows && t.heard; d.Message != "" && !t.quiet && !goesOn {
		complain(d.Message)
	}
	if d.Status != statusDone {
		return min(max(d.Status, statusFailed), 125), nil
	}
	if !t.getsCredential() {
		return statusDone, nil
	}
	if t.credential == nil || t.credential.Token.Empty() {
		return statusFailed, wire.ErrProtocol
	}
	if t.request.Verb == "token" {
		_, err := io.WriteString(t.out, t.credential.Token.Reveal()+"\n")
		return statusDone, err
	}
	return statusDone, writeCredential(t.out, t.exec, *t.credential)
}

// replace starts the agent that belongs to this program, a newer one than answered, in its place. Nobody asked for that: where it
// does not work, the older one goes on.
func (t *talk) replace() {
	if program, err := wire.Program(); err == nil {
		_ = wire.Replace(t.place, program)
	}
}

// answer asks, and sends what was answered; or that nobody did: the agent then says what that means.
func (t *talk) answer(ctx context.Context, c *wire.Client, q wire.Question) error {
	if t.ask == nil {
		return c.NoAnswer()
	}
	answer, err := t.ask(ctx, q)
	switch {
	case errors.Is(err, wire.ErrNoAnswer):
		return c.NoAnswer()
	case err != nil:
		return err
	}
	return c.Answer(answer)
}
