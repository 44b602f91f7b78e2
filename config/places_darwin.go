package config

import (
	"os"
	"path/filepath"
)

// stateDir returns ~/Library/Application Support/kubecreds.
func stateDir() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "kubecreds"), err
}
