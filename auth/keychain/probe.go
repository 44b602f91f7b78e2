package keychain

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Probe writes an item of no meaning, reads it back and deletes it, as is done with a record's. It opens no prompt. Errors wrap
// ErrLocked or ErrUnavailable, or say which of the three failed. server is what Server says.
func (s *Store) Probe(ctx context.Context) (server string, err error) {
	return Server(ctx), s.backend.Do(ctx, func(ctx context.Context, items Items) error {
		key := s.prefix + "~doctor" // no account's name begins so
		err := readsBack(ctx, items, key)
		if deleted := items.Delete(ctx, key); deleted != nil {
			return errors.Join(err, fmt.Errorf("deleting: %w", deleted))
		}
		if _, gone := items.Get(ctx, key); err == nil && !errors.Is(gone, ErrNone) {
			return errors.New("deleting: it is still there")
		}
		return err
	})
}

func readsBack(ctx context.Context, items Items, key string) error {
	value := secret.New(rand.Text())
	if err := items.Set(ctx, key, value); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	got, err := items.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("reading back: %w", err)
	}
	if got.Reveal() != value.Reveal() {
		return errors.New("reading back: it is not what was written")
	}
	return nil
}
