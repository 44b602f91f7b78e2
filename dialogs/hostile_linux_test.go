package dialogs

import (
	"encoding/xml"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/internal/hostile"
)

// A stand-in for zenity that keeps the arguments of all dialogs in one file and chooses the first row of lists.
const keeper = `#!/bin/sh
printf '%s\0' "$@" >>"$KEPT"
printf '\0' >>"$KEPT"
printf '1\n'
`

// options are all that a dialog program is ever told.
func options() map[string]bool {
	known := map[string]bool{}
	for _, o := range strings.Fields(`--password --username --entry --list --info --question --file-selection --save --confirm-overwrite --hide-header
		--text --title --hide-text --entry-text --filename --column= --mid-search --width --height --ok-label --cancel-label --extra-button
		--no-markup --default-cancel`) {
		known[o] = true
	}
	return known
}

func TestNothingHostileReachesTheDialogProgramAsMoreThanText(t *testing.T) {
	openDisplay(t)
	bin, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	write(t, filepath.Join(bin, "zenity"), keeper, 0o755)
	t.Setenv("PATH", bin)
	t.Setenv("KEPT", kept)
	d, ctx := newDialogs(t), t.Context()
	texts := hostile.All()
	for _, h := range texts {
		q := auth.Question{Account: h, Host: h, User: h, Problem: h, Other: h}
		_, _, _ = d.Credentials(ctx, q)
		_, _, _ = d.Credentials(ctx, auth.Question{Account: h, Host: h})
		_ = d.Offer(ctx, h, h)
		_, _ = d.List(ctx, h, h, []string{h, h})
		_ = d.Tell(ctx, h, h)
		_, _ = d.Entry(ctx, h, h, h)
		_, _ = d.SaveFile(ctx, h, h)
	}
	data, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	known := options()
	dialogs := strings.Split(strings.TrimSuffix(string(data), "\x00\x00"), "\x00\x00")
	if len(dialogs) < 7*len(texts) {
		t.Errorf("%d dialogs were shown for %d texts", len(dialogs), len(texts))
	}
	for _, dialog := range dialogs {
		argv := strings.Split(dialog, "\x00")
		for i, arg := range argv {
			if strings.HasPrefix(arg, "-") && !known[arg] {
				t.Errorf("a dialog was told %q in %.200q", arg, argv)
			}
			if bad := unseemly(arg); bad != "" {
				t.Errorf("%s in %.100q", bad, arg)
			}
			if argv[0] == "--list" && i > 0 && argv[i-1] == "--text" && !isMarkup(arg) {
				t.Errorf("a list cannot show %.100q", arg)
			}
		}
	}
}

// unseemly says what in arg no dialog may show, "" if all of it is fine.
func unseemly(arg string) string {
	if !utf8.ValidString(arg) {
		return "broken UTF-8"
	}
	if lines := strings.Split(arg, "\n"); len(lines) > tellMax {
		return "too many lines"
	}
	if utf8.RuneCountInString(html.UnescapeString(arg)) > 2*tellMax*(wordMax+1) { // underscores and backslashes are doubled
		return "too long a text"
	}
	for _, r := range arg {
		if r != '\n' && !unicode.IsPrint(r) {
			return "an unprintable character"
		}
	}
	return ""
}

func isMarkup(s string) bool {
	for d := xml.NewDecoder(strings.NewReader("<x>" + s + "</x>")); ; {
		token, err := d.Token()
		if err != nil {
			return err == io.EOF
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local != "x" {
			return false
		}
	}
}
