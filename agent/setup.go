package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// maxOffer is the longest file that is read, as by the command line.
const maxOffer = 1 << 20

// setUp adds the accounts and clusters of a file or an address that the person names, once they have read who will be sent
// what, and logs in to the account: three dialogs from nothing to a working kubectl.
func (a *Agent) setUp(ctx context.Context, way string) error {
	request, err := a.askForOffer(ctx, way)
	if err != nil {
		return notCancelled(err)
	}
	offer, err := a.accept(ctx, request)
	if err != nil {
		return notCancelled(a.refuse(ctx, err))
	}
	text := menu.SetupAgree + "\n• " + strings.Join(consequences(offer), "\n• ")
	if !a.Dialogs.Fits(text) { // nobody agrees to what they have not read
		return notCancelled(a.refuse(ctx, errors.New(menu.SetupTooLong)))
	}
	if err := a.Dialogs.Ask(ctx, menu.SetupTitle, text, menu.SetupAdd); err != nil {
		return notCancelled(err)
	}
	if err := a.edit(config.Edit{Accounts: offer.Accounts, Clusters: offer.Clusters}); err != nil {
		return notCancelled(a.refuse(ctx, err))
	}
	a.Log.Info("added from the menu", "accounts", len(offer.Accounts), "clusters", len(offer.Clusters))
	if len(offer.Accounts) == 1 { // of several the menu has a row each
		a.Do(menu.Action{Verb: menu.VerbLogin, On: offer.Accounts[0].Name})
	}
	return nil
}

// askForOffer has the person choose a file, which is read, or type an address.
func (a *Agent) askForOffer(ctx context.Context, way string) (wire.Request, error) {
	if way == menu.AddFile {
		path, err := a.Dialogs.OpenFile(ctx, menu.SetupTitle)
		if err != nil {
			return wire.Request{}, err
		}
		content, err := readOffer(path)
		if err != nil {
			return wire.Request{}, a.refuse(ctx, err)
		}
		return wire.Request{Args: []string{filepath.Base(path)}, Content: content}, nil
	}
	address, err := a.Dialogs.Entry(ctx, menu.SetupTitle, menu.SetupAddress, "https://")
	return wire.Request{Args: []string{address}}, err
}

// refuse says why nothing is added. It never returns nil: whoever called it cannot go on.
func (a *Agent) refuse(ctx context.Context, why error) error {
	if err := a.show(ctx, menu.Explanation{Title: menu.SetupTitle, Text: []string{why.Error() + "."}}); err != nil {
		return err
	}
	return auth.ErrCancelled
}

// accept reads what is offered, and refuses what cannot be added.
func (a *Agent) accept(ctx context.Context, r wire.Request) (config.Config, error) {
	name, text, err := a.offered(ctx, r)
	if err != nil {
		return config.Config{}, err
	}
	offer, err := config.Offer(name, text, "")
	if err != nil {
		return config.Config{}, fmt.Errorf("%w; nothing was added", err)
	}
	return offer, a.allNew(offer)
}

// readOffer reads a file of at most 1 MiB.
func readOffer(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxOffer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: cannot be read", path)
	case len(b) > maxOffer:
		return nil, fmt.Errorf("%s: longer than 1 MiB", path)
	case len(b) == 0:
		return nil, fmt.Errorf("%s: it is empty", path)
	}
	return b, nil
}

// unconfigured: there is no account and no cluster, and nothing is wrong with that.
func (a *Agent) unconfigured() bool {
	c := a.inForce()
	return c != nil && len(c.Accounts)+len(c.Clusters) == 0
}
