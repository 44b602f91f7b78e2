package dialogs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/zenity"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/desktop/open"
)

const (
	// addressWidth is that of a dialog whose address can be copied, in pixels.
	addressWidth = 520
	// maxOpenings is how often one dialog opens the browser. A dialog program that answers by itself must not fill the screen.
	maxOpenings = 10
)

// Visit opens v's address in the person's browser and returns nil: the login waits for what happens there. Where no browser
// opens, a dialog shows the address to be copied, and why; Visit then returns nil when the person closed it.
//
// Errors: open.ErrAddress, wrapped, for an address that is never opened; auth.ErrCancelled if the person cancelled the login
// in the dialog; auth.ErrNoDialog, wrapped, if there is neither a browser nor a dialog; ctx's, which also closes the dialog.
func (d *Dialogs) Visit(ctx context.Context, v auth.Visit) error {
	problem := open.Open(ctx, v.URL, v.Command)
	switch {
	case problem == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(problem, open.ErrAddress):
		return fmt.Errorf("%s: %w", v.Account, problem)
	}
	d.log.Info("no browser opened; showing the address", "account", v.Account, "err", problem)
	err := d.showAddress(ctx, v, problem)
	if errors.Is(err, auth.ErrNoDialog) {
		return fmt.Errorf("no browser opened: %w; %w", problem, err)
	}
	return err
}

// showAddress shows v's address in a line from which it can be copied.
func (d *Dialogs) showAddress(ctx context.Context, v auth.Visit, problem error) error {
	address, err := open.Address(v.URL)
	if err != nil {
		return err
	}
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.end()
	begun := time.Now()
	_, err = zenity.Entry(literal(visitText(v, problem)),
		zenity.Context(ctx), zenity.Title(title(v.Account, v.Host)), zenity.OKLabel("Done"), zenity.CancelLabel("Cancel login"),
		zenity.Width(addressWidth), zenity.EntryText(address))
	return d.outcome(ctx, begun, err)
}

// Code shows c's code and address until ctx ends, which is how a login that has ended takes it off the screen; it then
// returns ctx's error. The button opens the address in the system's browser, and the dialog comes back. Where c.Foreign is
// set the person is asked first whether the address is to be trusted.
//
// Errors: auth.ErrCancelled; auth.ErrNoDialog, wrapped; open.ErrAddress, wrapped, before anything is shown; ctx's.
func (d *Dialogs) Code(ctx context.Context, c auth.DeviceCode) error {
	address, err := open.Address(c.URL)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Account, err)
	}
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.end()
	heading := title(c.Account, c.Host)
	if c.Foreign != "" {
		d.log.Info("the address for a device code is not at the provider's host; asking", "account", c.Account, "host", c.Host, "provider", c.Foreign)
		if err := d.question(ctx, heading, foreignText(c), "Go on", zenity.DefaultCancel()); err != nil {
			return err
		}
	}
	until := ""
	if !c.Expires.IsZero() {
		until = d.clock(c.Expires)
	}
	var problem error
	for range maxOpenings {
		if err := d.question(ctx, heading, codeText(c, address, until, problem), "Open address"); err != nil {
			return err
		}
		problem = open.Open(ctx, address, nil)
	}
	return auth.ErrCancelled
}
