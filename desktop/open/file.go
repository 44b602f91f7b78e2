package open

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// File opens the text file at path, an absolute one of ours, in the program that the person's desktop has for it. An error is
// no reason to give up: the path can still be shown.
func File(ctx context.Context, path string) error {
	if !filepath.IsAbs(path) {
		return errors.New("only a file with an absolute path is opened")
	}
	if err := system(ctx, path); err != nil {
		return fmt.Errorf("nothing here opens %s (%w)", path, err)
	}
	return nil
}
