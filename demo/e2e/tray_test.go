package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestStartAtLoginIsMadeAndRemovedByClicks(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		entry := filepath.Join(r.Home, "autostart", "kubecreds.desktop")
		if exists(entry) || ticked(t) {
			t.Fatal("there is an entry before anybody asked for one")
		}
		look(t, "choose", "Start at login")
		until(t, "the entry", func() bool { return exists(entry) })
		until(t, "the tick", func() bool { return ticked(t) })
		if !holds(t, entry, r.Program("kubecreds")) || !holds(t, entry, r.Home) {
			t.Errorf("the entry starts something else: %s", run(t, "cat", entry))
		}
		look(t, "choose", "Start at login")
		until(t, "the entry to go", func() bool { return !exists(entry) })
		until(t, "the tick to go", func() bool { return !ticked(t) })
	})
}

func TestAnAutostartEntryRemovedByHandShowsUnticked(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		look(t, "choose", "Start at login")
		until(t, "the tick", func() bool { return ticked(t) })
		must(t, os.Remove(filepath.Join(r.Home, "autostart", "kubecreds.desktop")))
		logIn(t) // the menu changes
		until(t, "the tick to go", func() bool { return !ticked(t) })
		look(t, "choose", "Start at login")
		until(t, "the tick", func() bool { return ticked(t) })
	})
}

func TestQuickClicksAllCount(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		entry := filepath.Join(r.Home, "autostart", "kubecreds.desktop")
		for n := 1; n <= 7; n++ {
			look(t, "choose", "Start at login")
		}
		until(t, "the entry that an odd number of clicks leaves", func() bool { return exists(entry) && ticked(t) })
		look(t, "choose", "Start at login")
		until(t, "the entry to go with one click more", func() bool { return !exists(entry) && !ticked(t) })
	})
}

func TestTheIconSurvivesARestartOfThePanelAfterANotification(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		logIn(t)
		revoke(t, r)
		look(t, "choose", "Renew all now")
		drawn(t, endedNotice)
		look(t, "press", "Later", "push button")
		undrawn(t, endedNotice)
		prod, staging := row(t, "prod-eu: "), row(t, "staging: ")
		restartPanel(t)
		submenusWork(t, prod, staging)
	})
}

func TestTheIconSurvivesARestartOfThePanelAfterAPromptOfTheKeychain(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		start(t)
		logIn(t)
		look(t, "keyring-lock")
		look(t, "choose", "Renew all now") // brings a new refresh token, which cannot be stored
		menuSays(t, "Unlock keychain…", "keychain locked")
		unlockKeychain(t)
		menuSays(t, "logged in as alice@example.com")
		prod, staging := row(t, "prod-eu: "), row(t, "staging: ")
		restartPanel(t)
		submenusWork(t, prod, staging)
	})
}

// restartPanel ends the program that shows tray icons and starts it again, and waits for the icon and for the submenus that
// are drawn anew for it, half a second later.
func restartPanel(t *testing.T) {
	t.Helper()
	before := look(t, "menu")
	look(t, "panel-stop")
	look(t, "panel-start")
	look(t, "wait-item")
	until(t, "the submenus to be drawn anew", func() bool {
		now, err := drive.Desk(t.Context(), "menu")
		return err == nil && now != "" && now != before
	})
}

// submenusWork checks that the submenus of these rows are drawn, not blank, and that a click in them does what it says.
func submenusWork(t *testing.T, rows ...string) {
	t.Helper()
	for _, row := range rows {
		look(t, "open")
		look(t, "hover", row)
		look(t, "press", "Re-login…")
		asked(t, "Password of alice at ")
		cancel(t)
	}
}
