// Command pictures makes the pictures of the documents: the icon in every state, the menu in its most telling ones, each dialog
// and notification, all on a light and on a dark desktop. It drives kubecreds into each state on a virtual desktop, as a
// person, a provider and a machine do. ../../Makefile starts it: make pictures.
//
// Exit status: 0 if all pictures were made, 1 if one could not be, 2 on wrong usage.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/demo/shots"
)

func main() {
	bin := flag.String("bin", "", "`folder` of kubecreds and kubectl-creds, built for tests, and demo-servers (required)")
	to := flag.String("to", "", "`folder` for the pictures (required)")
	only := flag.String("only", "", "make only the scenes whose name contains `text`, and no contact sheet")
	flag.Parse()
	desk := os.Getenv("DESK_DIR")
	if *bin == "" || *to == "" || flag.NArg() > 0 || desk == "" {
		fmt.Fprintln(os.Stderr, "pictures: make pictures says how it is started; -h: the flags")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, *bin, *to, desk, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// A scene brings kubecreds into one state after another, from a start of its own, and takes pictures of them.
type scene struct {
	name  string
	flags []string // of the demo's servers
	play  func(*stage) []step
}

// A step is what is done in a scene before the next one.
type step func(context.Context) error

// A stage is where a scene is played.
type stage struct {
	*drive.Rig
	to, colours string
	made        []string // names of pictures, without colours
}

// desktops are the colours of the desktops that all scenes are played on.
var desktops = [2]string{"light", "dark"}

func run(ctx context.Context, bin, to, desk, only string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	var made []string
	for _, colours := range desktops {
		if _, err := drive.Desk(ctx, "colours", colours); err != nil {
			return err
		}
		made = nil // the same names again
		for i, s := range scenes() {
			if !strings.Contains(s.name, only) {
				continue
			}
			begun := time.Now()
			st := &stage{to: to, colours: colours}
			if err := st.perform(ctx, s, bin, filepath.Join(desk, fmt.Sprint(colours, i))); err != nil {
				return fmt.Errorf("scene %q, %s: %w", s.name, colours, err)
			}
			fmt.Printf("✓ %s, %s: %d pictures (%.0f s)\n", s.name, colours, len(st.made), time.Since(begun).Seconds())
			made = append(made, st.made...)
		}
	}
	if only != "" {
		return nil
	}
	return sheet(ctx, to, made)
}

// perform plays s in dir.
func (s *stage) perform(ctx context.Context, sc scene, bin, dir string) (err error) {
	if s.Rig, err = drive.Start(ctx, bin, dir, sc.flags...); err != nil {
		return err
	}
	defer func() {
		// What the scene left in the keychain goes with it: the next one begins logged out.
		s.Creds(ctx, "", "logout")
		s.Stop()
	}()
	if err := desk("keyring-unlock")(ctx); err != nil {
		return err
	}
	for _, do := range sc.play(s) {
		if err := do(ctx); err != nil {
			picture, _ := drive.Desk(ctx, "shot", "failed")
			return fmt.Errorf("%w\nThe menu:\n%s\nA picture of the screen: %s", err, drive.Menu(ctx), picture)
		}
	}
	return nil
}

// icon takes the icon.
func (s *stage) icon(state string) step {
	return func(ctx context.Context) error {
		if err := shots.Aside(ctx); err != nil {
			return err
		}
		return s.keep(ctx, "icon-"+state, shots.Tray())
	}
}

// menu takes the open menu, with the pointer at the row that holds text, and at the row below of its submenu if one is named.
func (s *stage) menu(state, text string, below ...string) step {
	return func(ctx context.Context) error {
		if err := shots.Point(ctx, text, below...); err != nil {
			return err
		}
		open, err := shots.Menus(ctx)
		if err != nil {
			return err
		}
		if err := s.keep(ctx, "menu-"+state, open); err != nil {
			return err
		}
		return shots.CloseMenu(ctx, patience, len(below))
	}
}

// dialog waits for the dialog whose title begins so and that says text, and takes it.
func (s *stage) dialog(name, title, text string) step {
	return func(ctx context.Context) error {
		if err := asked(title, text)(ctx); err != nil {
			return err
		}
		return s.windows(ctx, "dialog-"+name)
	}
}

// notice waits for the notification with that title, and takes it.
func (s *stage) notice(name, title string) step {
	return func(ctx context.Context) error {
		if err := drawn(title)(ctx); err != nil {
			return err
		}
		return s.windows(ctx, "notification-"+name)
	}
}

// windows takes the dialog or the notification that is on the screen.
func (s *stage) windows(ctx context.Context, name string) error {
	if err := shots.Aside(ctx); err != nil {
		return err
	}
	return s.keep(ctx, name, shots.Windows())
}

// keep takes a picture of a part of the screen and keeps a small file of it.
func (s *stage) keep(ctx context.Context, name string, of shots.Part) error {
	file, err := shots.Take(ctx, name, of)
	if err != nil {
		return err
	}
	s.made = append(s.made, name)
	return small(ctx, picture(s.to, name, s.colours), 64, file)
}
