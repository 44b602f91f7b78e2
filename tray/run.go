//go:build !darwin || cgo

package tray

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"time"

	"fyne.io/systray"

	"github.com/kubecreds/kubecreds/desktop/theme"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// firstPanel is how long the first icon waits to know its colours. A desktop that takes longer gets it again in others.
const firstPanel = 300 * time.Millisecond

// Run shows the tray icon until ctx ends. It must be called on the main goroutine, once in a program's life, and waits for
// the first menu; every later one replaces the one before. The icon is coloured for the newest of panels. clicked is called
// on the tray's own goroutine for each click on a row that can be clicked, none is lost, and it must return at once: the work
// is done elsewhere.
//
// It returns ErrNoTray, at once, where there can be no icon. Where merely no program shows tray icons it waits for one. On
// macOS the process ends with the tray: what has to be done at the end is done before ctx ends.
func Run(ctx context.Context, menus <-chan menu.Menu, panels <-chan theme.Panel, clicked func(menu.Action), log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hosts, err := watchHosts(ctx, log)
	if err != nil {
		return err
	}
	var first menu.Menu
	select {
	case first = <-menus:
	case <-ctx.Done():
		hosts.wait()
		return nil
	}

	p := newPainter(escaper(runtime.GOOS, os.Getenv("XDG_CURRENT_DESKTOP")), ctx.Done())
	select {
	case p.panel = <-panels:
	case <-time.After(firstPanel):
	}
	if runtime.GOOS == "linux" {
		// Some hosts read title and icon once, as soon as they see the item (fyne-io/systray#122); elsewhere both must wait.
		systray.SetTitle(title)
		p.icon(first.Icon, p.panel)
	}
	drawn, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-drawn:
			p.own(ctx, menus, panels, hosts, clicked)
		case <-ctx.Done(): // on Windows onReady is never called where the shell takes no icon (fyne-io/systray#95)
		}
		systray.Quit()
	}()
	systray.Run(func() {
		// The menu is read as soon as this returns, and not before: the whole of it is built here, quickly.
		p.show(first)
		hosts.rebuilt()
		close(drawn)
	}, nil)
	cancel()
	<-done
	hosts.wait()
	return nil
}

// own is the goroutine that owns the tray from the first menu to the last.
func (p *painter) own(ctx context.Context, menus <-chan menu.Menu, panels <-chan theme.Panel, hosts *hosts, clicked func(menu.Action)) {
	for {
		select {
		case m := <-menus:
			if p.show(m) {
				hosts.rebuilt()
			}
		case panel := <-panels:
			p.icon(p.menu.Icon, panel)
		case <-hosts.ready:
			p.refill()
		case r := <-p.clicks:
			// Hosts grey a disabled row, and send a click on it all the same.
			if clickable(r.shown) {
				clicked(r.shown.Do)
			}
		case <-ctx.Done():
			return
		}
	}
}
