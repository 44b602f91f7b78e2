package kubeconfig

import (
	"fmt"
	"reflect"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"
)

// Diff is what Plan found to do. The zero value is nothing.
type Diff struct {
	from     *Files // that were compared
	want     []Change
	swaps    []Swap // instead of want
	rewrites []rewrite
	shown    []string
	before   func(path string, text []byte) error
}

// Before has Apply call f, with the lock held, before it changes a file: with its path and what it holds, nil where it is
// not there. An error of f is why nothing is written.
func (d Diff) Before(f func(path string, text []byte) error) Diff {
	d.before = f
	return d
}

// rewrite is the new text of a file.
type rewrite struct {
	file *file
	text []byte
}

// Empty reports whether there is nothing to do. Then Apply writes nothing.
func (d Diff) Empty() bool { return len(d.rewrites) == 0 }

// Files returns the paths of the files that differ.
func (d Diff) Files() []string {
	paths := make([]string, len(d.rewrites))
	for i, r := range d.rewrites {
		paths[i] = r.file.path
	}
	return paths
}

// Plan finds out what has to be written so that the files say what is wanted. It is pure: it neither reads nor writes.
//
// An entry is changed in the file that holds it. A new one goes where kubectl would put it: into the first file that
// exists, else the last. The first new context becomes the current one where no file names any; a removed one stays the
// current one, as with kubectl. Its error is a *TakenError where an entry exists that is not ours, else one line that
// names the file, and the line where there is one.
func (f *Files) Plan(want ...Change) (Diff, error) {
	drafts := map[*file]*draft{}
	for i, c := range want {
		if err := c.check(); err != nil {
			return Diff{}, err
		}
		if slices.ContainsFunc(want[:i], func(other Change) bool { return other.Name == c.Name }) {
			return Diff{}, fmt.Errorf("%s: wanted twice", c.Name)
		}
		plan := f.planEntries
		if c.Remove {
			plan = f.planRemoval
		}
		if err := plan(drafts, c); err != nil {
			return Diff{}, err
		}
	}
	d := Diff{from: f, want: slices.Clone(want)}
	for _, file := range f.files {
		if drafts[file] == nil {
			continue
		}
		text, err := drafts[file].text()
		if err != nil {
			return Diff{}, cannot(file.path, err)
		}
		d.rewrites = append(d.rewrites, rewrite{file, text})
	}
	return d, nil
}

// again plans what d is about for the files as they are now.
func (f *Files) again(d Diff) (Diff, error) {
	if len(d.swaps) > 0 {
		return f.PlanUsers(d.swaps...)
	}
	return f.Plan(d.want...)
}

// cannot says that a file was left as it is.
func cannot(path string, err error) error {
	return fmt.Errorf("%s: %w; nothing was written", path, err)
}

func (f *Files) planEntries(drafts map[*file]*draft, c Change) error {
	for _, k := range kinds() {
		name := c.name(k)
		in := f.find(k, name)
		var old *api.Config
		switch {
		case in == nil && c.Update:
			continue
		case in == nil:
			in = f.home()
		case !ours(in.config, k, name):
			return &TakenError{Name: name, Kind: k.String(), File: in.path, cluster: c.Name}
		default:
			old = pick(in.config, k, name)
		}
		wanted, err := asRead(c.entry(k, old), k, name)
		if err != nil {
			return err
		}
		if old != nil && reflect.DeepEqual(old, wanted) {
			continue
		}
		to := draftOf(drafts, in)
		to.set = append(to.set, setting{k, c, wanted})
		if home := f.home(); k == contexts && old == nil && f.currentContext() == "" {
			if d := draftOf(drafts, home); d.current == "" {
				d.current = c.Name
			}
		}
	}
	return nil
}

func (f *Files) planRemoval(drafts map[*file]*draft, c Change) error {
	for _, file := range f.files {
		for _, k := range kinds() {
			if name := c.name(k); ours(file.config, k, name) {
				to := draftOf(drafts, file)
				to.remove = append(to.remove, setting{kind: k, change: c})
			}
		}
	}
	return nil
}
