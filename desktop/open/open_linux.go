package open

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// system opens address as the desktop's settings have it. Without a display it does not: xdg-open would start a browser for
// terminals, in none.
func system(ctx context.Context, address string) error {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display (DISPLAY and WAYLAND_DISPLAY are empty)")
	}
	err := run(ctx, moment, "xdg-open", address)
	var ended *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("install xdg-utils, whose xdg-open opens browsers (Debian: apt install xdg-utils)")
	case errors.As(err, &ended):
		return fmt.Errorf("xdg-open opened no browser (%s); is one installed?", ended.ProcessState)
	}
	return err
}
