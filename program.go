package main

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
)

// stable returns a path of the program self that an upgrade leaves as it is, for what outlives this process: kubeconfig
// entries and the autostart entry. The system names the file behind all links (/proc/self/exe on Linux), which for programs of
// a package manager is a folder of one version: /opt/kubecreds-1.2, Homebrew's Cellar, /nix/store.
//
// So the path it was started by, started, counts if it leads here through a link; then, where self looks like one version's,
// the first of folders whose programs are these.
func stable(self, started string, folders []string) string {
	if !filepath.IsAbs(started) && filepath.Base(started) != started {
		if abs, err := filepath.Abs(started); err == nil {
			started = abs
		}
	}
	if filepath.IsAbs(started) && complete(filepath.Dir(started), self) {
		if started = filepath.Clean(started); started != self && !ofOneVersion(started) {
			return started
		}
	}
	if !ofOneVersion(self) {
		return self
	}
	for _, folder := range folders {
		here := filepath.Join(folder, filepath.Base(self))
		if filepath.IsAbs(folder) && !ofOneVersion(here) && !anybodys(folder) && complete(folder, self) {
			return here
		}
	}
	return self
}

// complete reports whether folder holds self and the client that stands beside it, be it by links.
func complete(folder, self string) bool {
	return same(filepath.Join(folder, filepath.Base(self)), self) &&
		same(filepath.Join(folder, filepath.Base(client(self))), client(self))
}

func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// anybodys reports whether every user may put another program into folder.
func anybodys(folder string) bool {
	stat, err := os.Stat(folder)
	return err != nil || runtime.GOOS != "windows" && stat.Mode().Perm()&0o002 != 0
}

// ofOneVersion reports whether the path is that of a folder that the next version will not have.
func ofOneVersion(path string) bool {
	return regexp.MustCompile(`[0-9]\.[0-9]|[/\\](Cellar|Caskroom)[/\\]|^/nix/store/`).MatchString(filepath.Dir(path))
}

// wellKnown are the folders where links to programs lie: PATH's, and those that a desktop's PATH may lack.
func wellKnown(path string) []string {
	folders := filepath.SplitList(path)
	if runtime.GOOS == "windows" {
		return folders
	}
	for _, f := range []string{"/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin", "/usr/local/bin", "/usr/bin"} {
		if !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
	}
	return folders
}
