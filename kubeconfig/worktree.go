package kubeconfig

import (
	"os"
	"path/filepath"
)

// WorkTree returns the git work tree that holds the kubeconfig at path, behind its symbolic links; "" if none does. What is
// written there may be published one day.
func WorkTree(path string) string {
	target, err := follow(path)
	if err != nil {
		return ""
	}
	folder := filepath.Dir(target)
	for at := folder; ; at = filepath.Dir(at) { // the part that is there, behind its links
		if real, err := filepath.EvalSymlinks(at); err == nil {
			folder = filepath.Join(real, folder[len(at):])
			break
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Lstat(filepath.Join(folder, ".git")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			return ""
		}
	}
}
