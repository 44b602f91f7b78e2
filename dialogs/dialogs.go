// Package dialogs asks a person through native dialogs, one at a time on the screen. It is the only caller of zenity, which
// draws with the zenity program on Linux, osascript on macOS and Win32 on Windows.
//
// What comes from outside (names, hosts, a provider's words) is cleaned and cut before it is shown, and every text begins
// with a word of ours, so that none of it can be taken for an option of the dialog program. A dialog ends with its context;
// it cannot be tied to the life of this process through the library, so a killed agent leaves its dialog on the screen,
// whose answer then reaches nobody.
package dialogs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"time"

	"github.com/ncruces/zenity"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
)

const (
	// emptyAnswers is how many answers without a user name or password are taken for "I do not want to".
	emptyAnswers = 3
	// glance is shorter than anybody needs to read and close a dialog. The library cannot tell a display that refuses
	// the dialog program from a person who cancels: both are exit status 1, the first within 0.1 s.
	glance = 150 * time.Millisecond
)

// Dialogs shows dialogs one after the other. It implements auth.Asker.
type Dialogs struct {
	log    *slog.Logger
	clock  func(time.Time) string // writes a time as the person does
	turn   chan struct{}          // holds one value while a dialog is on the screen
	glance time.Duration          // a cancel that comes sooner is the display's

	doubtful string // the account whose last answer may have been cut in the wrong place; only with the turn
}

var _ auth.Asker = (*Dialogs)(nil)

// New returns the dialogs of this desktop; clock writes a time as its person does. Share one: it is what keeps a second dialog
// off the screen.
func New(log *slog.Logger, clock func(time.Time) string) *Dialogs {
	return &Dialogs{log: log, clock: clock, turn: make(chan struct{}, 1), glance: glance}
}

// Credentials asks for the password, and for the user name where q.User is empty, after the dialogs asked for earlier have
// ended. An answer without one of them is asked again. The password is without the line end that pasting leaves behind it,
// the user name without white space around it.
//
// Errors: auth.ErrOtherWay if the person chose the way that q.Other offers; auth.ErrCancelled; auth.ErrNoDialog, wrapped with
// what is missing and what to do; ctx's error when ctx ends, which also closes the dialog.
//
// In the first dialog's answer zenity puts a | between user name and password, and one within either looks the same: it is
// taken to be the password's. If the provider then refuses them, the next asking is for each by itself.
func (d *Dialogs) Credentials(ctx context.Context, q auth.Question) (user string, password secret.Text, err error) {
	if err := d.begin(ctx); err != nil {
		return "", secret.Text{}, err
	}
	defer d.end()
	if q.Account == d.doubtful && q.Problem == "" { // another login
		d.doubtful = ""
	}
	if q.Account == d.doubtful {
		q.User = ""
	}
	for range emptyAnswers {
		d.log.Debug("asking for a login", "account", q.Account, "host", q.Host, "again", q.Problem != "")
		user, typed, err := d.ask(ctx, q)
		switch {
		case err != nil:
			return "", secret.Text{}, err
		case user == "":
			q.Problem = "the user name was empty"
		case typed == "":
			q.User, q.Problem = user, "the password was empty"
		default:
			return user, secret.New(typed), nil
		}
	}
	return "", secret.Text{}, auth.ErrCancelled
}

// ClientSecret asks for the secret of a confidential client, after the dialogs asked for earlier have ended. An empty answer is asked
// again. The secret is without the white space around it that pasting leaves. Errors: as those of Credentials, but for
// auth.ErrOtherWay.
func (d *Dialogs) ClientSecret(ctx context.Context, q auth.ClientQuestion) (secret.Text, error) {
	if err := d.begin(ctx); err != nil {
		return secret.Text{}, err
	}
	defer d.end()
	for range emptyAnswers {
		d.log.Debug("asking for a client secret", "account", q.Account, "host", q.Host, "again", q.Problem != "")
		begun := time.Now()
		typed, err := zenity.Entry(literal(clientText(q)), zenity.Context(ctx), zenity.Title(title(q.Account, q.Host)), zenity.HideText())
		if err != nil {
			return secret.Text{}, d.outcome(ctx, begun, err)
		}
		if typed = strings.TrimSpace(typed); typed != "" {
			return secret.New(typed), nil
		}
		q.Problem = "the client secret was empty"
	}
	return secret.Text{}, auth.ErrCancelled
}

// Offer asks whether to log account in in another way; text says why and which: corp wants a second factor: log in with the
// browser. It returns nil for yes. Errors: auth.ErrCancelled; auth.ErrNoDialog, wrapped; ctx's, which also closes the dialog.
func (d *Dialogs) Offer(ctx context.Context, account, text string) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.end()
	d.log.Debug("offering another way to log in", "account", account)
	return d.question(ctx, nameTitle(account), offerText(account, text), "Log in")
}

// Confirm asks a question that is not about logging in, on behalf of account; yes is the button's label. It returns nil for
// yes. Errors: as Offer.
func (d *Dialogs) Confirm(ctx context.Context, account, question, yes string) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.end()
	d.log.Debug("asking a question", "account", account)
	return d.question(ctx, nameTitle(account), confirmText(account, question), yes)
}

// begin takes the turn, when the dialogs asked for earlier have ended. Where it returns nil, end gives the turn back. Errors:
// ctx's; auth.ErrNoDialog, wrapped, where there is no display.
func (d *Dialogs) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := display(ctx); err != nil {
		d.end()
		return err
	}
	return nil
}

// end lets the next dialog onto the screen.
func (d *Dialogs) end() { <-d.turn }

// ask shows one dialog for user name and password at the first asking. That dialog has no room for a text and takes no user
// name from us, so where either is needed there is one entry for each thing not known yet.
func (d *Dialogs) ask(ctx context.Context, q auth.Question) (user, password string, err error) {
	begun := time.Now()
	about := []zenity.Option{zenity.Context(ctx), zenity.Title(title(q.Account, q.Host))}
	if label := otherWay(q.Other); label != "" {
		about = append(about, zenity.ExtraButton(label))
	}
	if q.User == "" && q.Problem == "" {
		user, password, err = zenity.Password(append(about, zenity.Username())...)
		if strings.Contains(password, "|") {
			d.doubtful = q.Account
		}
		return strings.TrimSpace(user), strings.TrimRight(password, "\r\n"), d.outcome(ctx, begun, err)
	}
	if q.User == "" {
		user, err = zenity.Entry(literal(userText(q)), about...)
		user = strings.TrimSpace(user)
		if err != nil || user == "" {
			return "", "", d.outcome(ctx, begun, err)
		}
		q.User, q.Problem = user, ""
	}
	password, err = zenity.Entry(literal(passwordText(q)), append(about, zenity.HideText())...)
	return q.User, strings.TrimRight(password, "\r\n"), d.outcome(ctx, begun, err)
}

// question shows text with the buttons yes and Cancel. It returns nil for yes. Here zenity shows backslashes as they are.
func (d *Dialogs) question(ctx context.Context, title, text, yes string, more ...zenity.Option) error {
	begun := time.Now()
	about := []zenity.Option{zenity.Context(ctx), zenity.Title(title), zenity.OKLabel(yes), zenity.CancelLabel("Cancel")}
	return d.outcome(ctx, begun, zenity.Question(text, append(about, more...)...))
}

// outcome turns the library's error into one of Asker's. The dialog program's own words are dropped: they are the toolkit's,
// not for people.
func (d *Dialogs) outcome(ctx context.Context, begun time.Time, err error) error {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, zenity.ErrExtraButton):
		return auth.ErrOtherWay
	case errors.Is(err, zenity.ErrCanceled) && time.Since(begun) < d.glance:
		return nobody("the display refused the dialog")
	case errors.Is(err, zenity.ErrCanceled):
		return auth.ErrCancelled
	case errors.Is(err, exec.ErrNotFound):
		return nobody("install zenity, the program that shows dialogs (Debian: apt install zenity)")
	case errors.As(err, &ended):
		return nobody("the dialog program ended unexpectedly (" + ended.ProcessState.String() + ")")
	default:
		return nobody("the dialog cannot be shown (" + clean(err.Error(), wordsMax) + ")")
	}
}

// nobody is auth.ErrNoDialog with the reason and the way that is left.
func nobody(why string) error {
	return fmt.Errorf("%w: %s; or log in from a terminal: kubectl creds login", auth.ErrNoDialog, why)
}
