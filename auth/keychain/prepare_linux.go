package keychain

import (
	"context"
	"errors"
	"time"
)

// writerLife is how long a helper waits for its record: a renewal's 30 s, and what writing may take.
const writerLife = 45 * time.Second

var errCrowded = errors.New("enough helpers wait for a record already")

// writer is a helper process that found the keychain open, is the only one at its record, and waits for it.
type writer struct {
	*helper
	key      string
	patience time.Duration
	end      func() // kills the helper, if it is still there
	done     func() // lets the next one wait
}

// Prepare implements Preparer.
func (c *child) Prepare(ctx context.Context, key string) (Writer, error) {
	select {
	case c.waiting <- struct{}{}:
	default:
		return nil, errCrowded
	}
	done := func() { <-c.waiting }
	life, end := context.WithTimeout(context.WithoutCancel(ctx), writerLife)
	h, err := startHelper(life, 0)
	if err != nil {
		end()
		done()
		return nil, err
	}
	w := &writer{helper: h, key: key, patience: c.patience, end: end, done: done}
	stop := context.AfterFunc(ctx, end)
	_, err = h.call(life, request{Op: opBegin, Key: key})
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Write implements Writer.
func (w *writer) Write(ctx context.Context, body string) error {
	defer w.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, w.patience, errSilent(w.patience))
	defer cancel()
	defer context.AfterFunc(ctx, w.end)()
	return w.save(ctx, w.key, body)
}

// Close implements Writer: without a request the helper ends by itself.
func (w *writer) Close() {
	go func() {
		defer w.done()
		defer w.end()
		w.close()
	}()
}
