// Package notify shows notifications with buttons and tells which button a person pressed.
//
// On Linux it speaks the Desktop Notifications Specification 1.2 on a connection to the session bus of its own: on the shared
// one, notifications' signals end the tray library's watch over its icon (https://github.com/fyne-io/systray/issues/131).
// github.com/esiqveland/notify is not used: its calls have no deadline, and a malformed signal, which any program on the
// bus can send, panics in it.
//
// On Windows it is a balloon at the tray icon, without buttons, so that its text says where to act.
//
// On macOS it depends on what the program may do. One that runs from an app bundle uses UNUserNotificationCenter, with buttons.
// One that does not, as from a package manager for the terminal, would be ended by the system for it: there it is osascript,
// without buttons. What macOS decides is in files that every system tests (bundled.go); the calls themselves
// (center_darwin.go) are type-checked, and have not been run on a Mac.
package notify

import (
	"errors"
	"strconv"
	"strings"
	"unicode"

	"github.com/kubecreds/kubecreds/tray/menu"
)

// ErrNone: nothing here shows notifications. Wrapped with the reason. The tray and the command line say the same things, so
// it is worth a line in the log and no more.
var ErrNone = errors.New("nothing here shows notifications")

// where is what a notification says that cannot have buttons.
const where = "Open the menu of kubecreds in the tray to act on it."

// Characters of each text: what is longer fills the screen.
const (
	titleMax = 100
	bodyMax  = 600
	labelMax = 60
)

// title returns n's title as a server shows it: one line, as it is, without markup.
func title(n menu.Notice) string {
	return cut(strings.ReplaceAll(printable(n.Title), "\n", " "), titleMax)
}

// label returns what b's button is called.
func label(b menu.Button) string {
	return cut(strings.ReplaceAll(printable(b.Label), "\n", " "), labelMax)
}

// defaultKey is the action of a click on the body; those of buttons are their places.
const defaultKey = "default"

// press returns what the action with this key does: a click on the body does what the first button does.
func press(n menu.Notice, key string) (menu.Action, bool) {
	i, err := strconv.Atoi(key)
	if key == defaultKey {
		i, err = 0, nil
	}
	if err != nil || i < 0 || i >= len(n.Buttons) {
		return menu.Action{}, false
	}
	return n.Buttons[i].Do, true
}

// cut shortens s to limit characters.
func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// body returns n's text for a server: always escaped, because servers that show no markup undo the escapes as well. Where the
// server has no buttons it says where to find what they do.
func body(n menu.Notice, buttons bool) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(plain(n, buttons))
}

// plain is n's text as it is.
func plain(n menu.Notice, buttons bool) string {
	text := cut(printable(n.Body), bodyMax-len(where)-1)
	if !buttons && len(n.Buttons) > 0 {
		text = strings.TrimSpace(text + "\n" + where)
	}
	return text
}

// printable drops what no text may hold on the bus or on the screen: broken UTF-8 and control characters but line ends.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}
