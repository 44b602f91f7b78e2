// Package keychaintest has a keychain for tests: a map that fails on command.
package keychaintest

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// ErrCut is what every operation answers after the cut that CutAfter set: the program is dead.
var ErrCut = errors.New("cut short by the test")

// Keychain is a keychain in memory. The zero value is empty, unlocked, and obeys.
type Keychain struct {
	mu      sync.Mutex
	items   map[string]string
	refuse  error
	hang    bool
	locked  bool
	cut     bool // writes are counted down
	left    int
	torn    bool
	corrupt func(key, value string) string
	uses    int
	writes  int
	unlocks int
}

var _ keychain.Backend = (*Keychain)(nil)

// Do implements keychain.Backend.
func (k *Keychain) Do(ctx context.Context, work keychain.Work) error {
	k.mu.Lock()
	k.uses++
	err, hang := k.refuse, k.hang
	if err == nil && k.locked {
		err = keychain.ErrLocked
	}
	k.mu.Unlock()
	switch {
	case hang:
		<-ctx.Done()
		return ctx.Err()
	case err != nil:
		return err
	}
	return work(ctx, items{k})
}

// Unlock implements keychain.Backend: it unlocks what Lock locked, unless Refuse or Hang say otherwise.
func (k *Keychain) Unlock(ctx context.Context) error {
	k.mu.Lock()
	k.unlocks++
	err, hang := k.refuse, k.hang
	if err == nil && !hang {
		k.locked = false
	}
	k.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// Refuse makes every use fail with err from now on; nil ends it.
func (k *Keychain) Refuse(err error) { k.set(func() { k.refuse = err }) }

// Hang makes every use wait for the end of its context from now on, or no longer.
func (k *Keychain) Hang(on bool) { k.set(func() { k.hang = on }) }

// Lock makes every use fail with keychain.ErrLocked until Unlock.
func (k *Keychain) Lock() { k.set(func() { k.locked = true }) }

// CutAfter lets n more writes (Set or Delete) happen, and then nothing any more, reads neither, until Heal: a program that
// died. With torn, the first write after those happens too, and only its answer is lost.
func (k *Keychain) CutAfter(n int, torn bool) {
	k.set(func() { k.cut, k.left, k.torn = true, n, torn })
}

// WasCut reports whether the cut that CutAfter set has happened.
func (k *Keychain) WasCut() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cut && k.left < 0
}

// Corrupt makes Set keep f(key, value) instead of value; nil ends it.
func (k *Keychain) Corrupt(f func(key, value string) string) { k.set(func() { k.corrupt = f }) }

// Heal ends Refuse, Hang, Lock, CutAfter and Corrupt.
func (k *Keychain) Heal() {
	k.set(func() { k.refuse, k.hang, k.locked, k.cut, k.corrupt = nil, false, false, false, nil })
}

// Items returns a copy of what is in the keychain.
func (k *Keychain) Items() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.items)
}

// Put changes an item behind everybody's back; an empty value deletes it.
func (k *Keychain) Put(key, value string) {
	k.set(func() {
		if value == "" {
			delete(k.items, key)
			return
		}
		k.keep(key, value)
	})
}

// Uses returns how often the keychain was used: on Linux each is a process.
func (k *Keychain) Uses() int { return k.count(&k.uses) }

// Writes returns how many items were set or deleted.
func (k *Keychain) Writes() int { return k.count(&k.writes) }

// Unlocks returns how often a prompt would have been opened.
func (k *Keychain) Unlocks() int { return k.count(&k.unlocks) }

func (k *Keychain) set(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
}

func (k *Keychain) count(n *int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return *n
}

func (k *Keychain) keep(key, value string) {
	if k.items == nil {
		k.items = map[string]string{}
	}
	k.items[key] = value
}

// items are a Keychain's items while it is in use.
type items struct{ k *Keychain }

func (i items) Get(_ context.Context, key string) (v secret.Text, err error) {
	i.k.set(func() {
		value, there := i.k.items[key]
		switch {
		case i.k.cut && i.k.left < 0:
			err = ErrCut
		case !there:
			err = keychain.ErrNone
		}
		v = secret.New(value)
	})
	if err != nil {
		v = secret.Text{}
	}
	return v, err
}

func (i items) Set(_ context.Context, key string, value secret.Text) error {
	return i.k.write(func() {
		kept := value.Reveal()
		if i.k.corrupt != nil {
			kept = i.k.corrupt(key, kept)
		}
		i.k.keep(key, kept)
	})
}

func (i items) Delete(_ context.Context, key string) error {
	return i.k.write(func() { delete(i.k.items, key) })
}

// write runs one write as far as CutAfter lets it.
func (k *Keychain) write(f func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cut {
		k.left--
		if k.left < 0 {
			if k.left == -1 && k.torn {
				k.writes++
				f()
			}
			return ErrCut
		}
	}
	k.writes++
	f()
	return nil
}
