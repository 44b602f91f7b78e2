package kubeconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// busy reports whether err says that another process has the file open, or that its removal is under way.
func busy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

// replace makes the file at temp the one at target. It tries again, until ctx ends, while a reader has the target open.
func replace(ctx context.Context, temp, target string) error {
	for {
		err := os.Rename(temp, target)
		if err == nil || !busy(err) {
			return err
		}
		if pause(ctx, lockPoll) != nil {
			return err
		}
	}
}

// keepOwner does nothing: a file's owner and access follow from its folder here.
func keepOwner(*os.File, fs.FileInfo) error { return nil }
