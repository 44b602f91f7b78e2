package agent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// Visit tells the person the address to open in the browser, and opens it where they sit at this machine's terminal. It
// returns at once, and without an error where no browser opens: the address is there to be copied. Errors:
// auth.ErrCancelled where the person went away; ctx's.
func (t *terminal) Visit(ctx context.Context, v auth.Visit) error {
	if err := t.note("%s: open this address in your browser to log in at %s: %s", v.Account, v.Host, v.URL); err != nil {
		return err
	}
	if t.caller.SSH {
		return t.note("%s: it leads to this machine; to open it on the one you sit at, first run there: %s", v.Account, forward(v.URL))
	}
	if !t.caller.Terminal { // no window opens unless a person asked, and a script may have
		return nil
	}
	err := t.open(ctx, v.URL, v.Command)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return t.note("%s: the browser was not opened: %s", v.Account, err.Error())
	}
	return nil
}

// forward is the command that brings the port of address, on this machine's loopback, to the machine that a person sits at.
func forward(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "ssh -L"
	}
	return fmt.Sprintf("ssh -L %s:%s HOST", u.Port(), u.Host)
}

// Code tells the person the code and where it is wanted, with a QR code where the terminal is wide enough, until ctx ends; it
// then returns ctx's error. Where c.Foreign is set it asks first whether the address is to be trusted. Errors:
// auth.ErrCancelled for no, and where the person went away; auth.ErrNoDialog, wrapped, where nobody answers.
func (t *terminal) Code(ctx context.Context, c auth.DeviceCode) error {
	if c.Foreign != "" {
		if err := t.trust(ctx, c); err != nil {
			return err
		}
	}
	if err := t.note("%s: open this address on any device to log in at %s: %s", c.Account, c.Host, c.URL); err != nil {
		return err
	}
	if code := qrCode(c.URL, t.caller.Width); code != "" {
		if err := t.conn.Send(wire.Event{Text: code}); err != nil {
			return auth.ErrCancelled
		}
	}
	until := ""
	if !c.Expires.IsZero() {
		until = ", good until " + menu.TimesOf(t.caller.Language).Clock(c.Expires, t.now())
	}
	if err := t.note("%s: the code%s: %s", c.Account, until, c.UserCode); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// trust asks whether an address that is not at the provider's host is to be trusted. All but a yes is a no.
func (t *terminal) trust(ctx context.Context, c auth.DeviceCode) error {
	prompt := fmt.Sprintf("%s: the code is to be entered at %s, and the provider is %s; go on if you know this host [y/N]", c.Account, c.Host, c.Foreign)
	err := t.yes(ctx, prompt)
	if errors.Is(err, wire.ErrNoAnswer) {
		return fmt.Errorf("%w: the address for the code is at %s, the provider at %s; log in from a terminal to say that it is right",
			auth.ErrNoDialog, printable(c.Host), printable(c.Foreign))
	}
	return err
}

// Offer says why the login goes on in another way. At a terminal nothing has to be asked: no window covers what a person does,
// and Ctrl-C ends it.
func (t *terminal) Offer(_ context.Context, _, text string) error { return t.note("%s", text) }

// note prints one line. It returns auth.ErrCancelled where nobody is there to read it.
func (t *terminal) note(format string, args ...any) error {
	if err := t.conn.Send(wire.Event{Note: printable(fmt.Sprintf(format, args...))}); err != nil {
		return auth.ErrCancelled
	}
	return nil
}

const noteMax = 2000 // characters of a line for a terminal

// printable drops from s what could talk to a terminal or turn its text round, and what no line needs.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > noteMax {
		return string(r[:noteMax-1]) + "…"
	}
	return s
}
