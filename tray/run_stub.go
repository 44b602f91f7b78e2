//go:build darwin && !cgo

package tray

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kubecreds/kubecreds/desktop/theme"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// Run returns ErrNoTray: on macOS the tray needs cgo and the system's frameworks, and this program was built without.
func Run(context.Context, <-chan menu.Menu, <-chan theme.Panel, func(menu.Action), *slog.Logger) error {
	return fmt.Errorf("%w: this program was built without cgo", ErrNoTray)
}
