package auth

import (
	"context"
	"errors"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Question is what a person must be told to answer for user name and password.
type Question struct {
	Account string // the account's name in the configuration
	Host    string // the host that will get the password: the token endpoint's
	User    string // the user name where it is known; "" if it is to be asked
	Problem string // what went wrong with the last answer, one line; "" at the first asking
	Other   string // another way to log in that the person may choose: "browser" or "device"; "" where there is none
}

// ClientQuestion is what a person must be told to answer for the secret of a confidential client.
type ClientQuestion struct {
	Account string // the account's name in the configuration
	Client  string // the client ID
	Host    string // the host that will get the secret: the token endpoint's
	Problem string // what is wrong with the secret that there was, one line; "" at the first asking
}

// Visit is an address that the person's browser must open for a login.
type Visit struct {
	Account string   // the account's name in the configuration
	Host    string   // the provider's host, which will ask for the login
	URL     string   // on this machine's loopback; leads to the provider once
	Command []string // the program and its arguments to open it with; nil: the system's browser
}

// DeviceCode is a device code (RFC 8628): the person opens URL on any device and types UserCode there.
type DeviceCode struct {
	Account  string
	Host     string // the host of URL
	URL      string // https; the one that already holds the code, where the provider gave one
	UserCode string
	Foreign  string    // the provider's own host, where it is another one than Host: the person is to be asked; "" else
	Expires  time.Time // of the code
}

// Asker is how a login reaches its person: dialogs on a desktop, a terminal over the socket.
type Asker interface {
	// Credentials asks for the password, and for the user name where q.User is empty. It ends when ctx ends.
	// It returns ErrCancelled if the person does not want to log in, ErrNoDialog if nobody can be asked here, ErrAskedOnce at
	// a retry if the answer was not a person's.
	Credentials(ctx context.Context, q Question) (user string, password secret.Text, err error)
	// ClientSecret asks for the secret of a confidential client, which is then kept in the keychain. It ends when ctx ends.
	// Errors: as those of Credentials.
	ClientSecret(ctx context.Context, q ClientQuestion) (secret.Text, error)
	// Visit has v opened in the person's browser, or shows it to be copied. It may return at once, or show it until ctx ends.
	Visit(ctx context.Context, v Visit) error
	// Code shows a device code. It may return at once, or show it until ctx ends.
	Code(ctx context.Context, c DeviceCode) error
	// Offer tells the person that the way tried first does not do and which comes next. ErrCancelled: the person does not want it.
	Offer(ctx context.Context, account, text string) error
}

var (
	// ErrCancelled: the person closed the dialog or pressed Ctrl-C.
	ErrCancelled = errors.New("cancelled")
	// ErrAskedOnce: the asker has given the one answer it had.
	ErrAskedOnce = errors.New("there is only one answer")
	// ErrOtherWay: the person wants to log in in the other way that the question offered.
	ErrOtherWay = errors.New("another way was chosen")
	// ErrNoDialog: there is no display, no terminal, or no program to show a dialog with. Wrapped with what is missing.
	ErrNoDialog = errors.New("nobody can be asked here")
)
