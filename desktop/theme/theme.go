// Package theme says whether the panel behind the tray icon is dark or light, and when that changes.
//
// On Linux it asks the desktop's settings portal on a connection of its own, and KDE's files; Windows keeps a value in the
// registry; macOS paints a template icon by itself. Where nobody knows, the panel is Any, and icons have colours that do on
// both.
package theme

import (
	"context"
	"log/slog"
)

// Panel is how the panel behind the icon looks.
type Panel uint8

// The kinds of panels.
const (
	Any Panel = iota // nobody knows
	Dark
	Light
)

// String is the name of the set of icons for this panel.
func (p Panel) String() string {
	switch p {
	case Dark:
		return "dark"
	case Light:
		return "light"
	}
	return "any"
}

// Watch sends how the panel looks, first of all, and again when it changed, until ctx ends. The channel is never closed and
// holds the newest value only: its one receiver may come as late as it likes.
func Watch(ctx context.Context, log *slog.Logger) <-chan Panel {
	panels := make(chan Panel, 1)
	last, told := Any, false
	go follow(ctx, func(p Panel) {
		if p != last || !told {
			last, told = p, true
			offer(panels, p)
		}
	}, log)
	return panels
}

// offer puts p into panels, in the place of one that nobody took.
func offer(panels chan Panel, p Panel) {
	select {
	case <-panels:
	default:
	}
	panels <- p
}
