package agent

import (
	"context"
	"errors"
	"strings"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// Dialogs are what this desktop can show, one at a time. Package dialogs has them, and says what they return.
type Dialogs interface {
	Tell(ctx context.Context, title, text string) error
	Ask(ctx context.Context, title, text, yes string) error
	Entry(ctx context.Context, title, text, was string) (string, error)
	OpenFile(ctx context.Context, title string) (path string, err error)
	SaveFile(ctx context.Context, title, name string) (path string, err error)
	Fits(text string) bool // a dialog shows all of it
	Busy() bool            // one is on the screen
	lister
}

// lister lets a person choose one of some rows: a list on the desktop, or at a terminal. text stands above them.
type lister interface {
	List(ctx context.Context, title, text string, rows []string) (int, error)
}

// choose lets a person choose among rows, and among those behind one that leads further, and returns what the last one does.
func choose(ctx context.Context, l lister, title string, rows []menu.Row) (menu.Action, error) {
	for {
		said, choices := menu.Choices(rows)
		lines := make([]string, len(choices))
		for i, r := range choices {
			lines[i] = menu.Line(r)
		}
		n, err := l.List(ctx, title, strings.Join(said, "\n"), lines)
		if err != nil {
			return menu.Action{}, err
		}
		chosen := choices[n]
		if chosen.Do.Verb != "" {
			return chosen.Do, nil
		}
		rows = append([]menu.Row{{Text: chosen.Text, Disabled: true}}, chosen.Sub...)
	}
}

// why explains the state of an account or cluster, and does what helps if the person wants it.
func (a *Agent) why(ctx context.Context, on string) error {
	e, ok := menu.Why(a.Keeper.Snapshot(), a.settings(), on, a.Now())
	if !ok {
		return auth.ErrUnknown
	}
	if err := a.show(ctx, e); err != nil || e.Do.Do.Verb == "" {
		return notCancelled(err)
	}
	a.Do(e.Do.Do)
	return nil
}

// show tells the person something: in a dialog, or where there can be none, in a notification, which has less room.
func (a *Agent) show(ctx context.Context, e menu.Explanation) error {
	text := strings.Join(e.Text, "\n\n")
	var err error
	if e.Do.Label == "" {
		err = a.Dialogs.Tell(ctx, e.Title, text)
	} else {
		err = a.Dialogs.Ask(ctx, e.Title, text, e.Do.Label)
	}
	if !errors.Is(err, auth.ErrNoDialog) {
		return err
	}
	a.Log.Info("no dialog", "err", err)
	if err := a.Notify.Show(ctx, e.Notice()); err != nil {
		return err
	}
	return auth.ErrCancelled // what helps is a button of the notification now
}

// more shows the clusters of an account, "" is all, in a list, and does what is chosen there.
func (a *Agent) more(ctx context.Context, account string) error {
	act, err := choose(ctx, a.Dialogs, menu.ListTitle, menu.Clusters(a.Keeper.Snapshot(), a.settings(), account, a.Now()))
	if err != nil {
		return notCancelled(err)
	}
	a.Do(act)
	return nil
}

// about says which program this is, and where its things are.
func (a *Agent) about(ctx context.Context) error {
	return notCancelled(a.show(ctx, menu.About(a.Version, a.Places.Config, a.logFile())))
}

// notCancelled is err, unless it says that the person closed a dialog: that is no failure.
func notCancelled(err error) error {
	if errors.Is(err, auth.ErrCancelled) {
		return nil
	}
	return err
}
