package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/kubecreds/kubecreds/tray/menu"
)

// Notifier shows balloons on the program's own tray icon, which Windows 10 and 11 show as their notifications. They have no
// buttons that could be heard: the tray library keeps its window's messages to itself. So their text says where to act.
type Notifier struct {
	mu sync.Mutex
	on standing
}

// Open returns a notifier. Where there is no tray icon Show fails with ErrNone.
func Open(*slog.Logger) *Notifier { return &Notifier{} }

// Show shows notice in the place of what is on the screen. Errors wrap ErrNone, with the reason.
func (n *Notifier) Show(_ context.Context, notice menu.Notice) error {
	if notice.Update {
		return nil // nothing is changed in place here, and it would be shown anew
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := balloon(title(notice), plain(notice, false)); err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	n.on.shows(notice.Tag)
	return nil
}

// Withdraw takes the notification with this tag off the screen, if it is still there.
func (n *Notifier) Withdraw(tag string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on.withdraws(tag) {
		_ = balloon("", "") // an icon that is gone took it along
	}
}

// Chosen returns a channel that nothing is sent to.
func (*Notifier) Chosen() <-chan menu.Action { return nil }

// Close does nothing: balloons go with the icon.
func (*Notifier) Close() {}

// iconData is NOTIFYICONDATAW as of Windows Vista.
type iconData struct {
	size            uint32
	window          windows.HWND
	id              uint32
	flags           uint32
	callbackMessage uint32
	icon            windows.Handle
	tip             [128]uint16
	state           uint32
	stateMask       uint32
	info            [256]uint16
	version         uint32
	infoTitle       [64]uint16
	infoFlags       uint32
	item            windows.GUID
	balloonIcon     windows.Handle
}

// The tray library's window class and the number of its icon, fyne.io/systray v1.12.2.
const (
	iconClass = "SystrayClass"
	iconID    = 100
)

// balloon shows a balloon on the tray icon; an empty one takes it away.
func balloon(title, text string) error {
	const (
		modify            = 1    // NIM_MODIFY
		flagInfo          = 0x10 // NIF_INFO
		infoIcon          = 0x01 // NIIF_INFO
		noSound           = 0x10 // NIIF_NOSOUND
		respectsQuietTime = 0x80 // NIIF_RESPECT_QUIET_TIME
	)
	window, err := iconWindow()
	if err != nil {
		return err
	}
	d := iconData{window: window, id: iconID, flags: flagInfo, infoFlags: infoIcon | noSound | respectsQuietTime}
	d.size = uint32(unsafe.Sizeof(d))
	fill(d.infoTitle[:], title)
	fill(d.info[:], text)
	notify := windows.NewLazySystemDLL("shell32.dll").NewProc("Shell_NotifyIconW")
	if ok, _, err := notify.Call(modify, uintptr(unsafe.Pointer(&d))); ok == 0 {
		return fmt.Errorf("the notification area refuses: %w", err)
	}
	return nil
}

// iconWindow finds this process's window behind the tray icon: other programs that use the same library have one each.
func iconWindow() (windows.HWND, error) {
	class, err := windows.UTF16PtrFromString(iconClass)
	if err != nil {
		return 0, err
	}
	find := windows.NewLazySystemDLL("user32.dll").NewProc("FindWindowExW")
	var window uintptr
	for {
		window, _, _ = find.Call(0, window, uintptr(unsafe.Pointer(class)), 0)
		if window == 0 {
			return 0, errors.New("there is no tray icon to show it at")
		}
		var owner uint32
		if _, err := windows.GetWindowThreadProcessId(windows.HWND(window), &owner); err == nil && owner == uint32(os.Getpid()) {
			return windows.HWND(window), nil
		}
	}
}
