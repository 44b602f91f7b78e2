package dialogs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
)

func TestARowIsChosenByItsNumber(t *testing.T) {
	rows := []string{"prod: valid", "prod: valid", "--gtk-module=x", "a|b\nc", "<b>", "6", "7", "8", "9", "ten"}
	for _, c := range []struct {
		answer string
		want   int
		err    error
	}{
		{`printf '01  prod: valid\n'`, 0, nil},
		{`printf '02  prod: valid\n'`, 1, nil},
		{`printf '04  a|b c\n'`, 3, nil},
		{`printf '10  ten\n'`, 9, nil},
		{`printf '\n'`, 0, auth.ErrCancelled},
		{`printf '11  forged\n'`, 0, auth.ErrCancelled},
		{`exit 1`, 0, auth.ErrCancelled},
	} {
		z := play(t, c.answer)
		got, err := newDialogs(t).List(t.Context(), "More clusters", `Choose a & b_c\n`, rows)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %d, %v", c.answer, got, err)
		}
		want := []string{
			"--list", "--hide-header", "--text", `Choose a &amp; b_c\\n`, "--title", "More clusters", "--width", "520", "--height", "420", "--column=",
			"01  prod: valid", "02  prod: valid", "03  --gtk-module=x", "04  a|b c", "05  <b>", "06  6", "07  7", "08  8", "09  9", "10  ten", "--mid-search",
		}
		if all := z.asked(t); len(all) != 1 || !slices.Equal(all[0], want) {
			t.Errorf("asked %q\nwant  %q", all, want)
		}
	}
	z := play(t, `exit 1`)
	_, _ = newDialogs(t).List(t.Context(), "Many", "Choose one", make([]string, 13))
	if all := z.asked(t); len(all) != 1 || all[0][3] != "Choose one\nType to search." {
		t.Errorf("asked %q", all)
	}
	if _, err := newDialogs(t).List(t.Context(), "Empty", "Nothing", nil); !errors.Is(err, auth.ErrCancelled) {
		t.Errorf("a list without rows: %v", err)
	}
}

func TestATextIsShownUntilItIsClosed(t *testing.T) {
	z := play(t, "exit 0", "exit 1")
	for range 2 {
		if err := newDialogs(t).Tell(t.Context(), "corp", "Why:\n\nthe provider said <b>no</b>.\n--x"); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"--text", "Why:\n\nthe provider said <b>no</b>.\n--x", "--no-markup", "--info", "--title", "corp", "--ok-label", "Close",
	}
	if all := z.asked(t); len(all) != 2 || !slices.Equal(all[0], want) {
		t.Errorf("asked %q\nwant  %q", all, want)
	}
}

func TestALineIsAskedFor(t *testing.T) {
	z := play(t, `printf ' https://example.com/k.yaml \n'`, `printf '\n'`)
	d := newDialogs(t)
	if got, err := d.Entry(t.Context(), "Add clusters", "Address from your platform team", "--https://"); got != "https://example.com/k.yaml" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := d.Entry(t.Context(), "Add clusters", "Address", ""); got != "" || !errors.Is(err, auth.ErrCancelled) {
		t.Errorf("an empty answer: %q, %v", got, err)
	}
	want := []string{"--entry", "--text", "Address from your platform team", "--title", "Add clusters", "--width", "520", "--entry-text", "https://"}
	if all := z.asked(t); len(all) != 2 || !slices.Equal(all[0], want) {
		t.Errorf("asked %q\nwant  %q", all, want)
	}
}

func TestFilesAreChosenFromThePersonsHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	z := play(t, `printf '/srv/my kube\n'`, `printf '/srv/out.zip\n'`, `exit 1`)
	d := newDialogs(t)
	if got, err := d.OpenFile(t.Context(), "Add clusters"); got != "/srv/my kube" || err != nil {
		t.Errorf("open: %q, %v", got, err)
	}
	if got, err := d.SaveFile(t.Context(), "Save diagnostics", "../.a/b*c.zip"); got != "/srv/out.zip" || err != nil {
		t.Errorf("save: %q, %v", got, err)
	}
	if got, err := d.SaveFile(t.Context(), "Save diagnostics", "x.zip"); got != "" || !errors.Is(err, auth.ErrCancelled) {
		t.Errorf("cancelled: %q, %v", got, err)
	}
	all := z.asked(t)
	if len(all) != 3 {
		t.Fatalf("asked %q", all)
	}
	if i := slices.Index(all[0], "--filename"); i < 0 || all[0][i+1] != home+"/" || slices.Contains(all[0], "--save") {
		t.Errorf("open: %q", all[0])
	}
	if i := slices.Index(all[1], "--filename"); i < 0 || all[1][i+1] != filepath.Join(home, "a-b-c.zip") ||
		!slices.Contains(all[1], "--save") || !slices.Contains(all[1], "--confirm-overwrite") {
		t.Errorf("save: %q", all[1])
	}
}

func TestWithoutADialogProgramTheOtherDialogsSayWhatToInstallToo(t *testing.T) {
	openDisplay(t)
	t.Setenv("PATH", t.TempDir())
	d := newDialogs(t)
	_, list := d.List(t.Context(), "x", "x", []string{"x"})
	_, line := d.Entry(t.Context(), "x", "x", "")
	_, file := d.OpenFile(t.Context(), "x")
	for _, err := range []error{list, line, file, d.Tell(t.Context(), "x", "x")} {
		if !errors.Is(err, auth.ErrNoDialog) || !strings.Contains(err.Error(), "apt install zenity") {
			t.Errorf("got %v", err)
		}
	}
	_ = os.Unsetenv("DISPLAY")
	_ = os.Unsetenv("WAYLAND_DISPLAY")
	if err := d.Tell(t.Context(), "x", "x"); !errors.Is(err, auth.ErrNoDialog) {
		t.Errorf("without a display: %v", err)
	}
}
