// Command journey walks through all that kubecreds does for a person, from the first click to Quit, and shows each step as a
// line while it happens. It runs inside the virtual desktop (../desktop/with-desktop --a11y), with a real mouse and keyboard,
// and leaves pictures beside those of the desktop, in $DESK_SHOTS. ../run starts it: make demo.
//
// Exit status: 0 if every step happened, 1 if one did not, 2 on wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// lifetime of the tokens in the journey's first part: short, so that renewals can be watched.
const lifetime = 20 * time.Second

func main() {
	bin := flag.String("bin", "", "`folder` of kubecreds, kubectl-creds, kubectl and demo-servers (required)")
	flag.Parse()
	desk, pictures := os.Getenv("DESK_DIR"), os.Getenv("DESK_SHOTS")
	if *bin == "" || flag.NArg() > 0 || desk == "" {
		fmt.Fprintln(os.Stderr, "journey: write demo/desktop/with-desktop --a11y -- journey --bin build/out")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, *bin, filepath.Join(desk, "journey"), pictures)
	stop()
	if err != nil {
		fmt.Println("\n" + err.Error())
		os.Exit(1)
	}
}

// A journey is what its steps share.
type journey struct {
	*drive.Rig
	out      io.Writer
	pictures string          // the folder they go to
	ready    string          // how the icon looks when all is well
	seen     strings.Builder // what the step under way saw
}

// A step is one thing that happens to a person. do returns an error that says what did not happen.
type step struct {
	title string
	do    func(context.Context) error
}

// run walks through all steps, with everything of kubecreds and the servers under dir.
func run(ctx context.Context, bin, dir, pictures string) error {
	rig, err := drive.Start(ctx, bin, dir, "--id-token="+lifetime.String())
	if err != nil {
		return err
	}
	j := &journey{Rig: rig, out: os.Stdout, pictures: pictures}
	defer j.keepLogs()
	defer rig.Stop()
	begun := time.Now()
	j.line("A provider and two clusters run; tokens live %s here.", lifetime)
	steps := j.steps()
	for i, s := range steps {
		if err := j.take(ctx, s, fmt.Sprintf("%2d of %d", i+1, len(steps))); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			return j.failed(ctx, i+1, s, err)
		}
	}
	j.line("\nEvery step happened, in %.0f s.", time.Since(begun).Seconds())
	if err := j.sheet(ctx); err != nil {
		j.line("Only the overview of the pictures could not be made: %v", err)
	}
	j.line("Pictures: %s (all at a glance: index.png)", pictures)
	return nil
}

// take does one step and shows it: one line, and below it what was seen.
func (j *journey) take(ctx context.Context, s step, number string) error {
	begun := time.Now()
	j.seen.Reset()
	err := s.do(ctx)
	mark := "✓"
	if err != nil {
		mark = "✗"
	}
	j.line("%s %s  %s  (%.1f s)", mark, number, s.title, time.Since(begun).Seconds())
	_, _ = io.WriteString(j.out, j.seen.String())
	return err
}

// failed says which step did not happen, why, and what there was to see instead.
func (j *journey) failed(ctx context.Context, number int, s step, why error) error {
	picture, _ := drive.Desk(ctx, "shot", "failed")
	seen, _ := drive.Desk(ctx, "seen")
	return fmt.Errorf("step %d did not happen: %s\n\nWhy:\n%s\nThe menu:\n%s\nOn the screen:\n%s\nA picture of it: %s\nLogs: %s",
		number, s.title, indent(why.Error()), indent(drive.Menu(ctx)), indent(seen), picture, filepath.Join(j.pictures, "log"))
}

// keepLogs keeps what kubecreds wrote beside the logs of the desktop.
func (j *journey) keepLogs() {
	for name, from := range map[string]string{
		"kubecreds.log":    filepath.Join(j.Home, "state", "kubecreds.log"),
		"kubecreds.stderr": filepath.Join(j.Dir, "agent.out"),
	} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Join(j.pictures, "log"), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(j.pictures, "log", name), text, 0o644)
		}
		if err != nil {
			j.line("not kept: %v", err)
		}
	}
}

// line prints one line.
func (j *journey) line(format string, args ...any) { _, _ = fmt.Fprintf(j.out, format+"\n", args...) }

// waiting says, at once, what the step waits for, where that takes long.
func (j *journey) waiting(format string, args ...any) { j.line("… "+format, args...) }

// note tells what the step saw: it is shown below the step's line.
func (j *journey) note(format string, args ...any) {
	j.seen.WriteString(indent(fmt.Sprintf(format, args...)))
}

func indent(text string) string {
	text = strings.TrimRight(text, "\n")
	return "      " + strings.ReplaceAll(text, "\n", "\n      ") + "\n"
}
