package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/kubecreds/kubecreds/tray/menu"
)

// A center is what macOS does with the notifications of a program in a bundle. Its methods return at once; answers come once,
// later, from any thread, and never from within the call.
type center interface {
	// allow asks for permission. The first time the system asks the person, who may never answer.
	allow(answer func(granted bool, err error))
	// post shows r, in the place of an earlier one of the same id.
	post(r request, answer func(err error))
	// remove takes what has this id off the screen.
	remove(id string)
}

// A request is a notification as a center takes it: text without control characters or broken UTF-8, which it could not bear.
type request struct {
	id, title, body string
	category        string
	categories      []category // all that were ever asked for: a center knows those only that it was given last
	silent          bool       // goes to the list of notifications, without a banner
}

// A category is a set of buttons, known by their labels.
type category struct {
	id      string
	actions []action
}

// An action is a button: its id is its place.
type action struct{ id, label string }

// bundled shows notifications through a center.
type bundled struct {
	center center
	log    *slog.Logger
	chosen chan<- menu.Action
	done   <-chan struct{}

	// mu is held while the center is called, so that what is withdrawn is not posted after it.
	mu         sync.Mutex
	shown      map[string]*posted // by id
	categories []category
}

// posted is a notification that is on the screen, or waits for permission to be there.
type posted struct {
	menu.Notice
	onScreen bool
}

// errRefused says what a person can do about it. It is not shown in another way (osascript could): they said no.
var errRefused = errors.New("macOS does not let kubecreds notify; allow it in System Settings, Notifications")

// errUnanswered: the notification waits, and is shown as soon as the person allows it.
var errUnanswered = errors.New("macOS has not said yet whether kubecreds may notify")

// newBundled returns one that still lacks its center, which calls it back.
func newBundled(chosen chan<- menu.Action, done <-chan struct{}, log *slog.Logger) *bundled {
	return &bundled{chosen: chosen, done: done, log: log, shown: map[string]*posted{}}
}

// show shows notice, after asking for permission: the person is asked when there is something to show, and an answer that is
// changed in the settings counts from then on.
func (b *bundled) show(ctx context.Context, notice menu.Notice) error {
	p := b.expect(notice)
	if p == nil {
		return nil
	}
	result := make(chan error, 1)
	finish := func(err error) {
		if err != nil {
			b.forget(p)
			b.log.Debug("notification refused", "tag", p.Tag, "err", err)
		}
		result <- err
	}
	b.center.allow(func(granted bool, err error) {
		switch {
		case granted:
			b.post(p, finish)
		case err != nil:
			finish(fmt.Errorf("%w (%s)", errRefused, cut(printable(err.Error()), bodyMax)))
		default:
			finish(errRefused)
		}
	})
	select {
	case err := <-result:
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNone, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNone, errUnanswered)
	}
}

// expect notes that notice is to be shown; nil for an update of what the person closed. An update of what still waits is shown
// as new.
func (b *bundled) expect(notice menu.Notice) *posted {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := identifier(notice.Tag)
	old := b.shown[id]
	if notice.Update && old == nil {
		return nil
	}
	notice.Update = notice.Update && old.onScreen
	b.shown[id] = &posted{Notice: notice}
	return b.shown[id]
}

// post shows p, unless it was withdrawn or replaced while permission was asked for.
func (b *bundled) post(p *posted, finish func(error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown[identifier(p.Tag)] != p {
		finish(nil)
		return
	}
	p.onScreen = true
	b.center.post(b.request(p.Notice), finish)
}

// request returns n as the center takes it.
func (b *bundled) request(n menu.Notice) request {
	c := categoryOf(n.Buttons)
	known := false
	for _, k := range b.categories {
		known = known || k.id == c.id
	}
	if !known {
		b.categories = append(b.categories[:len(b.categories):len(b.categories)], c)
	}
	return request{
		id: identifier(n.Tag), title: title(n), body: plain(n, true),
		category: c.id, categories: b.categories, silent: n.Update,
	}
}

// forget lets p go, unless a newer one has its place.
func (b *bundled) forget(p *posted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id := identifier(p.Tag); b.shown[id] == p {
		delete(b.shown, id)
	}
}

// withdraw takes the notification with this tag away, one that an earlier run of the program left as well.
func (b *bundled) withdraw(tag string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.shown, identifier(tag))
	b.center.remove(identifier(tag))
}

// withdrawAll takes away what this run of the program showed.
func (b *bundled) withdrawAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range b.shown {
		b.center.remove(id)
	}
	clear(b.shown)
}

// bodyKey is the action of a click on the body: UNNotificationDefaultActionIdentifier. The one of a notification that is
// closed, UNNotificationDismissActionIdentifier, is no button's, so that nothing follows from it, as on Linux.
const bodyKey = "com.apple.UNNotificationDefaultActionIdentifier"

// respond takes the person's answer, which took the notification off the screen, and sends on what its button does. It does
// not wait: it is called on a thread of the system's.
func (b *bundled) respond(id, key string) {
	b.mu.Lock()
	p := b.shown[id]
	delete(b.shown, id)
	b.mu.Unlock()
	if p == nil {
		return // of an earlier run of the program: what it offered may not hold any more
	}
	if key == bodyKey {
		key = defaultKey
	}
	do, pressed := press(p.Notice, key)
	if !pressed {
		return
	}
	b.log.Debug("a notification's button was pressed", "verb", do.Verb, "on", do.On)
	go func() {
		select {
		case b.chosen <- do:
		case <-b.done:
		}
	}()
}

// banner reports whether what has this id gets a banner although the program is the active one. Updates get none.
func (b *bundled) banner(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.shown[id]
	return p != nil && !p.Update
}

// identifier is what macOS calls the notification with this tag: the same in every run, and ASCII whatever the tag holds.
func identifier(tag string) string { return strconv.QuoteToASCII(tag) }

// categoryOf returns the category of these buttons. There is one without any too, so that closing is told. A label that nothing
// is left of makes no button: macOS takes no nameless one.
func categoryOf(buttons []menu.Button) category {
	var c category
	var labels []string
	for i, b := range buttons {
		l := label(b)
		labels = append(labels, strconv.QuoteToASCII(l))
		if l != "" {
			c.actions = append(c.actions, action{id: strconv.Itoa(i), label: l})
		}
	}
	c.id = "buttons " + strings.Join(labels, " ")
	return c
}

// isApp reports whether a program whose main bundle says this runs from an app. A bundle's identifier alone does not tell: it
// can be in the file of a program without a bundle, and UNUserNotificationCenter would end that one as well
// (https://github.com/block/buzz/pull/5004).
func isApp(bundleIdentifier, bundlePath string) bool {
	return bundleIdentifier != "" && strings.HasSuffix(strings.ToLower(strings.TrimRight(bundlePath, "/")), ".app")
}
