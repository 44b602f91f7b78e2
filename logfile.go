package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

const maxLog = 1 << 20 // bytes; then the log begins anew, and the last one is kept beside it

// openLog opens the log for this person's eyes only, and to also where verbose is set.
func openLog(path string, verbose bool, also io.Writer) (*slog.Logger, func(), error) {
	f, err := newLogFile(path, maxLog)
	if err != nil {
		return nil, nil, err
	}
	var out io.Writer = f
	if verbose {
		out = io.MultiWriter(f, also)
	}
	return slog.New(slog.NewTextHandler(out, nil)), f.close, nil
}

// logFile is a file that never grows beyond a limit: before, it becomes PATH.1, in the place of the last one.
type logFile struct {
	path  string
	limit int64

	mu   sync.Mutex
	file *os.File
	size int64
}

func newLogFile(path string, limit int64) (*logFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	l := &logFile{path: path, limit: limit}
	return l, l.open()
}

// open opens the file where it was left. It is for nobody else to read, whoever made it so.
func (l *logFile) open() error {
	if st, err := os.Lstat(l.path); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf("%s: not a file: remove it", l.path)
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	l.file, l.size = f, st.Size()
	return nil
}

// Write implements io.Writer, for whole lines. What cannot be written is lost: the program goes on.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(line)) > l.limit {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(line)
	l.size += int64(n)
	return n, err
}

// rotate begins the file anew. Where the last one cannot be put aside it is given up: it must not grow for ever. An error leaves
// the file closed, and the next line tries again.
func (l *logFile) rotate() error {
	_ = l.file.Close() // Windows renames no open file
	kept := os.Rename(l.path, l.path+".1")
	if err := l.open(); err != nil {
		return err
	}
	if kept == nil || l.size == 0 {
		return nil
	}
	l.size = 0
	return l.file.Truncate(0)
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.file.Close()
}
