package drive

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Desk runs one command of demo/desktop/desk, which does to the desktop what its person or its machine would do.
func Desk(ctx context.Context, args ...string) (string, error) { return desk(ctx, "", args...) }

// Type types text where the focus is. It goes to desk's standard input: a password must not stand in arguments.
func Type(ctx context.Context, text string) error {
	_, err := desk(ctx, text, "type")
	return err
}

// Key presses a key, by its X name: Return, Tab, Escape.
func Key(ctx context.Context, name string) error {
	out, err := exec.CommandContext(ctx, "xdotool", "key", name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("key %s: %w %s", name, err, out)
	}
	return nil
}

func desk(ctx context.Context, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "desk", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("desk %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// Dialog waits for a window whose title begins with title and that has the focus, and returns its whole title.
func Dialog(ctx context.Context, title string) (string, error) {
	id, err := Desk(ctx, "wait-window", "^"+title)
	if err != nil {
		return "", err
	}
	if _, err := Desk(ctx, "wait-focus", "^"+title); err != nil {
		return "", err
	}
	name, err := exec.CommandContext(ctx, "xdotool", "getwindowname", id).Output()
	return strings.TrimSpace(string(name)), err
}

// Answer types lines into the dialog that has the focus, one a field, and presses Return.
func Answer(ctx context.Context, lines ...string) error {
	for i, l := range lines {
		if i > 0 {
			if err := Key(ctx, "Tab"); err != nil {
				return err
			}
		}
		if err := Type(ctx, l); err != nil {
			return err
		}
	}
	return Key(ctx, "Return")
}

// Menu is the tray's menu, read as data: one line an entry, submenus indented.
func Menu(ctx context.Context) string {
	out, err := Desk(ctx, "menu")
	if err != nil {
		return ""
	}
	var lines []string
	for _, l := range strings.Split(out, "\n") {
		if f := strings.SplitN(l, "\t", 3); len(f) == 3 {
			lines = append(lines, f[2])
		}
	}
	return strings.Join(lines, "\n")
}

// MenuSays waits until the tray's menu holds text.
func MenuSays(ctx context.Context, d time.Duration, text string) error {
	last := ""
	err := Until(ctx, d, fmt.Sprintf("the menu to say %q", text), func() bool {
		last = Menu(ctx)
		return strings.Contains(last, text)
	})
	if err != nil {
		return fmt.Errorf("%w; it says:\n%s", err, last)
	}
	return nil
}

// Sees reports whether text is drawn on the screen, as part of any label.
func Sees(ctx context.Context, text string) bool {
	out, err := Desk(ctx, "seen")
	return err == nil && strings.Contains(out, text)
}
