package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// startTimeout is how long a started agent may take until it listens.
const startTimeout = 5 * time.Second

// Program is the path of the kubecreds that belongs to this program: the one beside it, links resolved. PATH is not asked,
// because a folder on it may be somebody else's.
func Program() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", err
	}
	name := "kubecreds"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(self), name), nil
}

// Start has an agent run at p: it starts program, detached from this process and its terminal, and returns when it listens.
// Of several clients that start one at once, one does it and the others wait. It starts nothing at a named place, and
// nothing as root or elevated for somebody else's account.
func Start(ctx context.Context, p Place, program string) error {
	if err := mayStart(); err != nil {
		return err
	}
	if err := p.prepare(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var ended <-chan error
	for {
		c, err := Dial(ctx, p)
		if err == nil {
			return c.Close()
		}
		if !errors.Is(err, ErrNoAgent) {
			return err
		}
		if ended == nil {
			lock, held, err := p.lock(startFile)
			if err != nil {
				return err
			}
			if held {
				defer func() { _ = lock.Close() }()
				if ended, err = spawn(program, p.arguments(os.Environ())); err != nil {
					return err
				}
			}
		}
		select {
		case err := <-ended:
			return p.afterEnd(ctx, program, err)
		default:
		}
		if !pause(ctx, poll) {
			return fmt.Errorf("%s did not answer within %s", program, startTimeout)
		}
	}
}

// afterEnd judges an agent that ended at once: all is well if it did because another one runs.
func (p Place) afterEnd(ctx context.Context, program string, ended error) error {
	if c, err := Dial(ctx, p); err == nil {
		return c.Close()
	}
	return fmt.Errorf("%s ended at once (%w); run it in a terminal to see why", program, ended)
}

// arguments are those of an agent at p: without a tray where no desktop can show one.
func (p Place) arguments(environ []string) []string {
	args := []string{"--background"} // where another was faster it ends without a word
	if p.home != "" {
		args = append(args, "--home", p.home)
	}
	if !hasDesktop(runtime.GOOS, environ) {
		args = append(args, "--no-tray")
	}
	return args
}

// spawn starts program with stdio on the null device, in the home folder, in a session of its own. What it returns yields
// how the program ended, if it does while this process lives.
func spawn(program string, args []string) (<-chan error, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = null.Close() }()
	environ := os.Environ()
	process, err := os.StartProcess(program, append([]string{program}, args...), &os.ProcAttr{
		Dir:   homeDir(),
		Env:   agentEnvironment(runtime.GOOS, environ),
		Files: []*os.File{null, null, null},
		Sys:   detached(),
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() {
		state, err := process.Wait()
		if err == nil {
			err = errors.New(state.String())
		}
		ended <- err
	}()
	return ended, nil
}

// homeDir is where the agent runs, so that it keeps no other folder from being unmounted or removed.
func homeDir() string {
	if home, err := os.UserHomeDir(); err == nil {
		if fi, err := os.Stat(home); err == nil && fi.IsDir() {
			return home
		}
	}
	return string(filepath.Separator)
}
