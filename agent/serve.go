package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
)

// The exit statuses of kubectl-creds. See DESIGN.
const (
	statusDone        = 0
	statusFailed      = 1
	statusUsage       = 2
	statusLoginNeeded = 3
	statusUnreachable = 4
	statusNeedsPerson = 5
)

// serve answers one request of the socket, and tells a newer client that it may bring a newer agent.
func (a *Agent) serve(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	d := a.handle(ctx, c, r)
	d.Older = r.Verb != "yield" && ctx.Err() == nil && a.outdated(r)
	return d
}

// handle does what its verb says.
func (a *Agent) handle(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	switch r.Verb {
	case "get-token":
		return a.getToken(ctx, c, r)
	case "token":
		return a.token(ctx, c, r)
	case "status":
		return a.status(ctx, c, r)
	case "check":
		return a.check(ctx, c, r)
	case "doctor":
		return a.doctor(ctx, c, r)
	case "login":
		return a.loginFromTerminal(ctx, c, r)
	case "logout":
		return a.each(c, r, func(account string) error {
			message, err := a.logout(ctx, account)
			if err == nil {
				err = c.Send(wire.Event{Text: message + "\n"})
			}
			return err
		})
	case "renew":
		return a.renew(ctx, c, r)
	case "menu":
		return a.menuAtTerminal(ctx, c, r)
	case "show":
		return a.showMenu()
	case "autostart":
		return a.autostartFromTerminal(c, r)
	case "share":
		return a.share(ctx, c, r)
	case "uninstall":
		return a.uninstall(ctx, c, r)
	case "add":
		return a.add(ctx, c, r)
	case "adopt":
		return a.adoptFromTerminal(ctx, c, r)
	case "release":
		return a.releaseFromTerminal(ctx, c, r)
	case "version":
		return say(c, fmt.Sprintf("kubecreds %s\n", a.Version))
	case "quit":
		a.Quit()
		return wire.Done{}
	case "yield":
		return a.yield(r)
	}
	return wire.Done{Status: statusUsage, Message: fmt.Sprintf("kubecreds %s does not know %q; versions differ: quit and start it again", a.Version, r.Verb)}
}

// say sends text, in pieces where it is long: an event holds only so much.
func say(c *wire.Conn, text string) wire.Done {
	const piece = 64 << 10
	for len(text) > piece {
		end := strings.LastIndexByte(text[:piece], '\n') + 1
		if end == 0 { // between two runes: JSON would change half of one
			for end = piece; end > piece-utf8.UTFMax && !utf8.RuneStart(text[end]); end-- {
			}
		}
		if err := c.Send(wire.Event{Text: text[:end]}); err != nil {
			return failed(err)
		}
		text = text[end:]
	}
	if err := c.Send(wire.Event{Text: text}); err != nil {
		return failed(err)
	}
	return wire.Done{}
}

// each runs f for the account that the request names, or for every one.
func (a *Agent) each(c *wire.Conn, r wire.Request, f func(account string) error) wire.Done {
	accounts, err := a.named(r.Name())
	if err != nil {
		return failed(err)
	}
	failures := make([]error, len(accounts))
	for i, account := range accounts {
		failures[i] = f(account)
	}
	return ended(c, failures)
}

// named returns the account called name, or the account of the cluster called so, or all accounts for "".
func (a *Agent) named(name string) ([]string, error) {
	s := a.Keeper.Snapshot()
	var all []string
	for _, st := range s.Accounts {
		if st.Account == name {
			return []string{name}, nil
		}
		all = append(all, st.Account)
	}
	if c, ok := s.Cluster(name); ok {
		return []string{c.Account}, nil
	}
	switch {
	case name != "":
		return nil, fmt.Errorf("%s: %w; configured: %s", name, auth.ErrUnknown, strings.Join(all, ", "))
	case len(all) == 0 && s.Config != "":
		return nil, &auth.BlockedError{Account: "configuration", Reason: auth.Reason{Code: auth.CodeMisconfigured, Words: s.Config}}
	case len(all) == 0:
		return nil, fmt.Errorf("no account is %w %s", auth.ErrUnknown, a.Places.Config)
	}
	return all, nil
}

// one is the account that a verb is about: that of name, or the only one there is.
func (a *Agent) one(name, verb string) (string, error) {
	accounts, err := a.named(name)
	if err != nil {
		return "", err
	}
	if len(accounts) > 1 {
		return "", &usageError{fmt.Sprintf("which account? run: kubectl creds %s %s", verb, accounts[0])}
	}
	return accounts[0], nil
}

// usageError is a request that leaves open what is meant.
type usageError struct{ line string }

func (e *usageError) Error() string { return e.line }

// failed is the end of a request that came to nothing: its status, one line, and what to do.
func failed(err error) wire.Done {
	var (
		needed  *auth.LoginNeededError
		offline *auth.OfflineError
		blocked *auth.BlockedError
		login   *auth.LoginFailedError
		usage   *usageError
		propose *proposedError
	)
	d := wire.Done{Status: statusFailed, Message: err.Error()}
	switch {
	case errors.As(err, &usage):
		d.Status = statusUsage
	case errors.As(err, &needed):
		d.Status = statusLoginNeeded
		if needed.Reason.Code != auth.CodeLoggingIn {
			d.Message += "; click the kubecreds icon, or run: kubectl creds login " + needed.Account
		}
	case errors.As(err, &offline):
		d.Status = statusUnreachable
		if !offline.RetryAt.IsZero() {
			d.Message += "; trying again at " + offline.RetryAt.Local().Format("15:04:05")
		}
	case errors.As(err, &propose):
		d.Status = statusLoginNeeded
	case errors.As(err, &login):
		d.Status = loginStatus(login.Reason.Code)
	case errors.As(err, &blocked), errors.Is(err, auth.ErrUnknown):
		d.Status = statusNeedsPerson
	}
	return d
}

func loginStatus(c auth.Code) int {
	switch c {
	case auth.CodeUnreachable:
		return statusUnreachable
	case auth.CodeMisconfigured, auth.CodeKeychain, auth.CodeKeychainLocked:
		return statusNeedsPerson
	case auth.CodeCancelled:
		return statusFailed
	}
	return statusLoginNeeded
}
