package wire

import (
	"errors"
	"os"
	"path/filepath"
)

func standardDir() (string, error) {
	home := os.Getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", errors.New("no folder for the agent's socket: HOME is not set")
	}
	return filepath.Join(home, "Library", "Application Support", "kubecreds", "run"), nil
}
