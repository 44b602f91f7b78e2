package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// triesAtMenu is how often a person may type what is no row.
const triesAtMenu = 5

// menu shows the tray's menu as a list on the desktop, where there is no tray or somebody started kubecreds once more, and does
// what is chosen there.
func (a *Agent) menu(ctx context.Context) error {
	act, err := choose(ctx, a.Dialogs, menu.ListTitle, a.view(a.Times).Rows)
	if err != nil {
		return notCancelled(err)
	}
	a.Do(act)
	return nil
}

// view is the menu of this moment.
func (a *Agent) view(times menu.Times) menu.Menu {
	set := a.settings()
	set.Times = times
	return menu.View(a.Keeper.Snapshot(), set, a.Now())
}

// menuAtTerminal shows the same menu at the other end of the socket, has the person choose by number, and does it there. Where
// nobody can choose it is shown only.
func (a *Agent) menuAtTerminal(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	times := menu.TimesOf(r.Caller.Language)
	rows := a.view(times).Rows
	l := &terminalList{conn: c}
	if !r.Caller.Terminal {
		said, choices := menu.Choices(rows)
		lines := make([]string, len(choices))
		for i, row := range choices {
			lines[i] = menu.Line(row)
		}
		if err := l.print(strings.Join(said, "\n"), lines, nil); err != nil {
			return failed(err)
		}
		return wire.Done{}
	}
	act, err := choose(ctx, l, "", rows)
	for err == nil && act.Verb == menu.VerbMore {
		set := a.settings()
		set.Times = times
		act, err = choose(ctx, l, "", menu.Clusters(a.Keeper.Snapshot(), set, act.On, a.Now()))
	}
	switch {
	case errors.Is(err, auth.ErrCancelled):
		return wire.Done{}
	case err != nil:
		return failed(err)
	}
	return a.doAtTerminal(ctx, c, r.Caller, act)
}

// doAtTerminal does what a row does with the person at the terminal, who sees what comes of it.
func (a *Agent) doAtTerminal(ctx context.Context, c *wire.Conn, caller wire.Caller, act menu.Action) wire.Done {
	request := wire.Request{Version: wire.Version, Verb: act.Verb, Caller: caller}
	if act.On != "" {
		request.Args = []string{act.On}
	}
	switch act.Verb {
	case menu.VerbWhy:
		set := a.settings()
		set.Times = menu.TimesOf(caller.Language)
		e, ok := menu.Why(a.Keeper.Snapshot(), set, act.On, a.Now())
		if !ok {
			return failed(fmt.Errorf("%s: %w", act.On, auth.ErrUnknown))
		}
		return say(c, strings.Join(e.Text, "\n")+"\n")
	case menu.VerbAbout:
		return say(c, strings.Join(menu.About(a.Version, a.Places.Config, a.logFile()).Text, "\n")+"\n")
	case menu.VerbLog:
		return say(c, a.logFile()+"\n")
	case menu.VerbConfiguration:
		return say(c, a.Places.Config+"\n")
	case menu.VerbDiagnostics:
		return say(c, a.diagnostics(ctx, caller))
	case menu.VerbAdd:
		return say(c, menu.SetupCommand+"\n")
	case menu.VerbCancel, menu.VerbUnlock, menu.VerbAutostart:
		a.Do(act)
		return say(c, menu.ListDone+"\n")
	}
	return a.handle(ctx, c, request) // what the command of that name does
}

// show opens the menu on the desktop for somebody who started kubecreds once more.
func (a *Agent) showMenu() wire.Done {
	a.Do(menu.Action{Verb: menu.VerbMenu})
	return wire.Done{}
}

// terminalList lets a person choose at the other end of the socket: by number, or by a part of the row's text.
type terminalList struct{ conn *wire.Conn }

func (l *terminalList) List(ctx context.Context, _, text string, rows []string) (int, error) {
	if err := l.print(text, rows, nil); err != nil {
		return 0, err
	}
	for range triesAtMenu {
		answer, err := l.conn.Ask(ctx, wire.Question{Prompt: menu.ListQuestion})
		typed := strings.TrimSpace(answer.Reveal())
		switch {
		case errors.Is(err, wire.ErrNoAnswer), err == nil && typed == "":
			return 0, auth.ErrCancelled
		case err != nil:
			return 0, err
		}
		found := search(typed, rows)
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) == 0 {
			err = l.conn.Send(wire.Event{Note: menu.ListNoRow})
		} else {
			err = l.print("", rows, found)
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, auth.ErrCancelled
}

// print writes the rows with their numbers, those in only where it is given.
func (l *terminalList) print(text string, rows []string, only []int) error {
	var b strings.Builder
	if text != "" {
		b.WriteString(text + "\n")
	}
	if only == nil {
		for i := range rows {
			only = append(only, i)
		}
	}
	for _, i := range only {
		fmt.Fprintf(&b, "%4d  %s\n", i+1, rows[i])
	}
	if b.Len() == 0 {
		return nil
	}
	return l.conn.Send(wire.Event{Text: b.String()})
}

// search returns the places of the rows that typed means: the one of that number, or those that hold it.
func search(typed string, rows []string) []int {
	if n, err := strconv.Atoi(typed); err == nil && n >= 1 && n <= len(rows) {
		return []int{n - 1}
	}
	var found []int
	for i, row := range rows {
		if strings.Contains(strings.ToLower(row), strings.ToLower(typed)) {
			found = append(found, i)
		}
	}
	return found
}
