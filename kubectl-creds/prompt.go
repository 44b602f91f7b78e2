package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// maxAnswer is how long a typed or piped answer may be, in bytes. It fits into a message.
const maxAnswer = 8 << 10

// askerFor is how the agent's questions are answered during c: with the password from stdin, by the person at the terminal,
// or not at all.
func askerFor(c call) (asker, error) {
	if c.flags["password-stdin"] != "" {
		password, err := readPassword(os.Stdin)
		return oneAnswer(password), err
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return prompt, nil
	}
	return nil, nil
}

// readPassword reads all of r, and takes the end of its line off.
func readPassword(r io.Reader) (secret.Text, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err != nil {
		return secret.Text{}, fmt.Errorf("stdin: %w", err)
	}
	if len(b) > maxAnswer {
		return secret.Text{}, fmt.Errorf("stdin: longer than %d bytes: not a password", maxAnswer)
	}
	password := secret.New(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"))
	if password.Empty() {
		return secret.Text{}, errors.New("stdin: no password")
	}
	return password, nil
}

// oneAnswer answers the first question for a password, and no other: the provider said no to it once.
func oneAnswer(password secret.Text) asker {
	given := false
	return func(_ context.Context, q wire.Question) (secret.Text, error) {
		if given || !q.Hidden {
			return secret.Text{}, wire.ErrNoAnswer
		}
		given = true
		return password, nil
	}
}

// prompt asks the person at the terminal. When ctx ends it puts the terminal's echo back, and what is typed then is the
// shell's.
func prompt(ctx context.Context, q wire.Question) (secret.Text, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return secret.Text{}, wire.ErrNoAnswer
	}
	_, _ = fmt.Fprint(os.Stderr, oneLine(q.Prompt)+" ")
	type typed struct {
		answer secret.Text
		err    error
	}
	answers := make(chan typed, 1)
	go func() {
		answer, err := read(fd, q.Hidden)
		answers <- typed{answer, err}
	}()
	select {
	case a := <-answers:
		if q.Hidden {
			_, _ = fmt.Fprintln(os.Stderr)
		}
		return a.answer, a.err
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		_, _ = fmt.Fprintln(os.Stderr)
		return secret.Text{}, ctx.Err()
	}
}

// read reads one line. The end of the input (Ctrl-D) is no answer.
func read(fd int, hidden bool) (secret.Text, error) {
	var line []byte
	var err error
	if hidden {
		line, err = term.ReadPassword(fd)
	} else {
		line, err = readLine(os.Stdin)
	}
	switch {
	case errors.Is(err, io.EOF):
		return secret.Text{}, wire.ErrNoAnswer
	case err != nil:
		return secret.Text{}, fmt.Errorf("terminal: %w", err)
	case len(line) > maxAnswer:
		return secret.Text{}, errors.New("that is too long an answer")
	}
	return secret.New(string(line)), nil
}

// readLine reads byte by byte: what follows the line is for the next question.
func readLine(r io.Reader) ([]byte, error) {
	var line []byte
	for b := make([]byte, 1); len(line) <= maxAnswer; {
		n, err := r.Read(b)
		switch {
		case n == 1 && b[0] == '\n':
			return []byte(strings.TrimSuffix(string(line), "\r")), nil
		case n == 1:
			line = append(line, b[0])
		case err != nil:
			return nil, err
		}
	}
	return line, nil
}
