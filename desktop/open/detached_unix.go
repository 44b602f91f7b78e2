//go:build !windows

package open

import "syscall"

// detached puts the program into a session of its own: no terminal, no Ctrl-C of ours, no hang-up.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
