package tray

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	busName     = "org.freedesktop.DBus"
	watcherName = "org.kde.StatusNotifierWatcher" // owned by the program that shows tray icons, the host
	// settle is how long a host has to read a menu that is new to it, before it is asked whether it is done.
	settle = 300 * time.Millisecond
	// answer is how long a host may take: at login it may be busy.
	answer = 10 * time.Second
)

// hosts watches for programs that show tray icons, on a connection of its own, for what systray does not do when one
// starts anew:
//
//   - systray stops putting its icon back after the first signal of fewer than three arguments on its connection, such as
//     a keyring's prompt ends with (fyne-io/systray#131): register does it then.
//   - GTK panels show a submenu blank where they hear of its entries together with the row that opens it. systray answers
//     its very first reader with the rows alone, which does not help a later host, one that reads while the rows are built
//     again, nor the first one where another program on the bus was faster. ready says that the host has read the rows, so
//     that the submenus can be drawn anew.
type hosts struct {
	ready chan struct{}
	built chan struct{}
	conn  *dbus.Conn
	log   *slog.Logger
	done  chan struct{}
}

// watchHosts watches until ctx ends. It returns ErrNoTray where there is no session bus; systray would log that, wait
// for ever, and panic at the end (fyne-io/fyne#6403).
func watchHosts(ctx context.Context, log *slog.Logger) (*hosts, error) {
	conn, err := connect()
	if err != nil {
		return nil, fmt.Errorf("%w: there is no session bus: %w", ErrNoTray, err)
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	err = conn.AddMatchSignal(dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: the session bus refuses: %w", ErrNoTray, err)
	}
	h := &hosts{ready: make(chan struct{}, 1), built: make(chan struct{}, 1), conn: conn, log: log, done: make(chan struct{})}
	go h.run(ctx, signals)
	return h, nil
}

// connect opens a connection of our own to the session bus. It must be an existing one: where none is, the usual call
// starts dbus-launch, which leaves a bus and a locked keyring behind.
func connect() (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return nil, err
	}
	if err := conn.Auth(nil); err != nil {
		conn.Close()
		return nil, err
	}
	if err := conn.Hello(); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// wait returns when the watching has ended.
func (h *hosts) wait() { <-h.done }

func (h *hosts) run(ctx context.Context, signals <-chan *dbus.Signal) {
	defer close(h.done)
	defer h.conn.Close()
	if _, err := h.owner(ctx, watcherName); err != nil {
		h.log.Info("no program shows tray icons here: the icon appears when one starts")
	}
	var settled <-chan time.Time
	answers := 0
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-signals:
			if !ok {
				h.log.Warn("the session bus is gone, and the tray icon with it")
				return
			}
			if startedHost(s) {
				settled, answers = time.After(settle), 0
			}
		case <-h.built:
			settled, answers = time.After(settle), 0
		case <-settled:
			settled = nil
			if _, err := h.owner(ctx, watcherName); err != nil {
				continue // it has left again
			}
			switch added, err := h.register(ctx); {
			case err != nil:
				h.log.Warn("the tray host does not take the icon", "err", err)
				continue
			case added: // systray did not: look again when the host has read it
				answers = 0
			default:
				answers++
			}
			// A busy host answers when it has seen what came before: once that there is a menu, once what is in it.
			if answers < 2 {
				settled = time.After(settle)
			} else {
				signal(h.ready)
			}
		}
	}
}

// rebuilt says that the rows were drawn anew: ready follows when the host has read them.
func (h *hosts) rebuilt() { signal(h.built) }

// signal puts one signal into c, unless one is waiting there.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// startedHost reports whether s says that the watcher's name has a new owner.
func startedHost(s *dbus.Signal) bool {
	if s.Name != busName+".NameOwnerChanged" || len(s.Body) != 3 || s.Body[0] != watcherName {
		return false
	}
	owner, ok := s.Body[2].(string)
	return ok && owner != ""
}

// register puts the icon into the host's list unless it is there, and reports whether it had to.
func (h *hosts) register(ctx context.Context) (added bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	item, err := h.item(ctx)
	if err != nil {
		return false, err
	}
	watcher := h.conn.Object(watcherName, "/StatusNotifierWatcher")
	var known []string
	var listed dbus.Variant
	err = watcher.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, watcherName, "RegisteredStatusNotifierItems").Store(&listed)
	if err == nil {
		err = listed.Store(&known)
	}
	if err == nil && isKnown(item, known) {
		return false, nil
	}
	// Named by systray's unique name, the item has the same key in every host as when systray registers it itself: there
	// can be no second icon.
	return true, watcher.CallWithContext(ctx, watcherName+".RegisterStatusNotifierItem", 0, item).Err
}

// isKnown reports whether a host's list holds item: hosts write the unique name, or the name and the object's path.
func isKnown(item string, known []string) bool {
	for _, k := range known {
		if rest, ok := strings.CutPrefix(k, item); ok && (rest == "" || rest[0] == '/' || rest[0] == '@') {
			return true
		}
	}
	return false
}

// item is the unique name of systray's connection.
func (h *hosts) item(ctx context.Context) (string, error) {
	name := fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", os.Getpid())
	owner, err := h.owner(ctx, name)
	if err != nil {
		return "", err
	}
	// In a sandbox the process number in the name may be that of another program outside.
	var mine, theirs uint32
	if err := h.ask(ctx, "GetConnectionUnixProcessID", h.conn.Names()[0]).Store(&mine); err != nil {
		return "", err
	}
	if err := h.ask(ctx, "GetConnectionUnixProcessID", owner).Store(&theirs); err != nil {
		return "", err
	}
	if mine != theirs {
		return "", fmt.Errorf("%s belongs to another program", name)
	}
	return owner, nil
}

func (h *hosts) owner(ctx context.Context, name string) (owner string, err error) {
	err = h.ask(ctx, "GetNameOwner", name).Store(&owner)
	return owner, err
}

func (h *hosts) ask(ctx context.Context, method, arg string) *dbus.Call {
	return h.conn.BusObject().CallWithContext(ctx, busName+"."+method, 0, arg)
}
