package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFile is the longest file that is sent to the agent.
const maxFile = 1 << 20

// readFile reads a file that a person named on the command line.
func readFile(path string) ([]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = in.Close() }()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: a folder, not a file", path)
	}
	b, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: cannot be read", path)
	case len(b) > maxFile:
		return nil, fmt.Errorf("%s: longer than 1 MiB", path)
	case len(b) == 0:
		return nil, fmt.Errorf("%s: it is empty", path)
	}
	return b, nil
}
