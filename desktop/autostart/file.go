package autostart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A file is an entry that is a file: there or not, and what it says.
type file struct {
	path string
	text string                 // what to write
	off  func(text string) bool // whether a file that says this is switched off
}

// enabled reports whether the file is there and not switched off, by a desktop's settings or by hand.
func (f file) enabled() (bool, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("start at login: %w", err)
	}
	return !f.off(string(text)), nil
}

// enable writes the file, whole or not at all.
func (f file) enable() error {
	if err := replace(f.path, f.text); err != nil {
		return fmt.Errorf("start at login: %w", err)
	}
	return nil
}

// disable removes the file. One that is not there is no error.
func (f file) disable() error {
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("start at login: %w", err)
	}
	return nil
}

// replace writes text to path by renaming a new file over it, and makes the folder where it is missing (0700, as the XDG Base
// Directory Specification has it).
func replace(path, text string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
