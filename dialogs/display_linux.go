package dialogs

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// displayWait is how long a display may take to accept a connection; one over the network is the slow case.
const displayWait = 2 * time.Second

// display returns auth.ErrNoDialog, wrapped, unless a display accepts connections. Without this look a display that is gone
// would be taken for a person who cancelled, see glance. It returns ctx's error if ctx ended.
func display(ctx context.Context) error {
	x, wayland := os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY")
	if x == "" && wayland == "" {
		return nobody("there is no display (DISPLAY and WAYLAND_DISPLAY are empty)")
	}
	dialer := net.Dialer{Timeout: displayWait}
	for _, at := range append(waylandSockets(wayland, os.Getenv("XDG_RUNTIME_DIR")), xSockets(x)...) {
		if conn, err := dialer.DialContext(ctx, at.Network(), at.String()); err == nil {
			_ = conn.Close()
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return nobody("the display does not answer (DISPLAY=" + clean(x, nameMax) + " WAYLAND_DISPLAY=" + clean(wayland, nameMax) + ")")
}

// waylandSockets says where the compositor called name listens; see wl_display_connect.
func waylandSockets(name, runtimeDir string) []net.Addr {
	switch {
	case name == "", !filepath.IsAbs(name) && runtimeDir == "":
		return nil
	case !filepath.IsAbs(name):
		name = filepath.Join(runtimeDir, name)
	}
	return []net.Addr{&net.UnixAddr{Net: "unix", Name: name}}
}

// xSockets says where the X server of a DISPLAY, [HOST]:NUMBER[.SCREEN], listens; see X(7).
func xSockets(display string) []net.Addr {
	colon := strings.LastIndexByte(display, ':')
	if colon < 0 {
		return nil
	}
	host := display[:colon]
	digits, _, _ := strings.Cut(display[colon+1:], ".")
	number, err := strconv.ParseUint(digits, 10, 15)
	if err != nil {
		return nil
	}
	if host != "" && host != "unix" {
		return []net.Addr{tcpAddr(net.JoinHostPort(strings.Trim(host, "[]"), strconv.FormatUint(6000+number, 10)))}
	}
	socket := "/tmp/.X11-unix/X" + strconv.FormatUint(number, 10)
	return []net.Addr{
		&net.UnixAddr{Net: "unix", Name: socket},
		&net.UnixAddr{Net: "unix", Name: "@" + socket}, // the abstract one: /tmp may be another one here
	}
}

// tcpAddr is a TCP address whose host is still a name.
type tcpAddr string

func (tcpAddr) Network() string  { return "tcp" }
func (a tcpAddr) String() string { return string(a) }

// literal makes zenity show s as it is: it undoes C escapes in texts, and turned DOMAIN\alice into a bell and "lice".
func literal(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }

// markup makes the text above a list show s as it is: zenity takes it for Pango markup, and shows another text where it is
// faulty. The rows are taken as they are.
func markup(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(literal(s))
}
