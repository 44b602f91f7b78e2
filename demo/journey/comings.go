package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// The last steps: how kubecreds comes and goes with the desktop.

func (j *journey) restart(ctx context.Context) error {
	if err := j.Control.ResetCounts(ctx); err != nil {
		return err
	}
	j.StopAgent()
	if err := j.StartAgent(j.Program("kubecreds")); err != nil {
		return err
	}
	if err := j.isReady(ctx); err != nil {
		return err
	}
	counts, err := j.Control.Counts(ctx)
	if err != nil {
		return err
	}
	if n := counts.Of("token/password"); n != 0 {
		return fmt.Errorf("%d logins after the restart", n)
	}
	if drive.Sees(ctx, "corp: 127.0.0.1") {
		return errors.New("a dialog opened by itself")
	}
	_, err = j.kubectl(ctx, "alice@example.com", "auth", "whoami")
	return err
}

func (j *journey) panelRestarts(ctx context.Context) error {
	for _, command := range []string{"panel-stop", "panel-start", "wait-item"} {
		if _, err := drive.Desk(ctx, command); err != nil {
			return err
		}
	}
	if err := j.isReady(ctx); err != nil {
		return err
	}
	return j.menuPicture(ctx, "menu-after-panel-restart", "Quit (renewal stops)")
}

func (j *journey) startAtLogin(ctx context.Context) error {
	if _, err := drive.Desk(ctx, "choose", "Start at login"); err != nil {
		return err
	}
	if err := j.menuIs(ctx, "Start at login", "checked"); err != nil {
		return err
	}
	entries := j.autostartEntries()
	if len(entries) != 1 {
		return fmt.Errorf("there are %d autostart entries, not 1", len(entries))
	}
	text, err := os.ReadFile(entries[0])
	if err != nil {
		return err
	}
	j.note("%s:", entries[0])
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "Exec=") {
			j.note("%s", line)
		}
	}
	return j.menuPicture(ctx, "menu-start-at-login", "Start at login")
}

func (j *journey) noStartAtLogin(ctx context.Context) error {
	if _, err := drive.Desk(ctx, "choose", "Start at login"); err != nil {
		return err
	}
	return drive.Until(ctx, patience, "the autostart entry to go", func() bool { return len(j.autostartEntries()) == 0 })
}

func (j *journey) quit(ctx context.Context) error {
	if _, err := drive.Desk(ctx, "choose", "Quit (renewal stops)"); err != nil {
		return err
	}
	if err := j.AgentEnded(patience); err != nil {
		return err
	}
	return drive.Until(ctx, patience, "the icon to go", func() bool {
		items, err := drive.Desk(ctx, "items")
		return items == "" || err != nil
	})
}

// autostartEntries are the files that would start kubecreds with the desktop.
func (j *journey) autostartEntries() []string {
	entries, _ := filepath.Glob(filepath.Join(j.Home, "autostart", "*.desktop"))
	return entries
}
