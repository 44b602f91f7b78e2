//go:build !linux

package dialogs

import "context"

// display returns nil: a desktop program on Windows and macOS has a display.
func display(context.Context) error { return nil }

// literal returns s: texts are shown as they are here.
func literal(s string) string { return s }

// markup returns s, for the same reason.
func markup(s string) string { return s }
