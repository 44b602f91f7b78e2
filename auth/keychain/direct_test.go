package keychain

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// slow are items whose calls last until they are released.
type slow struct {
	release chan struct{}
	keys    []string
}

func (s *slow) Get(_ context.Context, key string) (secret.Text, error) {
	s.keys = append(s.keys, key)
	<-s.release
	return secret.Text{}, ErrNone
}

func (s *slow) Set(_ context.Context, key string, _ secret.Text) error {
	s.keys = append(s.keys, key)
	return nil
}

func (s *slow) Delete(_ context.Context, key string) error {
	s.keys = append(s.keys, key)
	return nil
}

func TestADirectKeychainThatHangsIsGivenUpAndDoesNotGoOnLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := &slow{release: make(chan struct{})}
		d, begun, later := newDirect(items, false), time.Now(), make(chan error, 1)
		work := func(ctx context.Context, items Items) error {
			_, _ = items.Get(ctx, "corp")
			later <- items.Set(ctx, "corp", secret.New("late"))
			return nil
		}
		err := d.Do(t.Context(), work)
		if !errors.Is(err, ErrUnavailable) || time.Since(begun) != patience {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		// The hanging call has the turn: the next one waits for it, and no longer than its own time.
		if err := d.Do(t.Context(), work); !errors.Is(err, ErrUnavailable) {
			t.Errorf("the next one: %v", err)
		}
		close(items.release)
		if err := <-later; !errors.Is(err, ErrUnavailable) || len(items.keys) != 1 {
			t.Errorf("work that was given up wrote all the same: %v, %v", err, items.keys)
		}
	})
}

func TestADirectKeychainWithoutCaseKeepsNamesApart(t *testing.T) {
	items := &slow{}
	for _, caseless := range []bool{false, true} {
		d := newDirect(items, caseless)
		for _, key := range []string{"corp", "Corp"} {
			err := d.Do(t.Context(), func(ctx context.Context, items Items) error {
				return errors.Join(items.Set(ctx, key, secret.New("x")), items.Delete(ctx, key))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{"corp", "corp", "Corp", "Corp", "corp", "corp", "Corp~59780980", "Corp~59780980"}
	if !slices.Equal(items.keys, want) {
		t.Errorf("keys: %v", items.keys)
	}
}

func TestUnlockingADirectKeychainAsksItForSomething(t *testing.T) {
	silent, answering := &slow{release: make(chan struct{})}, &slow{release: make(chan struct{})}
	defer close(silent.release)
	close(answering.release)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newDirect(silent, false).Unlock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody answers: %v", err)
	}
	if err := newDirect(answering, false).Unlock(t.Context()); err != nil || len(answering.keys) != 1 {
		t.Errorf("answered: %v, asked for %v", err, answering.keys)
	}
}

func TestErrorsOfTheLibraryBecomeOneLine(t *testing.T) {
	err := plain(errors.New("exit\nstatus\x1b[31m 1"))
	if err.Error() != "the keychain refused: exit status [31m 1" {
		t.Errorf("%q", err)
	}
}

func TestAnAnswerSurvivesTheWayFromTheHelper(t *testing.T) {
	for _, err := range []error{nil, ErrNone, ErrLocked, unavailable("no service"), errors.New("the keychain refused: x")} {
		got := answerOf("", err).err()
		same := err == nil && got == nil || err != nil && got != nil && got.Error() == err.Error()
		if !same || errors.Is(got, ErrUnavailable) != errors.Is(err, ErrUnavailable) || errors.Is(got, ErrLocked) != errors.Is(err, ErrLocked) {
			t.Errorf("%v came as %v", err, got)
		}
	}
}
