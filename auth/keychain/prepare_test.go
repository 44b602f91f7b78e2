package keychain_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
)

func TestASaveUsesWhatWasPreparedForItAndNothingIsLeftOver(t *testing.T) {
	save := func(s *keychain.Store) { _ = s.Save(context.Background(), account, keychain.Current, sample(10, "x")) }
	for name, c := range map[string]struct {
		after func(*keychain.Store)
		want  []string
	}{
		"the record it was prepared for": {save, []string{"prepare corp", "write"}},
		"another of the account's": {func(s *keychain.Store) { _ = s.Save(context.Background(), account, keychain.Pending, sample(10, "x")) },
			[]string{"prepare corp", "close", "do"}},
		"another account's": {func(s *keychain.Store) { _ = s.Save(context.Background(), "lab", keychain.Current, sample(10, "x")) },
			[]string{"prepare corp", "do"}},
		"a load":                {func(s *keychain.Store) { _, _ = s.Load(context.Background(), account, keychain.Current) }, []string{"prepare corp", "close", "do"}},
		"a log out":             {func(s *keychain.Store) { _ = s.Forget(context.Background(), account, keychain.Current) }, []string{"prepare corp", "close", "do"}},
		"nothing":               {func(s *keychain.Store) { s.Release(account); s.Release(account) }, []string{"prepare corp", "close"}},
		"two saves":             {func(s *keychain.Store) { save(s); save(s) }, []string{"prepare corp", "write", "do"}},
		"prepared again":        {func(s *keychain.Store) { s.Prepare(context.Background(), account, keychain.Current); save(s) }, []string{"prepare corp", "close", "prepare corp", "write"}},
		"another account's end": {func(s *keychain.Store) { s.Release("lab") }, []string{"prepare corp"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := &keychaintest.Preparing{}
			s := keychain.New(b, "")
			s.Prepare(t.Context(), account, keychain.Current)
			c.after(s)
			if got := b.Calls(); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestASaveGoesTheLongWayWhereWhatWasPreparedHasEnded(t *testing.T) {
	b := &keychaintest.Preparing{Ended: true}
	s := keychain.New(b, "")
	s.Prepare(t.Context(), account, keychain.Current)
	if err := s.Save(t.Context(), account, keychain.Current, sample(10, "x")); err != nil {
		t.Fatal(err)
	}
	if got := b.Calls(); !slices.Equal(got, []string{"prepare corp", "write", "do"}) {
		t.Errorf("%q", got)
	}
	if r, err := s.Load(t.Context(), account, keychain.Current); err != nil || !equal(r, sample(10, "x")) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAKeychainThatCannotBePreparedIsSaidAtTheSave(t *testing.T) {
	b := &keychaintest.Preparing{}
	b.Lock()
	s := keychain.New(b, "")
	s.Prepare(t.Context(), account, keychain.Current)
	if err := s.Save(t.Context(), account, keychain.Current, sample(10, "x")); !errors.Is(err, keychain.ErrLocked) {
		t.Errorf("%v, want ErrLocked", err)
	}
}
