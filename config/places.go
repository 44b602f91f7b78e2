package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Places says where everything of ours lies but the socket, which agent/wire finds: client and agent must find the same one,
// and the client reads no configuration. All paths are absolute; none needs to exist.
type Places struct {
	Home   string // the folder of --home; "" for the person's own places
	Config string // config.yaml, or the file that $KUBECREDS_CONFIG names
	State  string // the state folder
	// Autostart is the folder of the autostart entry under --home, and "" for the system's.
	Autostart      string
	KeychainPrefix string // what our keys in the keychain begin with; "" for the person's own places
}

// StateFile returns the path of state.json.
func (p Places) StateFile() string { return filepath.Join(p.State, "state.json") }

const fileName = "config.yaml"

// Standard returns the person's own places. It fails where the system cannot say which those are, as without HOME.
func Standard() (Places, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return Places{}, fmt.Errorf("there is no folder for the configuration: %w; set HOME, or start with --home DIR", err)
	}
	state, err := stateDir()
	if err != nil {
		return Places{}, fmt.Errorf("there is no folder for the state: %w; set HOME, or start with --home DIR", err)
	}
	file := filepath.Join(folder, "kubecreds", fileName)
	if named := os.Getenv("KUBECREDS_CONFIG"); named != "" {
		file = expand(named, "")
	}
	return Places{Config: file, State: state}, nil
}

// Under returns the places of a second life under home: --home DIR. All of them are there, whatever the environment says.
func Under(home string) Places {
	home = expand(home, "")
	sum := sha256.Sum256([]byte(home))
	return Places{
		Home:      home,
		Config:    filepath.Join(home, fileName),
		State:     filepath.Join(home, "state"),
		Autostart: filepath.Join(home, "autostart"),
		// No account's name begins with ~.
		KeychainPrefix: "~" + hex.EncodeToString(sum[:])[:8] + "/",
	}
}
