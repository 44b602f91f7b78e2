//go:build !windows && !darwin

package config

import (
	"os"
	"path/filepath"
)

// stateDir returns $XDG_STATE_HOME/kubecreds, else ~/.local/state/kubecreds. As the XDG base directory specification says,
// a relative $XDG_STATE_HOME counts as none.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "kubecreds"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "kubecreds"), err
}
