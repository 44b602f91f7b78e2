//go:build unix

package kubeconfig

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// busy reports whether err is a passing state of the file system: never here.
func busy(error) bool { return false }

// replace makes the file at temp the one at target, safely on the disk.
func replace(_ context.Context, temp, target string) error {
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(target))
	if err != nil {
		return nil // the file is in place; a folder that cannot be read cannot be synced
	}
	defer folder.Close()
	_ = folder.Sync() // not every file system can
	return nil
}

// keepOwner gives f the owner and group of the file that it will replace.
func keepOwner(f *os.File, old fs.FileInfo) error {
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	have, ok1 := stat.Sys().(*syscall.Stat_t)
	want, ok2 := old.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || have.Uid == want.Uid && have.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
