//go:build !windows

package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

func socketName(dir, _ string) string { return filepath.Join(dir, "agent.sock") }

func checkNamed(socket string) error {
	if !filepath.IsAbs(socket) {
		return fmt.Errorf("KUBECREDS_SOCKET=%s: not an absolute path", socket)
	}
	return nil
}

// checkOwnDir requires a real folder of this user with mode 0700.
func checkOwnDir(dir string) error {
	fi, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	switch {
	case !fi.IsDir():
		return fmt.Errorf("%s: %w: not a folder; remove it", dir, ErrNotOurs)
	case ownerOf(fi) != os.Getuid():
		return fmt.Errorf("%s: %w: it belongs to another user", dir, ErrNotOurs)
	case fi.Mode().Perm() != 0o700:
		return fmt.Errorf("%s: %w: others may enter it; chmod 700 it", dir, ErrNotOurs)
	}
	return nil
}

// checkParent requires that nobody but this user and root can put another folder in our folder's place.
func checkParent(dir string) error {
	fi, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner := ownerOf(fi); owner != os.Getuid() && owner != 0 {
		return fmt.Errorf("%s: %w: it belongs to another user", dir, ErrNotOurs)
	}
	if fi.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: %w: others can write it; chmod go-w it", dir, ErrNotOurs)
	}
	return nil
}

func ownerOf(fi os.FileInfo) int {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// openOwn opens or makes a file of ours. It follows no link.
func openOwn(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
}

// tryLock takes f's lock, which ends with f.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// checkShared requires of a socket's path that its folder is this user's alone, and that nothing but a socket lies there.
func checkShared(path string) error {
	dir := filepath.Dir(path)
	if err := errors.Join(checkOwnDir(dir), checkParent(filepath.Dir(dir))); err != nil {
		return err
	}
	switch fi, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case fi.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s: there is something else than a socket; choose another path", path)
	}
	return nil
}
