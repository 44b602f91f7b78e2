package keychain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/zalando/go-keyring"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// ring is the OS keychain as go-keyring sees it: no deadline, and a prompt where it is locked. It is used where both are
// taken care of.
type ring struct{}

func (ring) Get(_ context.Context, key string) (secret.Text, error) {
	v, err := keyring.Get(Service, key)
	return secret.New(v), plain(err)
}

func (ring) Set(_ context.Context, key string, value secret.Text) error {
	return plain(keyring.Set(Service, key, value.Reveal()))
}

func (ring) Delete(_ context.Context, key string) error {
	if err := keyring.Delete(Service, key); !errors.Is(err, keyring.ErrNotFound) {
		return plain(err)
	}
	return nil
}

// plain turns a library's error into one of ours. Its words are kept as far as they fit a line; the error itself is not.
func plain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNone
	case lockedError(err):
		return ErrLocked
	}
	return fmt.Errorf("the keychain refused: %s", oneLine(err.Error()))
}

// oneLine returns at most 200 characters of s, none of which moves a cursor.
func oneLine(s string) string {
	clean := []rune(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }), " "))
	return string(clean[:min(len(clean), 200)])
}
