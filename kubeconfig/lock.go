package kubeconfig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// staleAfter is the age from which a lock counts as left behind. kubectl's lock is an empty file, so only its age tells;
	// who holds it writes one file.
	staleAfter = time.Minute
	lockPoll   = 10 * time.Millisecond
	lockSuffix = ".lock"
)

// lock is kubectl's: the file PATH.lock, which its holder alone could create.
type lock struct {
	path string
	stat fs.FileInfo
}

// takeLock waits for the lock of the kubeconfig at path until ctx ends.
func takeLock(ctx context.Context, path string) (*lock, error) {
	name := path + lockSuffix
	for {
		l, err := createLock(name)
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, fs.ErrExist) && !busy(err) {
			return nil, cannot(path, fmt.Errorf("it cannot be locked (%s): %w", filepath.Base(name), bare(err)))
		}
		if err := breakStale(path); err != nil {
			return nil, readable(name, err)
		}
		if pause(ctx, lockPoll) != nil {
			return nil, fmt.Errorf("%s: another program is changing this kubeconfig (%s exists); try again: %w",
				path, filepath.Base(name), ctx.Err())
		}
	}
}

func createLock(name string) (*lock, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	stat, err := f.Stat()
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(name)
		return nil, err
	}
	return &lock{name, stat}, nil
}

// release removes the lock, unless it is another's by now: a machine that slept may have held it for too long.
func (l *lock) release() {
	if now, err := os.Lstat(l.path); err == nil && sameStat(now, l.stat) {
		_ = os.Remove(l.path)
	}
}

// breakStale removes the lock of the kubeconfig at path if it was left behind. Of several that try at once, one gets it out
// of the way by a rename; one that came too late and took a new lock with it puts that back.
func breakStale(path string) error {
	name := path + lockSuffix
	stat, err := os.Lstat(name)
	if err != nil || !isStale(stat) {
		return ignoreMissing(err)
	}
	// Windows looks up which file that is when it is asked for the first time, by the path that it is about to leave: so ask.
	_ = os.SameFile(stat, stat)
	aside := filepath.Join(filepath.Dir(path), tempPrefix(path)+rand.Text()) // sweep finds it there if we die here
	if err := os.Rename(name, aside); err != nil {
		return ignoreMissing(err)
	}
	defer os.Remove(aside)
	if now, err := os.Lstat(aside); err == nil && !sameStat(now, stat) {
		if err := os.Link(aside, name); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// Unlock removes the locks of the kubeconfigs at paths that were left behind for a minute by processes that were killed.
// kubectl never does: it fails for ever. Where one is there that is younger, again is when to look at it again; else 0.
func Unlock(paths []string) (again time.Duration, err error) {
	var errs []error
	for _, p := range paths {
		target, err := follow(p)
		if err != nil {
			continue // whoever reads it says so
		}
		for _, at := range slices.Compact([]string{p, target}) {
			if err := breakStale(at); err != nil {
				errs = append(errs, readable(at+lockSuffix, err))
			}
			if left, err := os.Lstat(at + lockSuffix); err == nil {
				again = max(again, staleAfter-time.Since(left.ModTime())+lockPoll)
			}
		}
	}
	return again, errors.Join(errs...)
}

// isStale compares with both ends of a minute: a lock from the future, left by a clock that was wrong, blocks nobody either.
func isStale(stat fs.FileInfo) bool { return time.Since(stat.ModTime()).Abs() > staleAfter }

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || busy(err) {
		return nil
	}
	return err
}

// pause waits for d, or returns ctx's error if it ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
