package kubeconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Files are the files of one KUBECONFIG, in order, as they were when they were read. Files do not change: Reload gives
// new ones.
type Files struct {
	files []*file
}

// Paths returns the files that kubectl reads: those listed in env, the value of KUBECONFIG, without empty and repeated
// ones, else .kube/config in the folder home. Relative paths stay relative: whoever knows the folder they count from makes
// them absolute before Load.
func Paths(env, home string) []string {
	if env == "" {
		return []string{filepath.Join(home, ".kube", "config")}
	}
	var paths []string
	for _, p := range filepath.SplitList(env) {
		if p != "" && !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths
}

// Load reads the files at paths, in KUBECONFIG's order. A missing file counts as an empty one. Any other trouble is an
// error of one line that names the file and, where there is one, the line, and holds nothing of the file's secrets.
func Load(paths []string) (*Files, error) {
	if len(paths) == 0 {
		return nil, errors.New("KUBECONFIG names no file")
	}
	f := &Files{files: make([]*file, len(paths))}
	for i, p := range paths {
		var err error
		if f.files[i], err = readFile(p, false); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Reload returns the files as they are now. It reads only what changed (identity, size, modification time), and returns
// f itself if nothing did.
func (f *Files) Reload() (*Files, error) { return f.reload(false) }

func (f *Files) reload(mine bool) (*Files, error) {
	now := &Files{files: make([]*file, len(f.files))}
	for i, old := range f.files {
		var err error
		if now.files[i], err = old.reload(mine); err != nil {
			return nil, err
		}
	}
	if slices.Equal(now.files, f.files) {
		return f, nil
	}
	return now, nil
}

// find returns the file whose entry of that name counts: the first that has one, as in client-go's merge. nil: none.
func (f *Files) find(k kind, name string) *file {
	for _, file := range f.files {
		if pick(file.config, k, name) != nil {
			return file
		}
	}
	return nil
}

// home returns the file that gets new entries, as kubectl chooses it: the first that exists, else the last.
func (f *Files) home() *file {
	for _, file := range f.files {
		if file.exists() {
			return file
		}
	}
	return f.files[len(f.files)-1]
}

// currentContext returns the current context of all files together: the first that names one.
func (f *Files) currentContext() string {
	for _, file := range f.files {
		if c := file.config.CurrentContext; c != "" {
			return c
		}
	}
	return ""
}

// sameStat reports whether both describe the same, unmodified file. nil is a file that is not there.
func sameStat(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
