package keychain

import (
	"errors"
	"fmt"
)

// The words of the conversation with the helper process: a request a line on its stdin, an answer a line on its stdout,
// both JSON. The first request is begin or unlock.
const (
	opBegin  = "begin" // look whether the keychain can be used without a prompt; with a key, be the only one at that record
	opUnlock = "unlock"
	opGet    = "get"
	opSet    = "set"
	opDelete = "delete"
	opSave   = "save" // a whole record: it is saved to the end, also when whoever asked is gone
)

// maxLine is the longest request: the longest record, in base64, and a little more.
const maxLine = 1 << 20

// request is one line to the helper. Value travels in base64, so that any bytes survive.
type request struct {
	Op     string `json:"op"`
	Key    string `json:"key,omitempty"`
	Value  []byte `json:"value,omitempty"`
	Within int    `json:"within,omitempty"` // seconds after which the helper ends itself: begin and unlock
}

// answer is one line from the helper.
type answer struct {
	Value []byte `json:"value,omitempty"`
	Kind  string `json:"kind,omitempty"` // "" where it worked; else one of kindOf
	Words string `json:"words,omitempty"`
}

const (
	kindNone        = "none"
	kindLocked      = "locked"
	kindUnavailable = "unavailable"
	kindRefused     = "refused"
)

// fault is an error with words of its own that is, for errors.Is, one of the package's.
type fault struct {
	kind  error
	words string
}

func (f *fault) Error() string { return f.words }
func (f *fault) Unwrap() error { return f.kind }

// unavailable is ErrUnavailable with what is missing and what to do.
func unavailable(words string) error { return fmt.Errorf("%w: %s", ErrUnavailable, words) }

// answerOf puts err into an answer; err is nil where the request was done.
func answerOf(value string, err error) answer {
	a := answer{Value: []byte(value)}
	switch {
	case err == nil:
		return a
	case errors.Is(err, ErrNone):
		a.Kind = kindNone
	case errors.Is(err, ErrLocked):
		a.Kind = kindLocked
	case errors.Is(err, ErrUnavailable):
		a.Kind = kindUnavailable
	default:
		a.Kind = kindRefused
	}
	return answer{Kind: a.Kind, Words: oneLine(err.Error())}
}

// err is the inverse of answerOf.
func (a answer) err() error {
	kind := map[string]error{kindNone: ErrNone, kindLocked: ErrLocked, kindUnavailable: ErrUnavailable}[a.Kind]
	switch {
	case a.Kind == "":
		return nil
	case kind != nil && (a.Words == "" || a.Words == kind.Error()):
		return kind
	case kind != nil:
		return &fault{kind, oneLine(a.Words)}
	}
	return errors.New(oneLine(a.Words))
}
