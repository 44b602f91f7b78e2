package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestTheLogBeginsAnewBeforeItGrowsTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "kubecreds.log")
	l, err := newLogFile(path, 100)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	var writers sync.WaitGroup
	for i := range 10 {
		writers.Go(func() {
			for j := range 10 {
				if _, err := fmt.Fprintf(l, "line %d of %d, whole\n", j, i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if _, err := l.Write([]byte("the last\n")); err != nil {
		t.Fatal(err)
	}
	now, before := read(t, path), read(t, path+".1")
	if !strings.HasSuffix(now, "the last\n") || len(now) > 100 || len(before) > 100 || len(before) < 50 {
		t.Errorf("%q, before %q", now, before)
	}
	for line := range strings.Lines(before) {
		if !strings.HasPrefix(line, "line ") || !strings.HasSuffix(line, ", whole\n") {
			t.Errorf("a torn line: %q", line)
		}
	}
}

func TestTheLogGoesOnWhereItWasAndIsForItsPersonOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubecreds.log")
	if err := os.WriteFile(path, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	log, closeLog, err := openLog(path, true, &shown)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("hello")
	closeLog()
	text := read(t, path)
	if !strings.HasPrefix(text, "before\n") || !strings.Contains(text, "msg=hello") || !strings.HasSuffix(text, shown.String()) || shown.Len() == 0 {
		t.Errorf("%q, shown %q", text, shown.String())
	}
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

func TestALogThatCannotBePutAsideIsBegunAnewAllTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubecreds.log")
	if err := os.MkdirAll(filepath.Join(path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := newLogFile(path, 50)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	for range 10 {
		if _, err := l.Write([]byte("twenty characters..\n")); err != nil {
			t.Fatal(err)
		}
	}
	if text := read(t, path); len(text) > 50 || text == "" {
		t.Errorf("%q", text)
	}
}

func TestALinkInTheLogsPlaceIsNotFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // links are for administrators there
	}
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.Symlink(target, filepath.Join(dir, "kubecreds.log")); err != nil {
		t.Fatal(err)
	}
	if _, err := newLogFile(filepath.Join(dir, "kubecreds.log"), 50); err == nil {
		t.Error("it was opened")
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("it was followed")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
