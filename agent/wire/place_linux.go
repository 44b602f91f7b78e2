package wire

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
)

func standardDir() (string, error) {
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/run/user/" + strconv.Itoa(os.Getuid())} {
		// After su or sudo XDG_RUNTIME_DIR may be another user's: that is passed over, as if it were not set.
		if fi, err := os.Stat(dir); filepath.IsAbs(dir) && err == nil && fi.IsDir() && ownerOf(fi) == os.Getuid() && fi.Mode().Perm()&0o022 == 0 {
			return filepath.Join(dir, "kubecreds"), nil
		}
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "kubecreds", "run"), nil
	}
	if home := os.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "kubecreds", "run"), nil
	}
	return "", errors.New("no folder for the agent's socket: neither XDG_RUNTIME_DIR nor HOME is set to one of yours")
}
