//go:build !windows

package wire

import (
	"errors"
	"os"
	"syscall"
)

// mayStart refuses root that is somebody else's: sudo's user would get an agent they can neither see nor stop, with root's
// keychain.
func mayStart() error {
	if os.Geteuid() == 0 && os.Getenv("SUDO_UID") != "" {
		return errors.New("kubecreds is not running, and is not started under sudo; run this without sudo")
	}
	return nil
}

// detached puts the agent into a session of its own: no terminal, no Ctrl-C, no hang-up.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
