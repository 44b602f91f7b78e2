// Command bench says what a get-token costs, beside an empty Go program, and what an idle kubecreds costs, beside an empty tray
// program, both built in the same run: one line a figure, NAME<tab>VALUE<tab>UNIT, on standard output. kubecreds runs as a
// person's does: in the virtual desktop, logged in to the demo's provider for two clusters. For the second part both programs
// settle, and are watched for three minutes. Run it in the folder demo, after make build kubectl:
//
//	go run ./bench [-n 300] [-window 1m] [-settle 20s] [-only get-token]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

const windows = 3

func main() {
	settle := flag.Duration("settle", 20*time.Second, "how long to let the programs settle")
	window := flag.Duration("window", time.Minute, "how long to count; three times")
	n := flag.Int("n", 300, "how many get-token")
	only := flag.String("only", "", "get-token or idle: that part alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	err := bench(ctx, options{*settle, *window, *n, *only})
	var inside *exec.ExitError
	switch {
	case errors.As(err, &inside):
		os.Exit(1) // it has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	settle, window time.Duration
	n              int
	only           string
}

// bench measures in the virtual desktop: it starts itself again in one where it is not in one yet.
func bench(ctx context.Context, o options) error {
	if os.Getenv("DESK_DIR") == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return run(ctx, "desktop/with-desktop", append([]string{"--", self}, os.Args[1:]...)...)
	}
	scratch, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	rig, err := loggedIn(ctx, scratch)
	if err != nil {
		return err
	}
	defer rig.Stop()
	if o.only != "idle" {
		if err := getToken(ctx, os.Stdout, rig, scratch, o.n); err != nil {
			return err
		}
	}
	if o.only != "get-token" {
		return idle(ctx, rig, scratch, o.settle, o.window)
	}
	return nil
}

// idle compares rig's agent with an empty tray program while nobody wants anything of either.
func idle(ctx context.Context, rig *drive.Rig, scratch string, settle, window time.Duration) error {
	empty, end, err := emptyTray(ctx, filepath.Join(scratch, "emptytray"))
	if err != nil {
		return err
	}
	defer end()
	fmt.Fprintf(os.Stderr, "bench: measuring for %s\n", settle+windows*window)
	measured, floor, err := sideBySide(ctx, rig.AgentPID(), empty, settle, window)
	if err != nil {
		return err
	}
	report(os.Stdout, measured, floor)
	return nil
}

// loggedIn starts the demo's servers and kubecreds, and logs in. Tokens live an hour, as in real life.
func loggedIn(ctx context.Context, dir string) (*drive.Rig, error) {
	bin, err := drive.Bin(ctx)
	if err != nil {
		return nil, err
	}
	rig, err := drive.Start(ctx, bin, dir, "--id-token", "1h")
	if err != nil {
		return nil, err
	}
	err = rig.StartAgent(rig.Program("kubecreds"))
	if err == nil {
		_, err = drive.Desk(ctx, "wait-item")
	}
	if err == nil {
		if login := rig.Creds(ctx, "password", "login", "corp", "--username", "alice", "--password-stdin"); login.Status != 0 {
			err = errors.New(login.Err)
		}
	}
	if err != nil {
		rig.Stop()
	}
	return rig, err
}

// emptyTray builds and starts the program to compare with. end ends it.
func emptyTray(ctx context.Context, path string) (pid int, end func(), err error) {
	fmt.Fprintln(os.Stderr, "bench: building an empty tray program")
	if err := build(ctx, path, "./bench/emptytray"); err != nil {
		return 0, nil, err
	}
	cmd := exec.CommandContext(ctx, path)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	return cmd.Process.Pid, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // ended by us: its status says nothing
	}, nil
}

// build builds a program to compare with, as ours are built.
func build(ctx context.Context, path, pkg string) error {
	return run(ctx, "env", "CGO_ENABLED=0", "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
}

// sideBySide watches both processes at once, so that the machine's other work disturbs them alike.
func sideBySide(ctx context.Context, a, b int, settle, window time.Duration) (ua, ub usage, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	watched := func(pid int, u *usage) {
		wg.Go(func() {
			var err error
			if *u, err = watch(ctx, pid, settle, window, windows); err != nil {
				cancel(err) // the other's figures alone are of no use
			}
		})
	}
	watched(a, &ua)
	watched(b, &ub)
	wg.Wait()
	err = context.Cause(ctx)
	cancel(nil)
	return ua, ub, err
}

// run runs a command with our output.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Run()
}

// report prints the figures of kubecreds and of the empty tray program, and how many times the latter's the former's are.
func report(w io.Writer, measured, floor usage) {
	const kib = 1024.0
	figures := []struct {
		name           string
		measured, base float64
		unit           string
	}{
		{"resident", float64(measured.resident) / kib, float64(floor.resident) / kib, "MiB"},
		{"peak", float64(measured.peak) / kib, float64(floor.peak) / kib, "MiB"},
		{"wakeups", float64(measured.wakeups), float64(floor.wakeups), "1/min"},
	}
	for _, f := range figures {
		fmt.Fprintf(w, "idle-%s\t%.1f\t%s\n", f.name, f.measured, f.unit)
		fmt.Fprintf(w, "idle-%s-empty-tray\t%.1f\t%s\n", f.name, f.base, f.unit)
		if f.base > 0 {
			fmt.Fprintf(w, "idle-%s-ratio\t%.2f\tempty trays\n", f.name, f.measured/f.base)
		}
	}
}
