package wire

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// mayStart refuses an elevated client: its agent would be elevated as long as the person works.
func mayStart() error {
	if windows.GetCurrentProcessToken().IsElevated() {
		return errors.New("kubecreds is not running, and is not started by an elevated program; start it from the desktop")
	}
	return nil
}

// detached gives the agent no console, and a process group of its own: no Ctrl-C.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
