package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/demo/shots"
)

// patience is how long anything may take that a person would call immediate: this also runs on busy machines.
const patience = 30 * time.Second

// start starts kubecreds and waits for its icon.
func (s *stage) start(ctx context.Context) error {
	if err := s.startUnseen(ctx); err != nil {
		return err
	}
	return desk("wait-item")(ctx)
}

// startUnseen starts kubecreds where nothing shows its icon.
func (s *stage) startUnseen(context.Context) error { return s.StartAgent(s.Program("kubecreds")) }

// startAlone starts a kubecreds that finds no program to show dialogs with.
func (s *stage) startAlone(ctx context.Context) error {
	path := os.Getenv("PATH")
	if err := os.Setenv("PATH", ""); err != nil {
		return err
	}
	err := s.startUnseen(ctx)
	if err := os.Setenv("PATH", path); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return desk("wait-item")(ctx)
}

// logIn clicks `Log in to corp…` and answers the dialog.
func logIn(ctx context.Context) error {
	return all(says("Log in to corp…"), choose("Log in to corp…"), asked("corp: ", ""), answer("alice", "password"),
		says("corp: logged in as alice@example.com"))(ctx)
}

// creds runs kubectl-creds, whatever comes of it.
func (s *stage) creds(stdin string, args ...string) step {
	return func(ctx context.Context) error {
		s.Creds(ctx, stdin, args...)
		return nil
	}
}

// edit replaces old by new in the configuration.
func (s *stage) edit(old, new string) step {
	return func(context.Context) error {
		text, err := os.ReadFile(s.Config)
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), old) {
			return fmt.Errorf("%s lacks %q", s.Config, old)
		}
		return os.WriteFile(s.Config, []byte(strings.Replace(string(text), old, new, 1)), 0o600)
	}
}

// ahead sets kubecreds' clock ahead of everybody else's.
func (s *stage) ahead(d time.Duration) step {
	return func(context.Context) error {
		return os.WriteFile(filepath.Join(s.Home, "e2e-clock-ahead"), []byte(d.String()), 0o600)
	}
}

// revoke has the provider end a person's sessions.
func (s *stage) revoke(user string) step {
	return func(ctx context.Context) error {
		_, err := s.Control.Revoke(ctx, user)
		return err
	}
}

// outage makes the provider fail so, or work again.
func (s *stage) outage(mode control.Mode) step {
	return func(ctx context.Context) error { return s.Control.Break(ctx, mode, "") }
}

// says waits until the menu holds text.
func says(text string) step {
	return func(ctx context.Context) error { return drive.MenuSays(ctx, patience, text) }
}

// drawn waits until text is drawn on the screen.
func drawn(text string) step {
	return func(ctx context.Context) error {
		return drive.Until(ctx, patience, fmt.Sprintf("%q on the screen", text), func() bool { return drive.Sees(ctx, text) })
	}
}

// undrawn waits until text is on the screen no more.
func undrawn(text string) step {
	return func(ctx context.Context) error {
		return drive.Until(ctx, patience, fmt.Sprintf("%q to leave the screen", text), func() bool { return !drive.Sees(ctx, text) })
	}
}

// all makes one step of many.
func all(steps ...step) step {
	return func(ctx context.Context) error {
		for _, do := range steps {
			if err := do(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// desk makes a step of a command of desk.
func desk(args ...string) step {
	return func(ctx context.Context) error {
		_, err := drive.Desk(ctx, args...)
		return err
	}
}

// choose clicks the menu's row that holds text, and the row below of its submenu if one is named.
func choose(text string, below ...string) step {
	return func(ctx context.Context) (err error) {
		for range 3 { // a row that names a time may change meanwhile
			row, rowErr := shots.Row(ctx, text)
			if rowErr != nil {
				return rowErr
			}
			if err = desk(append([]string{"choose", row}, below...)...)(ctx); err == nil {
				return nil
			}
		}
		return err
	}
}

// press clicks a button.
func press(button string) step { return desk("press", button, "push button") }

// dismiss closes the notification with that title by its button, or, without one, by a click on it.
func dismiss(title, button string) step {
	if button == "" {
		return all(desk("press", title), undrawn(title))
	}
	return all(drawn(title), press(button), undrawn(title))
}

// asked waits until the dialog whose title begins so has the focus and says text.
func asked(title, text string) step {
	return func(ctx context.Context) error {
		if _, err := drive.Dialog(ctx, title); err != nil {
			return err
		}
		return drawn(text)(ctx)
	}
}

// answer types lines into the dialog that has the focus, one a field, and presses Return.
func answer(lines ...string) step {
	return func(ctx context.Context) error { return drive.Answer(ctx, lines...) }
}

// typed types text where the focus is.
func typed(text string) step { return func(ctx context.Context) error { return drive.Type(ctx, text) } }

// escape closes the dialog that has the focus.
func escape(ctx context.Context) error {
	if err := drive.Key(ctx, "Escape"); err != nil {
		return err
	}
	return drive.Until(ctx, patience, "the dialog to close", func() bool {
		return exec.CommandContext(ctx, "xdotool", "search", "--onlyvisible", "--class", "^zenity$").Run() != nil // it finds none
	})
}
