package autostart

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows/registry"
)

const (
	runName     = "kubecreds" // the value's, under both keys
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
)

// Enabled reports whether the entry is there and was not switched off in Windows' settings or the task manager.
func (e Entry) Enabled() (bool, error) {
	if e.dir != "" {
		return e.file().enabled()
	}
	run, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, failed(err)
	}
	defer func() { _ = run.Close() }()
	if _, _, err := run.GetStringValue(runName); errors.Is(err, registry.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, failed(err)
	}
	return approved(approval()), nil
}

// approval is what Windows keeps beside the entry, nil where that is nothing.
func approval() []byte {
	key, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer func() { _ = key.Close() }()
	value, _, err := key.GetBinaryValue(runName)
	if err != nil {
		return nil
	}
	return value
}

// Enable writes the entry, also over one that was switched off: call it only when the person asks.
func (e Entry) Enable() error {
	command, err := runCommand(e.program, e.args)
	if err != nil {
		return err
	}
	if e.dir != "" {
		f := e.file()
		f.text = command
		return f.enable()
	}
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = key.Close() }()
	if err := key.SetStringValue(runName, command); err != nil {
		return failed(err)
	}
	return remove(approvedKey)
}

// Disable removes the entry. One that is not there is no error.
func (e Entry) Disable() error {
	if e.dir != "" {
		return e.file().disable()
	}
	return errors.Join(remove(runKey), remove(approvedKey))
}

// file is the entry of a life of its own under one folder: Windows does not look there.
func (e Entry) file() file {
	return file{path: filepath.Join(e.dir, runName+".run"), off: func(string) bool { return false }}
}

// remove deletes the entry's value under a key. One that is not there is no error.
func remove(path string) error {
	key, err := registry.OpenKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if err == nil {
		err = key.DeleteValue(runName)
		_ = key.Close()
	}
	if err != nil && !errors.Is(err, registry.ErrNotExist) {
		return failed(err)
	}
	return nil
}

func failed(err error) error { return fmt.Errorf("start at login: the registry: %w", err) }
