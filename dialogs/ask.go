package dialogs

import (
	"context"
	"strings"

	"github.com/ncruces/zenity"
)

// Busy reports whether a dialog is on the screen, or about to be.
func (d *Dialogs) Busy() bool { return len(d.turn) > 0 }

// Fits reports whether a dialog shows all of text: the end of what is too long for a screen is left out.
func (d *Dialogs) Fits(text string) bool { return !strings.HasSuffix(paragraphs(text), "…") }

// Ask shows text, which may have several lines, with a button called yes beside Close. It returns nil if that was pressed.
// Errors: auth.ErrCancelled if the dialog was closed; auth.ErrNoDialog, wrapped; ctx's, which also closes the dialog.
func (d *Dialogs) Ask(ctx context.Context, title, text, yes string) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.end()
	return d.question(ctx, nameTitle(title), own(paragraphs(text)), yes, zenity.CancelLabel("Close"))
}
