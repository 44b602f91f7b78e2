// Package keychain keeps sessions at rest in the OS keychain: the refresh token of each account, and beside it the only
// places it may be sent to. A record of any size is saved whole or not at all, and read back before Save says that it is
// there (on macOS a write may be lost without an error, https://github.com/zalando/go-keyring/issues/153).
//
// Nothing here opens a prompt except Unlock.
package keychain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Service is the name under which all items of ours stand in the keychain.
const Service = "kubecreds"

// What the keychain may answer. Errors of this package wrap one of them, and say beside it what to do; an error that
// wraps none is a refusal: the keychain was asked and could not do it.
var (
	// ErrNone: there is no record, or one that is no longer whole (somebody deleted a part of it by hand).
	ErrNone = errors.New("nothing in the keychain")
	// ErrLocked: the keychain is there, and a person must unlock it first. No prompt was opened.
	ErrLocked = errors.New("the keychain is locked")
	// ErrUnavailable: there is no keychain service, it has no default collection, or it does not answer.
	ErrUnavailable = errors.New("no keychain")
)

// Slot tells apart what an account may have in the keychain.
type Slot uint8

const (
	Current Slot = iota // the session in use
	Pending             // what a login brought, until it is verified: then it is saved as Current and forgotten here
	client              // no record: the account's Client
)

// Record is a session at rest, and the only places its secret may be sent to.
type Record struct {
	Refresh       secret.Text
	Issuer        string
	TokenEndpoint string
	ClientID      string
	Subject       string
	Person        string    // for texts: who the ID token said it is
	Since         time.Time // when the person logged in; the zero time where that is unknown
	Ends          time.Time // when the refresh token ends; the zero time where that is unknown
}

// Client is a confidential client's secret at rest, and the only places it may be sent to. A log out leaves it: it belongs to the
// client, not to the session.
type Client struct {
	Secret        secret.Text
	Issuer        string
	TokenEndpoint string
	ClientID      string
}

// Items are the items of one Do: what a keychain is to a Store. Keys are at most 200 bytes, values less than 2,000.
type Items interface {
	Get(ctx context.Context, key string) (secret.Text, error) // ErrNone where there is no such item
	Set(ctx context.Context, key string, value secret.Text) error
	Delete(ctx context.Context, key string) error // nil where there is no such item
}

// Work is what is done with the keychain in one go.
type Work func(ctx context.Context, items Items) error

// Backend is an OS keychain. System is the real one, package keychaintest has one that fails on command.
type Backend interface {
	// Do runs work on the keychain's items and returns its error. It returns ErrLocked or ErrUnavailable without
	// running work where the keychain cannot be used. It ends when ctx ends, and soon when the keychain hangs; the
	// context of work ends then as well.
	Do(ctx context.Context, work Work) error
	// Unlock opens the system's own prompt where the keychain is locked, and waits for its end. It returns ErrLocked
	// if the keychain stayed locked.
	Unlock(ctx context.Context) error
}

// Preparer is a Backend that takes a while to begin: it can be made ready for a record before the record is there.
type Preparer interface {
	// Prepare returns a Writer for the record at key, where the keychain can be used now.
	Prepare(ctx context.Context, key string) (Writer, error)
}

// Writer waits for one record.
type Writer interface {
	// Write saves body as the record at its key. Once it has handed body over, the save goes on to its end, whole, also when
	// this program is killed. ErrEnded, wrapped, says that the Writer was not there any more: nothing was saved.
	Write(ctx context.Context, body string) error
	// Close gives the Writer up. It does not wait.
	Close()
}

// ErrEnded is what a Writer answers that was not there any more; another try may do.
var ErrEnded = fmt.Errorf("%w: its helper process ended early; try again", ErrUnavailable)

// Store keeps one record for each account and slot. Operations on the same account run one after the other.
type Store struct {
	backend Backend
	prefix  string

	mu    sync.Mutex
	turns map[string]chan struct{} // for each account asked for so far, a semaphore of one
	ready map[string]writing       // what Prepare made ready, by account
}

// writing is a Writer and the key it writes at.
type writing struct {
	Writer
	key string
}

// New returns the store in backend whose keys begin with prefix: "" for the person's own, config.Places.KeychainPrefix
// under --home, so that two homes never meet.
func New(backend Backend, prefix string) *Store {
	return &Store{backend: backend, prefix: prefix, turns: map[string]chan struct{}{}, ready: map[string]writing{}}
}

// Save writes r as account's record in slot, in place of the one that is there. If it fails, or the program dies on the
// way, the old record is still whole; if it returns nil, r was read back as it was written.
func (s *Store) Save(ctx context.Context, account string, slot Slot, r Record) error {
	body, err := encode(r)
	if err != nil {
		return fmt.Errorf("%s: %w", account, err)
	}
	return s.save(ctx, account, key(s.prefix, account, slot), body)
}

// SaveClient keeps the client secret of account as Save keeps a record.
func (s *Store) SaveClient(ctx context.Context, account string, c Client) error {
	body, err := encodeClient(c)
	if err != nil {
		return fmt.Errorf("%s: %w", account, err)
	}
	return s.save(ctx, account, key(s.prefix, account, client), body)
}

// LoadClient returns the client secret of account; ErrNone if there is none.
func (s *Store) LoadClient(ctx context.Context, account string) (c Client, err error) {
	err = s.do(ctx, account, func(ctx context.Context, items Items) error {
		body, err := load(ctx, items, key(s.prefix, account, client))
		if err == nil {
			c, err = decodeClient(body)
		}
		return err
	})
	return c, err
}

// ForgetClient deletes the client secret of account. Nothing there is fine.
func (s *Store) ForgetClient(ctx context.Context, account string) error {
	return s.Forget(ctx, account, client)
}

// save writes body at base, with what Prepare made ready for that or without.
func (s *Store) save(ctx context.Context, account, base, body string) error {
	return s.inTurn(ctx, account, func(ctx context.Context) error {
		if w := s.take(account); w.key == base {
			if err := w.Write(ctx, body); !errors.Is(err, ErrEnded) {
				return err
			}
		} else {
			w.give()
		}
		return s.backend.Do(ctx, func(ctx context.Context, items Items) error { return saveWhole(ctx, items, base, body) })
	})
}

// Prepare gets ready for a Save of account in slot that comes within half a minute, if it comes: what takes time is done then,
// and the record is out of this program's hands a moment after Save was called. The account's next operation uses or ends
// what was prepared; Release ends it where none follows. Where the keychain cannot be used now, Save will say so.
func (s *Store) Prepare(ctx context.Context, account string, slot Slot) {
	backend, can := s.backend.(Preparer)
	if !can {
		return
	}
	const limit = 2 * time.Second // a keychain that hangs must not keep a renewal waiting
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_ = s.inTurn(ctx, account, func(ctx context.Context) error {
		s.Release(account)
		base := key(s.prefix, account, slot)
		w, err := backend.Prepare(ctx, base)
		if err == nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ready[account] = writing{w, base}
		}
		return err
	})
}

// Release ends what Prepare made ready for account, if no Save has used it. It does not wait.
func (s *Store) Release(account string) { s.take(account).give() }

// take returns what is ready for account, which is then the caller's; its key is "" where nothing is.
func (s *Store) take(account string) writing {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.ready[account]
	delete(s.ready, account)
	return w
}

// give closes w, if there is one.
func (w writing) give() {
	if w.Writer != nil {
		w.Close()
	}
}

// Load returns account's record in slot; ErrNone if there is none.
func (s *Store) Load(ctx context.Context, account string, slot Slot) (r Record, err error) {
	err = s.do(ctx, account, func(ctx context.Context, items Items) error {
		body, err := load(ctx, items, key(s.prefix, account, slot))
		if err == nil {
			r, err = decode(body)
		}
		return err
	})
	return r, err
}

// Forget deletes account's record in slot and everything an interrupted Save may have left. Nothing there is fine.
func (s *Store) Forget(ctx context.Context, account string, slot Slot) error {
	return s.do(ctx, account, func(ctx context.Context, items Items) error {
		return forget(ctx, items, key(s.prefix, account, slot))
	})
}

// Unlock opens the system's own prompt where the keychain is locked, and waits until it is answered or ctx ends. Call it
// only when a person asked for it, with minutes to answer.
func (s *Store) Unlock(ctx context.Context) error { return s.backend.Unlock(ctx) }

// do runs work on the keychain's items in account's turn.
func (s *Store) do(ctx context.Context, account string, work Work) error {
	return s.inTurn(ctx, account, func(ctx context.Context) error {
		s.Release(account)
		return s.backend.Do(ctx, work)
	})
}

// inTurn waits for account's turn, runs f, and names the account in its error.
func (s *Store) inTurn(ctx context.Context, account string, f func(context.Context) error) error {
	turn := s.turn(account)
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return fmt.Errorf("%s: the keychain is busy: %w", account, ctx.Err())
	}
	if err := f(ctx); err != nil {
		return fmt.Errorf("%s: %w", account, err)
	}
	return nil
}

func (s *Store) turn(account string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turns[account] == nil {
		s.turns[account] = make(chan struct{}, 1)
	}
	return s.turns[account]
}
