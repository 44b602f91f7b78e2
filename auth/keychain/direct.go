package keychain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// HelperWord is the one argument that makes kubecreds the keychain's helper process: main calls RunHelper for it.
const HelperWord = "keychain-helper"

// patience is how long one Do may take before the keychain counts as hanging.
const patience = 10 * time.Second

// errSilent is what a keychain that does not answer is reported as.
func errSilent(after time.Duration) error {
	return unavailable(fmt.Sprintf("it did not answer within %s; restart the desktop's keychain service, or log out of the desktop and in again",
		after.Round(time.Second)))
}

// direct is a keychain that is used in this process, by goroutines with a deadline: Windows' and macOS'. A call that
// hangs keeps its goroutine and the keychain's turn, so at most one hangs. macOS may open its own prompt at any use of
// a locked keychain; there is no way to look at the lock before.
type direct struct {
	items    Items
	caseless bool // keys that differ in case only are the same to this keychain
	patience time.Duration
	turn     chan struct{}
}

func newDirect(items Items, caseless bool) *direct {
	return &direct{items: items, caseless: caseless, patience: patience, turn: make(chan struct{}, 1)}
}

// Do implements Backend.
func (d *direct) Do(ctx context.Context, work Work) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d.patience, errSilent(d.patience))
	defer cancel()
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-d.turn }()
		done <- work(ctx, d)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Unlock implements Backend. These systems unlock by themselves, with a prompt of their own if need be, as soon as an
// item is asked for.
func (d *direct) Unlock(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		_, err := d.items.Get(ctx, "unlock")
		done <- err
	}()
	select {
	case err := <-done:
		if errors.Is(err, ErrNone) {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get implements Items. Like Set and Delete it does nothing once ctx has ended: work that was given up does not go on.
func (d *direct) Get(ctx context.Context, key string) (secret.Text, error) {
	if ctx.Err() != nil {
		return secret.Text{}, context.Cause(ctx)
	}
	return d.items.Get(ctx, d.key(key))
}

// Set implements Items.
func (d *direct) Set(ctx context.Context, key string, value secret.Text) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return d.items.Set(ctx, d.key(key), value)
}

// Delete implements Items.
func (d *direct) Delete(ctx context.Context, key string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return d.items.Delete(ctx, d.key(key))
}

// key marks a key with capitals where "Corp" and "corp" would meet.
func (d *direct) key(key string) string {
	if !d.caseless || key == strings.ToLower(key) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return key + "~" + hex.EncodeToString(sum[:4])
}
