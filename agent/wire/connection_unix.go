//go:build !windows

package wire

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// connection is a client's end of a socket. It waits in the system's poll and not in Go's, which would need a thread and a
// dozen system calls to be set up, for one answer.
type connection struct {
	fd       int
	deadline atomic.Pointer[time.Time] // of reading and writing; nil: none
	once     sync.Once
	mu       sync.RWMutex // held for writing when nobody uses fd any more
	closed   bool
}

// Read implements io.Reader.
func (c *connection) Read(b []byte) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for {
		if err := c.await(unix.POLLIN); err != nil {
			return 0, err
		}
		n, err := syscall.Read(c.fd, b)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Write implements io.Writer.
func (c *connection) Write(b []byte) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	written := 0
	for written < len(b) {
		if c.closed {
			return written, os.ErrClosed
		}
		n, err := syscall.Write(c.fd, b[written:])
		switch {
		case errors.Is(err, unix.EAGAIN):
			if err := c.await(unix.POLLOUT); err != nil {
				return written, err
			}
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return written, err
		default:
			written += n
		}
	}
	return written, nil
}

// await waits until the system has event to tell of the connection, or the deadline is over.
func (c *connection) await(event int16) error {
	if c.closed {
		return os.ErrClosed
	}
	for {
		wait := -1 // for ever
		if end := c.deadline.Load(); end != nil {
			left := time.Until(*end)
			if left <= 0 {
				return os.ErrDeadlineExceeded
			}
			wait = int(min(left, time.Hour)/time.Millisecond) + 1
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: event}}, wait)
		if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// SetDeadline ends each wait that begins from now on at t; zero is never.
func (c *connection) SetDeadline(t time.Time) error {
	if t.IsZero() {
		c.deadline.Store(nil)
	} else {
		c.deadline.Store(&t)
	}
	return nil
}

// Close implements io.Closer, at any time: it ends what waits.
func (c *connection) Close() error {
	var err error
	c.once.Do(func() {
		_ = unix.Shutdown(c.fd, unix.SHUT_RDWR) // the other end may have gone
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed = true
		err = unix.Close(c.fd)
	})
	return err
}
