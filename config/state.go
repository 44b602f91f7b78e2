package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is what we remember between two runs. It holds no secret, and losing it costs a person a few words typed again.
// The zero value is the state of a first start.
type State struct {
	Usernames map[string]string `json:"usernames,omitempty"` // by account: what to prefill
	Accounts  []string          `json:"accounts,omitempty"`  // that have logged in: what may still be in the keychain
	Told      map[string]string `json:"told,omitempty"`      // what a person was told and put off; see tray/menu
	// InWorkTrees are the kubeconfigs in git work trees that the person has allowed to write.
	InWorkTrees []string `json:"inWorkTrees,omitempty"`
	// Backups are what kubeconfigs were before our first change of each, by their path.
	Backups map[string]Backup `json:"backups,omitempty"`
}

// Backup is a copy of a file as it was.
type Backup struct {
	File string    `json:"file,omitempty"` // "" if there was nothing to keep, or it is not kept any more
	At   time.Time `json:"at"`
}

// LoadState reads the state file at path. No file is the zero State. A file that cannot be read or makes no sense is the
// zero State too, and an error to show once: the next Save replaces it.
func LoadState(path string) (State, error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("%s cannot be read: %s; what it remembered is lost, logins are not", path, reason(err))
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("%s is damaged; what it remembered is lost, logins are not", path)
	}
	return s, nil
}

// Save writes s to the state file at path, whole or not at all, readable by the person only. It makes the folder.
func (s State) Save(path string) error { return SavePrivate(path, s) }

// SavePrivate writes v as JSON to the file at path, whole or not at all, readable by the person only. It makes the folder.
func SavePrivate(path string, v any) error {
	if err := save(path, v); err != nil {
		return fmt.Errorf("%s cannot be written: %s", path, reason(err))
	}
	return nil
}

func save(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".state-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
