package kubeconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// WriteTokenFile makes token the contents of the file at path, for its owner only: a reader finds the old token or the new,
// whole. Its folder is made, and is its owner's only too.
func WriteTokenFile(ctx context.Context, path string, token secret.Text) error {
	if err := writeTokenFile(ctx, path, token); err != nil {
		return readable(path, err)
	}
	return nil
}

func writeTokenFile(ctx context.Context, path string, token secret.Text) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		return err
	}
	if old, err := os.ReadFile(path); err == nil && secret.New(string(old)).Equal(token) {
		return nil
	}
	temp, err := os.CreateTemp(folder, tempPrefix(path)+"*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // gone by then if all went well
	_, err = temp.WriteString(token.Reveal())
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return replace(ctx, temp.Name(), path)
}

// KeepTokenFiles removes all files from the folder of token files but those at paths, among them what killed processes left.
func KeepTokenFiles(folder string, paths ...string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return readable(folder, err)
	}
	keep := map[string]bool{}
	for _, p := range paths {
		keep[p] = true
	}
	var errs []error
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); !keep[path] && !e.IsDir() {
			errs = append(errs, os.Remove(path))
		}
	}
	return errors.Join(errs...)
}
