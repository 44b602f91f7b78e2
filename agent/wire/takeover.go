package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// TakeOver makes this process the agent at p in the place of the one that runs, which ask has end. Meanwhile clients wait, as
// they do while somebody else starts an agent: none of them starts one that would be faster. Errors: ask's; ErrRunning where the
// other one does not go before ctx ends.
func TakeOver(ctx context.Context, p Place, ask func(context.Context) error) (*Listener, error) {
	lock, err := p.startLock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	if err := ask(ctx); err != nil {
		return nil, err
	}
	for {
		l, err := Listen(p)
		if !errors.Is(err, ErrRunning) || !pause(ctx, poll) {
			return l, err
		}
	}
}

// startLock takes the lock of those that start an agent as soon as nobody else has it.
func (p Place) startLock(ctx context.Context) (*os.File, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	for {
		lock, held, err := p.lock(startFile)
		switch {
		case err != nil:
			return nil, err
		case held:
			return lock, nil
		case !pause(ctx, poll):
			return nil, fmt.Errorf("somebody else starts an agent: %w", context.Cause(ctx))
		}
	}
}

// Replace starts program, a newer agent that will take the place of the one at p, and does not wait for it.
func Replace(p Place, program string) error {
	if p.Foreign() {
		return errForeign
	}
	if err := mayStart(); err != nil {
		return err
	}
	_, err := spawn(program, p.arguments(os.Environ()))
	return err
}
