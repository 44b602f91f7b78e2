package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// Edit is a change of the configuration file. What it does not name stays as it is, byte for byte: comments, order, blank
// lines, keys.
type Edit struct {
	Kubeconfigs []string  // files to read and write beside those that are named already; absolute
	Accounts    []Account // to be added
	Clusters    []Cluster // to be added
	Remove      []string  // the names of accounts and clusters that go
}

// Empty reports whether there is nothing to change.
func (e Edit) Empty() bool {
	return len(e.Kubeconfigs)+len(e.Accounts)+len(e.Clusters)+len(e.Remove) == 0
}

var (
	errMoved  = errors.New("it was changed meanwhile; try again")
	errUnsafe = errors.New("it is written in a way that kubecreds cannot change safely; change it by hand")
)

// Apply makes the change in the file at path, and returns the configuration that it then is. The new text is read before it
// is written, and must say what was meant, no more and no less. The file is replaced whole by a rename, behind its symbolic
// links and with its mode; a new one has mode 0600, its folder 0700. A file in which something is wrong is left alone: the
// error is its *Error. Calls must not overlap; a change that somebody else makes meanwhile is an error, and is kept.
func (e Edit) Apply(path string) (Config, error) {
	before, err := read(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, untouched(path, errors.New(reason(err)))
	}
	c, err := parse(path, before)
	if err != nil {
		return c, fmt.Errorf("%w; nothing was written", err)
	}
	after, err := e.text(c, before)
	if err != nil {
		return c, untouched(path, err)
	}
	next, err := parse(path, after)
	if err != nil {
		return c, fmt.Errorf("with what is to be added: %w; nothing was written", err)
	}
	if bytes.Equal(before, after) {
		return next, nil
	}
	if !reflect.DeepEqual(next, e.on(c, names(before))) {
		return c, untouched(path, errUnsafe)
	}
	if err := replace(path, before, after); err != nil {
		return c, untouched(path, errors.New(reason(err)))
	}
	return next, nil
}

func untouched(path string, err error) error {
	return fmt.Errorf("%s: %w; nothing was written", filepath.Base(path), err)
}

// names reports whether text names the kubeconfig files, and does not leave that to the default.
func names(text []byte) bool {
	p, err := open(text)
	if err != nil {
		return false
	}
	_, value := p.member("kubeconfigs")
	return value != nil && !null(value)
}

// on is what c must be after the change. named: the files it reads were written, they are not the default. The default is kept
// beside the new ones where clusters have their entries in it.
func (e Edit) on(c Config, named bool) Config {
	gone := func(name string) bool { return slices.Contains(e.Remove, name) }
	next := Config{Kubeconfigs: c.Kubeconfigs}
	if next.Kubeconfigs == nil { // nothing was written yet
		next.Kubeconfigs = DefaultKubeconfigs()
	}
	if more := e.moreFiles(c); len(more) > 0 {
		if !named && len(c.Clusters) == 0 {
			next.Kubeconfigs = nil
		}
		next.Kubeconfigs = slices.Concat(next.Kubeconfigs, more)
	}
	for _, a := range c.Accounts {
		if !gone(a.Name) {
			next.Accounts = append(next.Accounts, a)
		}
	}
	for _, a := range e.Accounts {
		next.Accounts = append(next.Accounts, a.withDefaults())
	}
	for _, cl := range c.Clusters {
		if !gone(cl.Name) {
			next.Clusters = append(next.Clusters, cl)
		}
	}
	for _, cl := range e.Clusters {
		if cl.Delivery == "" {
			cl.Delivery = Exec
		}
		next.Clusters = append(next.Clusters, cl)
	}
	return next
}

// moreFiles are the kubeconfig files that c does not read yet.
func (e Edit) moreFiles(c Config) (more []string) {
	for _, f := range e.Kubeconfigs {
		if !slices.Contains(c.Kubeconfigs, f) && !slices.Contains(more, f) {
			more = append(more, f)
		}
	}
	return more
}

func (a Account) withDefaults() Account {
	if len(a.Scopes) == 0 {
		a.Scopes = []string{"openid", "offline_access"}
	}
	if len(a.Login) == 0 {
		a.Login = []Method{Browser}
	}
	if a.Bearer == "" {
		a.Bearer = IDToken
	}
	return a
}

// text is the file's new text. Each step reads what the one before it wrote.
func (e Edit) text(c Config, text []byte) ([]byte, error) {
	type step func(*page) error
	var steps []step
	for _, name := range e.Remove {
		steps = append(steps, func(p *page) error { return p.remove(name) })
	}
	if more := e.moreFiles(c); len(more) > 0 {
		if !names(text) && len(c.Clusters) > 0 {
			more = slices.Concat(c.Kubeconfigs, more)
		}
		steps = append(steps, func(p *page) error { return addAll(p, "kubeconfigs", more) })
	}
	if len(e.Accounts) > 0 {
		steps = append(steps, func(p *page) error { return addAll(p, "accounts", mapped(e.Accounts, writtenAccount)) })
	}
	if len(e.Clusters) > 0 {
		steps = append(steps, func(p *page) error { return addAll(p, "clusters", mapped(e.Clusters, writtenCluster)) })
	}
	for _, s := range steps {
		p, err := open(text)
		if err != nil {
			return nil, err
		}
		if err := s(p); err != nil {
			return nil, err
		}
		text = p.bytes()
	}
	return text, nil
}

func mapped[A, B any](all []A, f func(A) B) []B {
	out := make([]B, len(all))
	for i, a := range all {
		out[i] = f(a)
	}
	return out
}

// replace makes after the text of the file at path, unless that is no longer before.
func replace(path string, before, after []byte) error {
	target, mode := path, fs.FileMode(0o600)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	folder := filepath.Dir(target)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".config-*")
	if err != nil {
		return err
	}
	_, err = f.Write(after)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		var now []byte
		if now, err = read(path); err != nil && errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err == nil && !bytes.Equal(now, before) {
			err = errMoved
		}
	}
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
