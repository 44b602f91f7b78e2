package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// loginFromTerminal logs in the account that the request names, or the only one there is, asking at the socket's other end.
func (a *Agent) loginFromTerminal(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	at := &terminal{conn: c, caller: r.Caller}
	name, agreed, err := a.agree(ctx, at, r.Name())
	if err != nil {
		return failed(err)
	}
	if agreed && a.opened(name) { // only a server was new
		return say(c, a.line(name)+"\n")
	}
	account, err := a.one(name, "login")
	if err != nil {
		return failed(err)
	}
	ask := &terminal{conn: c, caller: r.Caller, open: a.Open, now: a.Now, once: !r.Caller.Terminal || r.Flag("password-stdin") != ""}
	patient := &patientAsker{ask, newPending(c, r.Caller, account)}
	defer patient.Stop()
	if err := a.login(ctx, account, wish(r), patient); err != nil {
		return failed(err)
	}
	st, _ := a.Keeper.Snapshot().Account(account)
	if advice := menu.TimesOf(r.Caller.Language).Advice(st, a.Now()); advice != "" {
		if err := ask.note("%s: %s", account, advice); err != nil {
			return failed(err)
		}
	}
	return say(c, a.line(account)+"\n")
}

// wish is what the command line says of the login.
func wish(r wire.Request) auth.Wish {
	w := auth.Wish{User: r.Flag("username")}
	if r.Flag("password-stdin") != "" {
		w.Way = "password"
	}
	return w
}

// terminal asks the person at the other end of the socket.
type terminal struct {
	conn   *wire.Conn
	caller wire.Caller
	open   func(ctx context.Context, url string, command []string) error
	now    func() time.Time
	once   bool // there is one answer to give: a second question would wait for nobody
	asked  bool
}

// Credentials implements auth.Asker. It offers no other way: a person at a terminal can press Ctrl-C and say which.
func (t *terminal) Credentials(ctx context.Context, q auth.Question) (string, secret.Text, error) {
	if t.once && t.asked {
		return q.User, secret.Text{}, auth.ErrAskedOnce
	}
	t.asked = true
	if q.Problem != "" {
		if err := t.conn.Send(wire.Event{Note: q.Account + ": " + q.Problem}); err != nil {
			return q.User, secret.Text{}, auth.ErrCancelled
		}
	}
	user := q.User
	if user == "" {
		answer, err := t.ask(ctx, wire.Question{Prompt: fmt.Sprintf("User name for %s (%s): ", q.Account, q.Host)})
		if err != nil {
			return "", secret.Text{}, err
		}
		user = answer.Reveal()
	}
	password, err := t.ask(ctx, wire.Question{Prompt: fmt.Sprintf("Password of %s at %s: ", user, q.Host), Hidden: true})
	return user, password, err
}

// ClientSecret implements auth.Asker. The one answer that a script gives is the password.
func (t *terminal) ClientSecret(ctx context.Context, q auth.ClientQuestion) (secret.Text, error) {
	if t.once {
		return secret.Text{}, fmt.Errorf("%w: %s needs its client secret; log in once from a terminal or the tray, which keeps it", auth.ErrNoDialog, q.Account)
	}
	if q.Problem != "" {
		if err := t.note("%s: %s", q.Account, q.Problem); err != nil {
			return secret.Text{}, err
		}
	}
	prompt := printable(fmt.Sprintf("Client secret of %s for %s (%s), kept in the keychain: ", q.Client, q.Account, q.Host))
	return t.ask(ctx, wire.Question{Prompt: prompt, Hidden: true})
}

// Confirm implements Confirmer. All but a yes is a no.
func (t *terminal) Confirm(ctx context.Context, account, question, _ string) error {
	if t.once && t.asked {
		return auth.ErrAskedOnce
	}
	return t.confirm(ctx, nil, account+": "+question, false)
}

func (t *terminal) ask(ctx context.Context, q wire.Question) (secret.Text, error) {
	answer, err := t.conn.Ask(ctx, q)
	switch {
	case errors.Is(err, wire.ErrNoAnswer):
		return answer, fmt.Errorf("%w: there is no terminal; pass --username and --password-stdin", auth.ErrNoDialog)
	case err != nil:
		return answer, auth.ErrCancelled
	}
	return answer, nil
}
