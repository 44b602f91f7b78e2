package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// screen plays a person at dialogs: it answers each with the next answer, and keeps what was shown.
type screen struct {
	shown   []string
	answers []any // an index for List, a path for SaveFile, an error for any of them; nil presses the button
	busy    bool
}

func (s *screen) answer(shown string) any {
	s.shown = append(s.shown, shown)
	if len(s.answers) == 0 {
		return auth.ErrCancelled
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a
}

func (s *screen) Tell(_ context.Context, title, text string) error {
	err, _ := s.answer(title + ": " + text).(error)
	return err
}

func (s *screen) Ask(_ context.Context, title, text, yes string) error {
	err, _ := s.answer(title + ": " + text + " [" + yes + "]").(error)
	return err
}

func (s *screen) List(_ context.Context, title, text string, rows []string) (int, error) {
	switch a := s.answer(fmt.Sprintf("%s: %q %q", title, text, rows)).(type) {
	case error:
		return 0, a
	case int:
		return a, nil
	}
	return 0, auth.ErrCancelled
}

func (s *screen) SaveFile(_ context.Context, title, name string) (string, error) {
	switch a := s.answer(title + ": " + name).(type) {
	case error:
		return "", a
	case string:
		return a, nil
	}
	return "", auth.ErrCancelled
}

func (s *screen) Entry(ctx context.Context, title, text, was string) (string, error) {
	return s.SaveFile(ctx, title, text+" "+was)
}

func (s *screen) OpenFile(ctx context.Context, title string) (string, error) {
	return s.SaveFile(ctx, title, "a file")
}

func (s *screen) Fits(text string) bool { return strings.Count(text, "\n") < 20 }

func (s *screen) Busy() bool { return s.busy }

// desk keeps the notifications.
type desk struct {
	shown     []menu.Notice
	withdrawn []string
}

func (d *desk) Show(_ context.Context, n menu.Notice) error { d.shown = append(d.shown, n); return nil }
func (d *desk) Withdraw(tag string)                         { d.withdrawn = append(d.withdrawn, tag) }
func (*desk) Chosen() <-chan menu.Action                    { return nil }

// atDesk is twoAccounts with a person at its desktop.
func atDesk(t *testing.T, answers ...any) (*Agent, *screen, *desk) {
	t.Helper()
	a := twoAccounts(t)
	s, d := &screen{answers: answers}, &desk{}
	a.Dialogs, a.Notify, a.Version = s, d, "1.0"
	a.Places = config.Under(t.TempDir())
	return a, s, d
}

func TestWhyIsToldInADialogOrElseInANotification(t *testing.T) {
	a, s, d := atDesk(t, auth.ErrCancelled, fmt.Errorf("%w: no display", auth.ErrNoDialog))
	for range 2 {
		if err := a.why(t.Context(), "prod"); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.shown) != 2 || !strings.HasPrefix(s.shown[0], "prod: prod: ") || s.shown[0] != s.shown[1] {
		t.Errorf("shown %q", s.shown)
	}
	if len(d.shown) != 1 || d.shown[0].Title != "prod" || !strings.HasPrefix(d.shown[0].Body, "prod: ") {
		t.Errorf("notifications %+v", d.shown)
	}
	if err := a.why(t.Context(), "gone"); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("of what is not configured: %v", err)
	}
}

func TestAPersonChoosesAmongClustersAndThenWhatToDo(t *testing.T) {
	a, s, _ := atDesk(t, 1, 0)
	rows := menu.Clusters(snapshot(), menu.Settings{}, "", noon)
	act, err := choose(t.Context(), a.Dialogs, "kubecreds", rows)
	if want := (menu.Action{Verb: menu.VerbLogin, On: "prod"}); act != want || err != nil {
		t.Errorf("got %+v, %v", act, err)
	}
	want := []string{
		`kubecreds: "" ["staging: kubeconfig not written: no permission; valid until 13:00 ▸" "prod: valid until 13:00 ▸"]`,
		`kubecreds: "prod: valid until 13:00" ["Re-login…" "Renew now" "Check access" "Why…" "Log out"]`,
	}
	if strings.Join(s.shown, "\n") != strings.Join(want, "\n") {
		t.Errorf("shown\n%s\nwant\n%s", strings.Join(s.shown, "\n"), strings.Join(want, "\n"))
	}
	if _, err := choose(t.Context(), a.Dialogs, "kubecreds", rows); !errors.Is(err, auth.ErrCancelled) {
		t.Errorf("closed: %v", err)
	}
}

func TestAConfigurationThatIsNotThereIsBegunAndConfiguresNothing(t *testing.T) {
	a, s, _ := atDesk(t)
	opened := ""
	a.OpenFile = func(_ context.Context, path string) error { opened = path; return nil }
	if err := a.openConfiguration(t.Context()); err != nil || opened != a.Places.Config {
		t.Fatalf("opened %q: %v", opened, err)
	}
	c, err := config.Load(opened)
	if err != nil || len(c.Accounts)+len(c.Clusters) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if err := os.WriteFile(opened, []byte("# mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.OpenFile = func(context.Context, string) error { return errors.New("no editor") }
	if err := a.openConfiguration(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(opened); string(b) != "# mine\n" || err != nil {
		t.Errorf("the person's file became %q, %v", b, err)
	}
	if len(s.shown) != 1 || !strings.Contains(s.shown[0], opened) {
		t.Errorf("where the file is was not said: %q", s.shown)
	}
}

func TestDiagnosticsAreForThePersonsEyesAndHoldTheEndOfTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.txt")
	a, _, _ := atDesk(t, path)
	if err := os.MkdirAll(a.Places.State, 0o700); err != nil {
		t.Fatal(err)
	}
	log := "first line\n" + strings.Repeat("a line of the log\n", logTail/18) + "the last one\n"
	if err := os.WriteFile(a.logFile(), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	a.configure()
	if err := a.saveDiagnostics(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", st, err)
	}
	b, _ := os.ReadFile(path)
	for _, want := range []string{"kubecreds 1.0", a.Places.Config, "socket", "No clusters configured yet", "\na line of the log\n", "the last one\n"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("without %q:\n%.1000s", want, b)
		}
	}
	if strings.Contains(string(b), "first line") {
		t.Error("the whole log is in it")
	}
}

func TestDiagnosticsThatCannotBeSavedSaySo(t *testing.T) {
	a, s, _ := atDesk(t, filepath.Join(t.TempDir(), "no", "such", "folder"))
	a.configure()
	if err := a.saveDiagnostics(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.shown) != 2 || !strings.Contains(s.shown[1], "It was not saved: ") {
		t.Errorf("shown %q", s.shown)
	}
}
