package dialogs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ncruces/zenity"

	"github.com/kubecreds/kubecreds/auth"
)

const (
	listWidth, listHeight = 520, 420 // pixels: room for a dozen rows
	listRoom              = 12       // rows that are seen at once; with more, the list says how to search them
	rowMax                = 100      // characters of a list's row
	tellMax               = 24       // lines of a text: more push the button off a small screen
	fileNameMax           = 100      // characters of the name a file is saved under
)

// List shows rows below text and returns the place of the row that the person chose, from 0. Each row stands behind its
// number, which is what the answer is read from: rows may be alike, and none can be taken for an option. Typing searches
// the rows.
//
// Errors: auth.ErrCancelled, also where nothing was chosen; auth.ErrNoDialog, wrapped; ctx's, which also closes the dialog.
func (d *Dialogs) List(ctx context.Context, title, text string, rows []string) (int, error) {
	if len(rows) == 0 {
		return 0, auth.ErrCancelled
	}
	if len(rows) > listRoom {
		text = strings.TrimSpace(text + "\nType to search.")
	}
	chosen, err := d.answer(ctx, func(about []zenity.Option) (string, error) {
		return zenity.List(markup(own(paragraphs(text))), numbered(rows), append(about, zenity.Width(listWidth), zenity.Height(listHeight), zenity.MidSearch())...)
	}, title)
	if err != nil {
		return 0, err
	}
	return chosenRow(chosen, len(rows))
}

// Tell shows text, which may have several lines, until the person closes it. Errors: auth.ErrNoDialog, wrapped; ctx's, which
// also closes the dialog.
func (d *Dialogs) Tell(ctx context.Context, title, text string) error {
	_, err := d.answer(ctx, func(about []zenity.Option) (string, error) {
		return "", zenity.Info(own(paragraphs(text)), append(about, zenity.OKLabel("Close"))...)
	}, title)
	if errors.Is(err, auth.ErrCancelled) { // closed by Escape or its window's button
		return nil
	}
	return err
}

// Entry asks for one line below text, with was as what stands there at first. The answer is without white space around it, and
// never empty. Errors: auth.ErrCancelled, also for an empty answer; auth.ErrNoDialog, wrapped; ctx's, which also closes the
// dialog.
func (d *Dialogs) Entry(ctx context.Context, title, text, was string) (string, error) {
	got, err := d.answer(ctx, func(about []zenity.Option) (string, error) {
		return zenity.Entry(literal(own(paragraphs(text))), append(about, zenity.Width(addressWidth), zenity.EntryText(strings.TrimLeft(clean(was, wordsMax), "-")))...)
	}, title)
	got = strings.TrimSpace(got)
	if err == nil && got == "" {
		err = auth.ErrCancelled
	}
	return got, err
}

// OpenFile asks for a file that is there and returns its path. Errors: as List's.
func (d *Dialogs) OpenFile(ctx context.Context, title string) (string, error) {
	return d.file(ctx, title, "", zenity.SelectFile)
}

// SaveFile asks where to save a file, offers name in the person's home folder, and asks again before one is overwritten. It
// returns the path. Errors: as List's.
func (d *Dialogs) SaveFile(ctx context.Context, title, name string) (string, error) {
	return d.file(ctx, title, fileName(name), zenity.SelectFileSave)
}

func (d *Dialogs) file(ctx context.Context, title, name string, choose func(...zenity.Option) (string, error)) (string, error) {
	path, err := d.answer(ctx, func(about []zenity.Option) (string, error) {
		if home, err := os.UserHomeDir(); err == nil {
			// With a separator at its end it is the folder to begin in.
			about = append(about, zenity.Filename(filepath.Join(home, name)+trailing(name)))
		}
		return choose(append(about, zenity.ConfirmOverwrite())...)
	}, title)
	if err == nil && !filepath.IsAbs(path) {
		err = auth.ErrCancelled
	}
	return path, err
}

// answer shows one dialog under title, after the dialogs asked for earlier have ended, and returns what was answered.
func (d *Dialogs) answer(ctx context.Context, show func(about []zenity.Option) (string, error), title string) (string, error) {
	if err := d.begin(ctx); err != nil {
		return "", err
	}
	defer d.end()
	begun := time.Now()
	got, err := show([]zenity.Option{zenity.Context(ctx), zenity.Title(nameTitle(title))})
	return got, d.outcome(ctx, begun, err)
}

// own makes s begin with a word of ours where it does not begin with a letter or digit: nothing begins like an option.
func own(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsLetter(first) || unicode.IsDigit(first) {
		return s
	}
	return strings.TrimSpace("kubecreds: " + s)
}

// numbered puts its number, from 1, before each row.
func numbered(rows []string) []string {
	list := make([]string, len(rows))
	width := len(strconv.Itoa(len(rows)))
	for i, row := range rows {
		list[i] = fmt.Sprintf("%0*d  %s", width, i+1, clean(row, rowMax))
	}
	return list
}

// chosenRow reads which of the n rows that numbered made was chosen. A list without a choice is no choice.
func chosenRow(answer string, n int) (int, error) {
	number, _, _ := strings.Cut(answer, " ")
	i, err := strconv.Atoi(number)
	if err != nil || i < 1 || i > n {
		return 0, auth.ErrCancelled
	}
	return i - 1, nil
}

// bullet begins a line of a list: where it is broken, what follows is indented as it is.
const bullet = "• "

// paragraphs cleans and wraps a text of several lines, and leaves out what would not fit on a screen.
func paragraphs(s string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.ToValidUTF8(s, " "), "\n") {
		line, listed := strings.CutPrefix(line, bullet)
		broken := strings.Split(wrap(clean(line, tellMax*lineMax)), "\n")
		if listed {
			broken = indented(broken)
		}
		lines = append(lines, broken...)
		if len(lines) > tellMax {
			lines = append(lines[:tellMax-1], "…")
			break
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// indented puts a bullet before the first of lines and blanks before the others, but not before a SHA-256: GTK would break such a
// line behind the blanks.
func indented(lines []string) []string {
	for i, line := range lines {
		if length(line) <= lineMax {
			lines[i] = "   " + line
		}
	}
	lines[0] = bullet + strings.TrimSpace(lines[0])
	return lines
}

// fileName makes a file's name of s: no folder, nothing hidden, and nothing that some system does not allow.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, clean(s, fileNameMax))
	return strings.TrimLeft(s, ".- ")
}

// trailing is what makes a path without a file's name one of a folder.
func trailing(name string) string {
	if name == "" {
		return string(filepath.Separator)
	}
	return ""
}
