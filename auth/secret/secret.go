// Package secret holds the type that cannot be printed: passwords, refresh tokens, ID tokens and client secrets travel as
// Text, so that a log line, an error or a JSON document that meets one by accident shows [redacted].
package secret

import (
	"fmt"
	"io"
)

const redacted = "[redacted]"

// Text is a secret string. It prints as [redacted] under every fmt verb and in JSON, YAML, text encodings and slog.
// Reveal is the only way out: grep for it to see every place where a secret leaves. The zero value is the empty secret.
//
// Compare with Equal, not with ==.
type Text struct {
	// A pointer, because fmt does not call the methods of unexported fields: it prints an address there, not the string.
	s *string
}

// New wraps s. It does not wipe the caller's copy: Go strings cannot be wiped.
func New(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{&s}
}

// Reveal returns the secret itself. Call it only where the secret is sent to whom it belongs: the provider, the keychain,
// the API server's client.
func (t Text) Reveal() string {
	if t.s == nil {
		return ""
	}
	return *t.s
}

// Empty reports whether there is no secret.
func (t Text) Empty() bool { return t.s == nil }

// Equal reports whether both hold the same string.
func (t Text) Equal(u Text) bool { return t.Reveal() == u.Reveal() }

// String implements fmt.Stringer.
func (Text) String() string { return redacted }

// Format implements fmt.Formatter, so that %x, %q, %d and %#v do not reach the string either.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML encoders and slog's handlers use.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
