package open

import (
	"context"
	"fmt"
)

// system opens address with the default browser.
func system(ctx context.Context, address string) error {
	if err := run(ctx, moment, "/usr/bin/open", address); err != nil {
		return fmt.Errorf("the default browser did not open: %w", err)
	}
	return nil
}
