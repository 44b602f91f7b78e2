package wire

import (
	"bufio"
	"errors"
	"io"
	"time"
)

var (
	errTooLong   = errors.New("the message is too long")
	errNoRequest = errors.New("no request came in time")
	errNotUTF8   = errors.New("the answer is not UTF-8 text")
)

// stream is the agent's end of a connection between two processes of the same user: a Unix socket, or a named pipe on Windows.
type stream interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// clientStream is the client's end.
type clientStream interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// readLine returns the next line without its end. At most limit bytes of it are read and kept; a longer one is errTooLong.
// Half a line before the end of the stream is io.ErrUnexpectedEOF.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(long)+len(part) > limit {
			return nil, errTooLong
		}
		switch {
		case err == nil && long == nil:
			return part[:len(part)-1], nil // valid until the next read; every decoder copies
		case err == nil:
			return append(long, part[:len(part)-1]...), nil
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
		case errors.Is(err, io.EOF) && len(long)+len(part) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// writeLine sends one line, or fails within writeTimeout: the other end may have stopped reading.
func writeLine(s stream, line []byte) error {
	if err := s.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.Write(line)
	return err
}
