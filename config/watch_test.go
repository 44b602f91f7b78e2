package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestEveryWayToChangeTheFileIsSeenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "that is not there yet", "config.yaml")
	ctx, end := context.WithCancel(t.Context())
	defer end()
	changed, err := Watch(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(path string) func() error {
		return func() error { return os.WriteFile(path, []byte("{}"), 0o600) }
	}
	steps := []struct {
		name string
		do   func() error
	}{
		{"it appears", put(path)},
		{"it is written", put(path)},
		{"it is replaced, as editors do", func() error {
			if err := put(path + "~")(); err != nil {
				return err
			}
			return os.Rename(path+"~", path)
		}},
		{"it goes", func() error { return os.Remove(path) }},
		{"it comes back", put(path)},
		{"it is written many times", func() error {
			for range 50 {
				if err := put(path)(); err != nil {
					return err
				}
			}
			return nil
		}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: no signal", s.name)
		}
	}
	// On a busy machine the many writes take longer than a file is left alone for: their last signal may be yet to come.
	for quiet := false; !quiet; {
		select {
		case <-changed:
		case <-time.After(10 * settle):
			quiet = true
		}
	}
	if err := put(filepath.Join(filepath.Dir(path), "other.yaml"))(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("another file gave a signal")
	case <-time.After(2 * settle):
	}
	end()
	select {
	case _, open := <-changed:
		if open {
			t.Error("a signal after the end")
		}
	case <-time.After(10 * time.Second):
		t.Error("the channel was not closed")
	}
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(file, "config.yaml")
	if _, err := Watch(t.Context(), path); err == nil || err.Error() != path+" cannot be watched: not a directory" {
		t.Errorf("%v", err)
	}
}
