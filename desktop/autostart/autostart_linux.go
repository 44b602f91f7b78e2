package autostart

import (
	"fmt"
	"os"
	"path/filepath"
)

// text is what the entry says.
func (e Entry) text() (string, error) { return desktopFile(e.program, e.args) }

// file says where the entry lies.
func (e Entry) file() (file, error) {
	dir := e.dir
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return file{}, fmt.Errorf("start at login: %w", err)
		}
		dir = filepath.Join(config, "autostart")
	}
	return file{path: filepath.Join(dir, fileName), off: switchedOff}, nil
}
