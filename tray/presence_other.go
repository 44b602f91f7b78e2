//go:build !linux

package tray

import (
	"context"
	"log/slog"
)

// WatchPresence tells nothing: here the system itself shows the icon.
func WatchPresence(context.Context, func(here bool), *slog.Logger) {}
