package dialogs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// screen is the virtual desktop that the test runs in.
type screen struct{ t *testing.T }

// desktop returns the virtual desktop, or skips the test outside of one: DESK_DIR is set there.
func desktop(t *testing.T) screen {
	t.Helper()
	if os.Getenv("DESK_DIR") == "" {
		t.Skip("runs in a virtual desktop only: with-desktop --a11y -- go test ./dialogs/")
	}
	return screen{t}
}

func (s screen) do(name string, args ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), name, args...).CombinedOutput()
	if err != nil {
		s.t.Errorf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// says waits until all of texts are drawn.
func (s screen) says(texts ...string) {
	s.t.Helper()
	seen := ""
	for _, text := range texts {
		for end := time.Now().Add(30 * time.Second); !strings.Contains(seen, text); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				s.t.Errorf("the dialog does not say %q:\n%s", text, seen)
				return
			}
			seen = s.do("desk", "seen")
		}
	}
}

// key waits until a dialog whose title begins with title has the focus, and presses keys.
func (s screen) key(title string, keys ...string) {
	s.t.Helper()
	s.do("desk", "wait-window", "^"+title, "30")
	s.do("desk", "wait-focus", "^"+title, "30")
	s.do("xdotool", append([]string{"key", "--delay", "60"}, keys...)...)
}

func TestRealDialogsShowHostileTextsAsTheyAreAndAreAnsweredByKeyboard(t *testing.T) {
	s := desktop(t)
	rows := make([]string, 400)
	for i := range rows {
		rows[i] = fmt.Sprintf("cluster-%03d: valid until 14:32", i)
	}
	rows[6] = "<b>seven</b> & --gtk-module=x _a__b"
	d, ctx := newDialogs(t), t.Context()

	t.Run("a list is searched by typing", func(t *testing.T) {
		chosen := beside(func() (int, error) { return d.List(ctx, "More clusters", `Choose <i>one</i> & a_b \n`, rows) })
		s.says(`Choose <i>one</i> & a_b \n`, "007  "+rows[6])
		s.key("More clusters", "3", "2", "1", "minus")
		s.do("xdotool", "key", "BackSpace", "Return")
		if a := <-chosen; a.value != 320 || a.err != nil {
			t.Errorf("chosen %d, %v", a.value, a.err)
		}
	})
	t.Run("a text", func(t *testing.T) {
		told := beside(func() (int, error) { return 0, d.Tell(ctx, "--gtk-module=x", "Why <b>not</b> & a_b \\n\n$(id)") })
		s.says("Why <b>not</b> & a_b \\n\n$(id)")
		s.key("kubecreds: --gtk-module=x", "Return")
		if a := <-told; a.err != nil {
			t.Error(a.err)
		}
	})
	t.Run("a file", func(t *testing.T) {
		saved := beside(func() (string, error) { return d.SaveFile(ctx, "Save diagnostics", "a & <b>.zip") })
		s.key("Save diagnostics", "Return")
		if a := <-saved; a.value != os.Getenv("HOME")+"/a & -b-.zip" || a.err != nil {
			t.Errorf("saved as %q, %v", a.value, a.err)
		}
	})
	t.Run("a dialog leaves the screen with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		asked := beside(func() (string, error) { return d.Entry(ctx, "Add clusters", "Address", "") })
		s.do("desk", "wait-window", "^Add clusters", "30")
		cancel()
		if a := <-asked; !errors.Is(a.err, context.Canceled) {
			t.Errorf("got %v", a.err)
		}
	})
}

type answered[T any] struct {
	value T
	err   error
}

// beside runs ask beside the test, which plays the person.
func beside[T any](ask func() (T, error)) <-chan answered[T] {
	done := make(chan answered[T], 1)
	go func() {
		value, err := ask()
		done <- answered[T]{value, err}
	}()
	return done
}
