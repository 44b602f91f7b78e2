package kubeconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"
)

// maxSize is the largest file that is read. The largest seen in the wild, a thousand clusters with inline certificates,
// has 10 MB.
const maxSize = 64 << 20

// file is one kubeconfig file as it was when it was read.
type file struct {
	path   string
	stat   fs.FileInfo // nil: there is no such file
	readAt time.Time
	text   []byte      // all of it
	short  []byte      // text with stand-ins for long certificates: what is parsed, see shorten
	cuts   []cut       // from offsets in short to those in text
	config *api.Config // what client-go makes of short
}

func (f *file) exists() bool { return f.stat != nil }

// readFile reads and parses the file at path. A missing one is empty. A FIFO is refused before it is opened.
//
// kubectl writes in place: while its lock is there, and where the file changed while it was read, it may be half of one, or
// two halves. Unless that lock is mine, readFile waits a moment for the writer to end.
func readFile(path string, mine bool) (*file, error) {
	const tries = 50
	for try := 1; ; try++ {
		now := time.Now()
		text, stat, err := readRegular(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		f, err := parseFile(path, text)
		if mine || try == tries || !beingWritten(path) && !changedSince(path, stat) {
			if err != nil {
				return nil, err
			}
			f.stat, f.readAt = stat, now
			return f, nil
		}
		time.Sleep(lockPoll)
	}
}

// beingWritten reports whether a program holds the lock of the kubeconfig at path.
func beingWritten(path string) bool {
	lock, err := os.Lstat(path + lockSuffix)
	return err == nil && !isStale(lock)
}

// changedSince reports whether the file at path is no longer as it was when it was opened; nil is a file that was not there.
func changedSince(path string, opened fs.FileInfo) bool {
	now, err := os.Stat(path)
	if err != nil {
		now = nil
	}
	return !sameStat(now, opened)
}

// parseFile makes a file of its text.
func parseFile(path string, text []byte) (*file, error) {
	f := &file{path: path, text: text}
	f.short, f.cuts = shorten(text)
	var err error
	if f.config, err = load(f.short); err != nil {
		return nil, explain(path, f.short, err)
	}
	return f, nil
}

// readRegular returns the text of the file at path, and what it was when it was opened; nothing with fs.ErrNotExist.
func readRegular(path string) ([]byte, fs.FileInfo, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, nil, readable(path, err)
	}
	if !stat.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: %s, not a file", path, describe(stat.Mode()))
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, nil, readable(path, err)
	}
	defer in.Close()
	// Of the open file: the path may have been given to another one since.
	if stat, err = in.Stat(); err != nil {
		return nil, nil, readable(path, err)
	}
	if stat.Size() > maxSize {
		return nil, nil, tooLarge(path)
	}
	var text bytes.Buffer
	text.Grow(int(stat.Size()) + bytes.MinRead)
	if _, err := text.ReadFrom(io.LimitReader(in, maxSize+1)); err != nil {
		return nil, nil, readable(path, err)
	}
	if text.Len() > maxSize { // it grew meanwhile
		return nil, nil, tooLarge(path)
	}
	return text.Bytes(), stat, nil
}

// reload returns the file as it is now, with its lock mine or not: f itself, if it is still as it was read. A file that was
// modified shortly before it was read is compared byte by byte, once more after that: two writes within one tick of a file
// system's clock have the same time.
func (f *file) reload(mine bool) (*file, error) {
	const tick = 2 * time.Second // FAT's, the coarsest
	stat, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !f.exists():
		return f, nil
	case err != nil || !sameStat(stat, f.stat):
		return readFile(f.path, mine)
	case f.readAt.Sub(stat.ModTime()) > tick:
		return f, nil
	}
	now := time.Now()
	text, stat, err := readRegular(f.path)
	if err == nil && sameStat(stat, f.stat) && bytes.Equal(text, f.text) {
		same := *f
		same.readAt = now
		return &same, nil
	}
	return readFile(f.path, mine)
}

func tooLarge(path string) error {
	return fmt.Errorf("%s: larger than %d MiB, which no kubeconfig is", path, maxSize>>20)
}

func describe(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	default:
		return "a device or socket"
	}
}

// readable turns an error of the file system into one line that begins with the path.
func readable(path string, err error) error {
	return fmt.Errorf("%s: %w", path, bare(err))
}

// bare takes the operation and the path off an error of the file system.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
