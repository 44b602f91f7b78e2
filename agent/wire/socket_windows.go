package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// socket is the listening end: a named pipe, of which one unconnected instance always waits for the next client. Its ACL
// lets in this user only, so that accept has nobody to turn away.
//
// It calls the system directly: go-winio keeps its first instance unserved, and there is no need of more than this.
type socket struct {
	name string
	stop windows.Handle // an event, set by close
	once sync.Once

	mu     sync.Mutex     // held by accept while it waits
	next   windows.Handle // the instance that waits for a client
	closed bool
}

const pipeBuffer = 64 << 10

// listenSocket makes the pipe, whose lock the caller holds. It fails where somebody else has a pipe of that name.
func listenSocket(p Place) (*socket, error) {
	first, err := newInstance(p.sock, windows.FILE_FLAG_FIRST_PIPE_INSTANCE)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", p.sock, ErrNotOurs, err)
	}
	stop, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		_ = windows.CloseHandle(first)
		return nil, err
	}
	return &socket{name: p.sock, stop: stop, next: first}, nil
}

// newInstance makes an instance of the pipe: no other machine's clients, an ACL for this user alone, who is also its owner
// (of an elevated process's pipe the owner would be the administrators' group).
func newInstance(name string, flags uint32) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return windows.InvalidHandle, err
	}
	sid := userSID()
	sd, err := windows.SecurityDescriptorFromString("O:" + sid + "D:P(A;;GA;;;" + sid + ")")
	if err != nil {
		return windows.InvalidHandle, err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	return windows.CreateNamedPipe(path,
		windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		windows.PIPE_UNLIMITED_INSTANCES, pipeBuffer, pipeBuffer, 0, &sa)
}

// accept waits for the next client. It makes the next instance before it hands out this one, so that there always is one
// and nobody else can take the name.
func (s *socket) accept() (stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	err := s.connect()
	if errors.Is(err, os.ErrClosed) {
		return nil, err
	}
	var next windows.Handle
	if err == nil {
		next, err = newInstance(s.name, 0)
	}
	if err != nil { // the client left at once, or the system is out of memory: this instance waits again
		_ = windows.DisconnectNamedPipe(s.next)
		return nil, err
	}
	h := s.next
	s.next = next
	return os.NewFile(uintptr(h), s.name), nil // opened for overlapped I/O: os gives it deadlines
}

// connect waits until a client is connected to the waiting instance; after close it is os.ErrClosed.
func (s *socket) connect() error {
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(event) }()
	o := windows.Overlapped{HEvent: event}
	switch err := windows.ConnectNamedPipe(s.next, &o); {
	case err == nil, errors.Is(err, windows.ERROR_PIPE_CONNECTED): // a client was faster
		return nil
	case errors.Is(err, windows.ERROR_IO_PENDING):
	default:
		return err
	}
	which, err := windows.WaitForMultipleObjects([]windows.Handle{event, s.stop}, false, windows.INFINITE)
	if err != nil || which != windows.WAIT_OBJECT_0 {
		_ = windows.CancelIoEx(s.next, &o)
		err = os.ErrClosed
	}
	var n uint32
	if e := windows.GetOverlappedResult(s.next, &o, &n, true); err == nil { // waits: o must outlive the operation
		err = e
	}
	return err
}

// close ends accept. With the last instance the pipe is gone.
func (s *socket) close() error {
	s.once.Do(func() {
		_ = windows.SetEvent(s.stop)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
		_ = windows.CloseHandle(s.next)
		_ = windows.CloseHandle(s.stop)
	})
	return nil
}

func (p Place) dial(ctx context.Context) (clientStream, error) {
	path, err := windows.UTF16PtrFromString(p.sock)
	if err != nil {
		return nil, err
	}
	// The agent may learn who we are, and not act as us: whoever took the name first is not known yet.
	const flags = windows.FILE_FLAG_OVERLAPPED | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_IDENTIFICATION
	for {
		h, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING, flags, 0)
		switch {
		case err == nil:
			if err := checkOwner(h); err != nil {
				_ = windows.CloseHandle(h)
				return nil, fmt.Errorf("%s: %w", p.sock, err)
			}
			return os.NewFile(uintptr(h), p.sock), nil
		case errors.Is(err, windows.ERROR_FILE_NOT_FOUND):
			return nil, ErrNoAgent
		case errors.Is(err, windows.ERROR_ACCESS_DENIED):
			return nil, fmt.Errorf("%s: %w: it belongs to another user", p.sock, ErrNotOurs)
		case !errors.Is(err, windows.ERROR_PIPE_BUSY) || !pause(ctx, poll):
			return nil, err
		}
	}
}

// checkOwner requires that the pipe is this user's.
func checkOwner(h windows.Handle) error {
	sd, err := windows.GetSecurityInfo(h, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	if owner.String() != userSID() {
		return fmt.Errorf("%w: another user is at the other end", ErrNotOurs)
	}
	return nil
}
