package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a file must be left alone before Watch reports it: editors write in several steps.
const settle = 200 * time.Millisecond

// Watch returns a channel that holds a signal whenever the file at path has appeared, changed, been replaced or gone, and
// then been left alone for 200 ms. It holds at most one signal, and is closed when ctx ends. The file need not be there;
// its folder is made if it is not, because the folder is what is watched: editors put a new file in the old one's place.
func Watch(ctx context.Context, path string) (<-chan struct{}, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be watched: %w", path, err)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("%s cannot be watched: %s", path, reason(err))
	}
	return WatchFiles(ctx, path)
}

// WatchFiles is Watch for several files, absolute paths whose folders must be there.
func WatchFiles(ctx context.Context, paths ...string) (<-chan struct{}, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("files cannot be watched: %w", err)
	}
	for _, path := range paths {
		if err := w.Add(filepath.Dir(path)); err != nil { // once more is no error
			_ = w.Close()
			return nil, fmt.Errorf("%s cannot be watched: %w", path, err)
		}
	}
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		defer func() { _ = w.Close() }()
		watch(ctx, w, paths, changed)
	}()
	return changed, nil
}

// watch turns w's events about paths into signals until ctx or w ends.
func watch(ctx context.Context, w *fsnotify.Watcher, paths []string, changed chan<- struct{}) {
	quiet := time.NewTimer(settle)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			// A mode that changed is no news; on macOS and Linux an index service may touch it now and then.
			if slices.Contains(paths, filepath.Clean(e.Name)) && e.Op != fsnotify.Chmod {
				quiet.Reset(settle)
			}
		case _, ok := <-w.Errors:
			if !ok {
				return
			}
			quiet.Reset(settle) // events were lost: a file may have changed
		case <-quiet.C:
			select {
			case changed <- struct{}{}:
			default: // one is waiting already
			}
		}
	}
}
