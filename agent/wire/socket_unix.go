//go:build !windows

package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sockets are the system's own calls here, and not package net's: every kubectl call would pay for what net sets up when it
// is linked, and for a thread that waits beside the one that reads.

// socket is the listening end. Its accept yields connections of this user only.
type socket struct {
	path  string
	file  *os.File // lets accept wait as all of Go waits, and ends it when it is closed
	ready syscall.RawConn
}

// listenSocket listens at p, whose lock the caller holds: what is left of an agent that died is removed.
func listenSocket(p Place) (*socket, error) {
	if err := checkLength(p.sock); err != nil {
		return nil, err
	}
	if err := os.Remove(p.sock); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	fd, err := newSocket()
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), p.sock)
	ready, err := file.SyscallConn()
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrUnix{Name: p.sock}))
	}
	if err == nil {
		err = os.Chmod(p.sock, 0o600)
	}
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &socket{p.sock, file, ready}, nil
}

// backlog is how many clients may have connected before one is accepted. The system has a limit of its own.
const backlog = 4096

// accept waits for the next connection. For one of another user it is ErrNotOurs, and can be called again; after close it is
// os.ErrClosed.
func (s *socket) accept() (stream, error) {
	var fd int
	var failed error
	if err := s.ready.Read(func(listening uintptr) bool {
		for {
			fd, failed = acceptSocket(int(listening))
			switch {
			case errors.Is(failed, unix.EAGAIN):
				return false
			case !errors.Is(failed, unix.EINTR) && !errors.Is(failed, unix.ECONNABORTED):
				return true
			}
		}
	}); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, os.NewSyscallError("accept", failed)
	}
	if err := judgePeer(peerUID(uintptr(fd))); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), s.path), nil
}

// close ends accept and removes the socket.
func (s *socket) close() error {
	removed := os.Remove(s.path)
	if err := s.file.Close(); err != nil {
		return err // it was closed before
	}
	if errors.Is(removed, fs.ErrNotExist) {
		return nil
	}
	return removed
}

func (p Place) dial(ctx context.Context) (clientStream, error) {
	if !p.Foreign() {
		if err := p.check(); errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoAgent
		} else if err != nil {
			return nil, err
		}
	}
	if err := checkLength(p.sock); err != nil {
		return nil, err
	}
	fd, err := connect(ctx, p.sock)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) {
		return nil, ErrNoAgent
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.sock, err)
	}
	if err := judgePeer(peerUID(uintptr(fd))); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("%s: %w", p.sock, err)
	}
	return &connection{fd: fd}, nil
}

// fullFor is how long connect tries while the agent takes no connections.
const fullFor = 5 * time.Second

// connect connects to the socket at path, which never blocks: Linux refuses with EAGAIN while the listener's queue is full,
// and it tries again.
func connect(ctx context.Context, path string) (int, error) {
	for left := int(fullFor / poll); ; left-- {
		fd, err := newSocket()
		if err != nil {
			return -1, err
		}
		for {
			if err = unix.Connect(fd, &unix.SockaddrUnix{Name: path}); !errors.Is(err, unix.EINTR) {
				break
			}
		}
		if err == nil {
			return fd, nil
		}
		_ = unix.Close(fd)
		if !errors.Is(err, unix.EAGAIN) || left == 0 || !pause(ctx, poll) {
			return -1, err
		}
	}
}

// judgePeer refuses every user but this one, root included: an agent of root's is not this person's agent.
func judgePeer(uid int, err error) error {
	if err != nil || uid != os.Getuid() {
		return fmt.Errorf("%w: another user is at the other end", ErrNotOurs)
	}
	return nil
}

// checkLength refuses what the kernel would: a socket's address holds a short path only.
func checkLength(path string) error {
	if most := len(syscall.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		return fmt.Errorf("%s: too long for a socket by %d characters: choose a folder with a shorter path", path, len(path)-most)
	}
	return nil
}
