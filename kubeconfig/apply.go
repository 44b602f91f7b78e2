package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// errChanged says that a file was changed between reading and writing, by a program that does not lock.
var errChanged = errors.New("another program keeps changing this kubeconfig; try again")

// Apply writes what d found to do. It plans again from the files as they are under kubectl's lock, which it holds for that
// long only and waits for until ctx ends, so that nothing that another program wrote meanwhile is lost; f itself stays as it
// was. If there is nothing to do any more it writes nothing.
//
// A file is replaced by a rename, behind its symbolic links, with its mode and owner, so that a reader sees the old or the
// new one whatever happens; further hard links and access lists are not carried over. A new file has mode 0600, its folder
// 0700. With several files a failure can leave the first ones changed and the others as they were: the same Change again
// does the rest. ctx should have a deadline: a lock that was left behind is taken over only after a minute. Errors are as
// with Plan.
func (f *Files) Apply(ctx context.Context, d Diff) error {
	var held []string
	for !d.Empty() {
		next, err := f.attempt(ctx, d, held)
		switch {
		case errors.Is(err, errChanged):
			if pause(ctx, lockPoll) != nil {
				return err
			}
		case err != nil:
			return err
		}
		d, held = next, append(held, next.Files()...)
	}
	return nil
}

// attempt writes d's files under their locks, and those of the files in also. It returns what is left to do: nothing, or,
// where under the lock other files have to be written than those that are locked, a new plan.
func (f *Files) attempt(ctx context.Context, d Diff, also []string) (Diff, error) {
	unlock, err := lockAll(ctx, append(d.Files(), also...))
	if err != nil {
		return Diff{}, err
	}
	defer unlock()
	now, err := f.reload(true)
	if err != nil {
		return Diff{}, err
	}
	next := d
	if d.from != now {
		if next, err = now.again(d); err != nil {
			return Diff{}, err
		}
		next.before = d.before
	}
	for _, path := range next.Files() {
		if !slices.Contains(d.Files(), path) && !slices.Contains(also, path) {
			return next, nil
		}
	}
	for _, r := range next.rewrites {
		if err := next.announce(r.file); err != nil {
			return next, cannot(r.file.path, err)
		}
		if err := r.commit(ctx); err != nil {
			return next, cannot(r.file.path, err)
		}
	}
	return Diff{}, nil
}

// announce says that f is about to change.
func (d Diff) announce(f *file) error {
	switch {
	case d.before == nil:
		return nil
	case !f.exists():
		return d.before(f.path, nil)
	}
	return d.before(f.path, append([]byte{}, f.text...))
}

// lockAll takes the locks of the kubeconfigs at paths, sorted as kubectl does, each under its own name and, for a symbolic
// link, its target's, by which other programs may know it.
func lockAll(ctx context.Context, paths []string) (unlock func(), err error) {
	var all []string
	for _, p := range paths {
		target, err := follow(p)
		if err != nil {
			return nil, readable(p, err)
		}
		for _, folder := range []string{filepath.Dir(p), filepath.Dir(target)} {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return nil, readable(p, err)
			}
		}
		all = append(all, p, target)
	}
	slices.Sort(all)
	var held []*lock
	unlock = func() {
		for _, l := range held {
			l.release()
		}
	}
	for _, p := range slices.Compact(all) {
		l, err := takeLock(ctx, p)
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, l)
		sweep(p)
	}
	return unlock, nil
}

// follow returns where the symbolic links at path lead, be there a file or not.
func follow(path string) (string, error) {
	for range 40 {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil //nolint:nilerr // not a link, or not there
		}
		if !filepath.IsAbs(target) {
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", err
			}
			target = filepath.Join(folder, target)
		}
		path = target
	}
	return "", errors.New("too many symbolic links")
}

// commit makes the new text the file's, unless the file has changed since it was read.
func (r rewrite) commit(ctx context.Context) error {
	target, err := follow(r.file.path)
	if err != nil {
		return err
	}
	if err := r.writable(target); err != nil {
		return err
	}
	temp, err := r.writeTemp(target)
	if err != nil {
		return bare(err)
	}
	defer os.Remove(temp) // gone by then if all went well
	if now, err := os.Stat(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	} else if !sameStat(now, r.file.stat) {
		return errChanged
	}
	return bare(replace(ctx, temp, target))
}

// writable honours a file's write protection, which a rename would pass by.
func (r rewrite) writable(target string) error {
	if r.file.exists() && r.file.stat.Mode().Perm()&0o222 == 0 {
		return errors.New("the file is read-only")
	}
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || busy(err) {
			return nil
		}
		return bare(err)
	}
	return f.Close()
}

// writeTemp writes the new text to a file of its own beside the target, safely on the disk, with the target's mode and owner.
func (r rewrite) writeTemp(target string) (path string, err error) {
	temp, err := os.CreateTemp(filepath.Dir(target), tempPrefix(target)+"*")
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := temp.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	if r.file.exists() {
		// The owner first: a change of owner may clear bits of the mode.
		if err := keepOwner(temp, r.file.stat); err != nil {
			return "", fmt.Errorf("its owner and group cannot be kept: %w", bare(err))
		}
		if err := temp.Chmod(r.file.stat.Mode()); err != nil {
			return "", err
		}
	}
	if _, err := temp.Write(r.text); err != nil {
		return "", err
	}
	return temp.Name(), temp.Sync()
}

// sweep removes what a killed process left beside the kubeconfig at path. Trouble with that troubles nobody.
func sweep(path string) {
	folder := filepath.Dir(path)
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix(path)) || !e.Type().IsRegular() {
			continue
		}
		if stat, err := e.Info(); err == nil && isStale(stat) {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// tempPrefix is how the names of our temporary files beside the kubeconfig at path begin.
func tempPrefix(path string) string { return "." + filepath.Base(path) + ".kubecreds-" }
