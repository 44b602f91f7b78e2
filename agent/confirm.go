package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
)

// confirm shows lines, and asks whether to go on unless that was said already. All but a yes is auth.ErrCancelled; where nobody
// can be asked it is auth.ErrNoDialog, wrapped.
func (t *terminal) confirm(ctx context.Context, lines []string, question string, sure bool) error {
	for _, l := range lines {
		if err := t.note("%s", l); err != nil {
			return err
		}
	}
	if sure {
		return nil
	}
	err := t.yes(ctx, question+" [y/N]")
	if errors.Is(err, wire.ErrNoAnswer) {
		return fmt.Errorf("%w: there is no terminal to answer in", auth.ErrNoDialog)
	}
	return err
}

// show prints lines as they are, but for what could talk to a terminal.
func (t *terminal) show(lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(printable(l) + "\n")
	}
	if done := say(t.conn, b.String()); done.Status != statusDone {
		return auth.ErrCancelled
	}
	return nil
}

// showAndConfirm is confirm for lines that are worth more than a note: on stdout, to be read whole.
func (t *terminal) showAndConfirm(ctx context.Context, lines []string, question string, sure bool) error {
	if err := t.show(lines); err != nil {
		return err
	}
	return t.confirm(ctx, nil, question, sure)
}

// yes asks a question. All but a yes is auth.ErrCancelled. Errors beside it: wire.ErrNoAnswer, ctx's.
func (t *terminal) yes(ctx context.Context, prompt string) error {
	answer, err := t.conn.Ask(ctx, wire.Question{Prompt: printable(prompt)})
	switch {
	case errors.Is(err, wire.ErrNoAnswer):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return auth.ErrCancelled
	}
	switch strings.ToLower(strings.TrimSpace(answer.Reveal())) {
	case "y", "yes":
		return nil
	}
	return auth.ErrCancelled
}

// unless says beside err what did not happen.
func unless(err error, what string) error { return fmt.Errorf("%w; %s", err, what) }
