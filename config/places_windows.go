package config

import (
	"os"
	"path/filepath"
)

// stateDir returns %LocalAppData%\kubecreds.
func stateDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "kubecreds"), err
}
