package wire

import "golang.org/x/sys/unix"

// newSocket makes a socket that no program started by this one inherits, and that never blocks.
func newSocket() (int, error) {
	return unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
}

// acceptSocket takes the next connection of a listening socket, made like newSocket's. It does not wait.
func acceptSocket(listening int) (int, error) {
	fd, _, err := unix.Accept4(listening, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	return fd, err
}
