package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/desktop/internal/bus"
	"github.com/kubecreds/kubecreds/tray/menu"
)

const (
	service     = "org.freedesktop.Notifications"
	servicePath = dbus.ObjectPath("/org/freedesktop/Notifications")

	// program is the application's name, its icon's and its desktop entry's.
	program = "kubecreds"
	// callMax is how long the bus and the notification service may take to answer.
	callMax = 5 * time.Second
	// byServer leaves it to the service how long a notification stays.
	byServer = int32(-1)
)

// Notifier shows notifications. Its methods may be called from any goroutine; each may take up to 5 s where the service
// hangs. There is no connection before the first Show, and a new one when the bus was away.
type Notifier struct {
	log    *slog.Logger
	chosen chan menu.Action
	done   chan struct{} // closed by Close

	// mu is held during calls as well, so that a button pressed at once waits until its notification is known.
	mu      sync.Mutex
	link    *link
	waiting []menu.Notice // for a service: one a tag
}

// link is one connection to the bus, and what was shown over it and is not known to be closed, by the service's number.
type link struct {
	conn  *dbus.Conn
	shown map[uint32]shown
}

type shown struct {
	menu.Notice
	since dbus.Sequence // of the service's answer
}

// Open returns a notifier. It is never nil, and silent where nothing shows notifications: there Show fails with ErrNone.
func Open(log *slog.Logger) *Notifier {
	return &Notifier{log: log, chosen: make(chan menu.Action), done: make(chan struct{})}
}

// Chosen sends what the pressed buttons do, each notification's once. It is never closed. Receive always: presses wait in
// line until they are taken.
func (n *Notifier) Chosen() <-chan menu.Action { return n.chosen }

// Show shows notice, in the place of an earlier one of the same tag. A click on its body does what its first button does.
// One that is an update is shown only if that earlier one is still there.
// Where the service has no buttons the text says where to find what they do. Errors wrap ErrNone, with the reason.
//
// What could not be shown waits for the next service that starts, and so does what was on the screen when one died: a desktop's
// service may start after this program, and crash. Withdraw ends the waiting.
func (n *Notifier) Show(ctx context.Context, notice menu.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	if notice.Update && !n.waits(notice.Tag) && (n.link == nil || n.link.number(notice.Tag) == 0) {
		return nil // the person closed it
	}
	notice.Update = false // what has to wait is shown as new
	n.forget(notice.Tag)
	l, err := n.connected(ctx)
	if err == nil {
		err = l.show(ctx, notice)
	}
	if err != nil {
		n.waiting = append(n.waiting, notice)
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	return nil
}

// forget lets the notification with this tag wait no longer.
func (n *Notifier) forget(tag string) {
	n.waiting = slices.DeleteFunc(n.waiting, func(w menu.Notice) bool { return w.Tag == tag })
}

func (n *Notifier) waits(tag string) bool {
	return slices.ContainsFunc(n.waiting, func(w menu.Notice) bool { return w.Tag == tag })
}

// again shows what waits, on a service that has just started.
func (n *Notifier) again(l *link) {
	ctx, cancel := context.WithTimeout(context.Background(), callMax)
	defer cancel()
	n.waiting = slices.DeleteFunc(n.waiting, func(w menu.Notice) bool {
		err := l.show(ctx, w)
		if err != nil {
			n.log.Debug("a notification waits on", "tag", w.Tag, "err", err)
		}
		return err == nil
	})
}

// Withdraw takes the notification with this tag off the screen, if it is still there.
func (n *Notifier) Withdraw(tag string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forget(tag)
	if n.link != nil {
		n.link.withdraw(tag, n.log)
	}
}

// Close withdraws what is still shown, because nobody would answer its buttons any more, and ends the connection.
func (n *Notifier) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.done:
		return
	default:
		close(n.done)
	}
	if n.link == nil {
		return
	}
	for _, s := range n.link.shown {
		n.link.withdraw(s.Tag, n.log)
	}
	_ = n.link.conn.Close()
}

// connected returns the link, a new one where there is none that lives.
func (n *Notifier) connected(ctx context.Context) (*link, error) {
	select {
	case <-n.done:
		return nil, errors.New("closed")
	default:
	}
	if n.link != nil && n.link.conn.Connected() {
		return n.link, nil
	}
	conn, signals, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	n.link = &link{conn, map[uint32]shown{}}
	go n.listen(n.link, signals)
	return n.link, nil
}

// dial connects to the session bus and asks for the signals of the notification service.
func dial(ctx context.Context) (*dbus.Conn, <-chan *dbus.Signal, error) {
	conn, err := bus.Session(ctx, dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return nil, nil, err
	}
	tooLate := context.AfterFunc(ctx, func() { _ = conn.Close() }) // these steps know no context
	defer tooLate()
	signals := make(chan *dbus.Signal, 1)
	conn.Signal(signals)
	err = conn.AddMatchSignal(dbus.WithMatchInterface(service), dbus.WithMatchObjectPath(servicePath))
	if err == nil {
		err = conn.AddMatchSignal(dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
			dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service))
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, signals, nil
}

// listen follows the signals of one link until its connection ends.
func (n *Notifier) listen(l *link, signals <-chan *dbus.Signal) {
	for signal := range signals {
		n.mu.Lock()
		lost, started := l.ownerChanged(signal)
		for _, w := range lost {
			if !n.waits(w.Tag) { // what does is newer
				n.waiting = append(n.waiting, w)
			}
		}
		if started {
			n.again(l)
		}
		do, pressed := l.follow(signal)
		n.mu.Unlock()
		if !pressed {
			continue
		}
		n.log.Debug("a notification's button was pressed", "verb", do.Verb, "on", do.On)
		select {
		case n.chosen <- do:
		case <-n.done:
			return
		}
	}
}

// ownerChanged returns what was on the screen of a service that is gone, and whether another one has started. Its numbers begin
// again; what it has shown by now, started by our very call, stays.
func (l *link) ownerChanged(signal *dbus.Signal) (lost []menu.Notice, started bool) {
	if signal.Name != "org.freedesktop.DBus.NameOwnerChanged" || len(signal.Body) != 3 {
		return nil, false
	}
	for _, id := range slices.Sorted(maps.Keys(l.shown)) {
		if s := l.shown[id]; s.since < signal.Sequence {
			delete(l.shown, id)
			lost = slices.DeleteFunc(lost, func(w menu.Notice) bool { return w.Tag == s.Tag }) // one a newer number replaced
			lost = append(lost, s.Notice)
		}
	}
	return lost, signal.Body[2] != ""
}

// follow keeps what is shown up to date, and returns what a pressed button does.
func (l *link) follow(signal *dbus.Signal) (do menu.Action, pressed bool) {
	if len(signal.Body) != 2 {
		return menu.Action{}, false
	}
	id, _ := signal.Body[0].(uint32)
	s, ours := l.shown[id]
	switch {
	case ours && signal.Name == service+".NotificationClosed":
		delete(l.shown, id)
	case ours && signal.Name == service+".ActionInvoked":
		key, _ := signal.Body[1].(string)
		if do, pressed = press(s.Notice, key); pressed {
			delete(l.shown, id)
		}
	}
	return do, pressed
}

// number returns the number under which a tag was shown last, 0 if it is not on the screen. One that a new number has taken
// the place of is kept until the service says that it is closed: its button may have been pressed just now.
func (l *link) number(tag string) (last uint32) {
	for id, s := range l.shown {
		if s.Tag == tag {
			last = max(last, id)
		}
	}
	return last
}

// show sends the notification and remembers its number.
func (l *link) show(ctx context.Context, notice menu.Notice) error {
	var can []string
	object := l.conn.Object(service, servicePath)
	if err := object.CallWithContext(ctx, service+".GetCapabilities", 0).Store(&can); err != nil {
		return err
	}
	hints := map[string]dbus.Variant{
		"urgency":       dbus.MakeVariant(byte(1)), // normal
		"desktop-entry": dbus.MakeVariant(program),
	}
	if p, ok := picture(cmp.Or(notice.Icon, menu.IconAttention)); ok {
		hints["image-data"] = p
	}
	hasButtons := slices.Contains(can, "actions")
	var actions []string
	if hasButtons {
		actions = keys(notice.Buttons)
	}
	var id uint32
	call := object.CallWithContext(ctx, service+".Notify", 0, program, l.number(notice.Tag), program,
		title(notice), body(notice, hasButtons), actions, hints, byServer)
	if err := call.Store(&id); err != nil {
		return err
	}
	l.shown[id] = shown{notice, call.ResponseSequence}
	return nil
}

// withdraw closes the notification. What it closed already is an error of the service without a meaning.
func (l *link) withdraw(tag string, log *slog.Logger) {
	id := l.number(tag)
	if id == 0 {
		return
	}
	delete(l.shown, id)
	ctx, cancel := context.WithTimeout(context.Background(), callMax)
	defer cancel()
	if err := l.conn.Object(service, servicePath).CallWithContext(ctx, service+".CloseNotification", 0, id).Err; err != nil {
		log.Debug("a notification could not be withdrawn", "tag", tag, "error", err)
	}
}

// keys returns the specification's list of actions: key, label, key, label. The label of a click on the body is empty: some
// services draw it as one more button otherwise.
func keys(buttons []menu.Button) []string {
	if len(buttons) == 0 {
		return nil
	}
	list := []string{defaultKey, ""}
	for i, b := range buttons {
		list = append(list, strconv.Itoa(i), label(b))
	}
	return list
}
