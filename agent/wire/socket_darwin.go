package wire

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// newSocket makes a socket that no program started by this one inherits, and that never blocks.
func newSocket() (int, error) {
	return guarded(func() (int, error) { return unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0) })
}

// acceptSocket takes the next connection of a listening socket, made like newSocket's. It does not wait.
func acceptSocket(listening int) (int, error) {
	return guarded(func() (int, error) {
		fd, _, err := unix.Accept(listening)
		return fd, err
	})
}

// guarded sets on a new descriptor what this system cannot set while it makes one; meanwhile no program is started.
func guarded(open func() (int, error)) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := open()
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
