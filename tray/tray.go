// Package tray draws a menu.Menu with the system's tray, and nothing else: it decides nothing, remembers only what it has
// drawn, and hands clicks on.
//
// fyne.io/systray v1.12.2 keeps its state in package variables and has defects that this package is built around; each is
// named where its workaround stands. Because of them one goroutine owns every call into it, rows are changed in place and
// only where they differ, and a program can run the tray once.
package tray

import "errors"

// ErrNoTray means that this process cannot have a tray icon: there is no session bus, or the program was built without
// its tray. Whoever gets it goes on without an icon.
var ErrNoTray = errors.New("no tray icon")

// title is what desktops know the icon by: they keep it shown or hidden by this name.
const title = "kubecreds"
