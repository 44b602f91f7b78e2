package autostart

import (
	"fmt"
	"os"
	"path/filepath"
)

// text is what the launch agent says.
func (e Entry) text() (string, error) { return launchAgent(e.program, e.args) }

// file says where the launch agent lies. What System Settings keeps beside it only programs in a signed bundle may ask.
func (e Entry) file() (file, error) {
	dir := e.dir
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return file{}, fmt.Errorf("start at login: %w", err)
		}
		dir = filepath.Join(home, "Library", "LaunchAgents")
	}
	return file{path: filepath.Join(dir, agentLabel+".plist"), off: agentDisabled}, nil
}
