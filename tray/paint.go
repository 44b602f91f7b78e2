//go:build !darwin || cgo

package tray

import (
	"runtime"

	"fyne.io/systray"

	"github.com/kubecreds/kubecreds/assets"
	"github.com/kubecreds/kubecreds/desktop/theme"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// A painter knows what is drawn, and draws the difference to what should be. Not safe for use by two goroutines.
type painter struct {
	label  func(string) string // escapes
	over   <-chan struct{}     // closed when the tray ends
	clicks chan *row
	menu   menu.Menu // as drawn
	panel  theme.Panel
	drawn  string // the icon that is drawn, and for which panel
	rows   []*row
}

// A row is one line of the menu as it is drawn. A separator has no item.
type row struct {
	item  *systray.MenuItem
	shown menu.Row
	sub   []*row

	stop, stopped chan struct{} // the forwarder of its clicks: to be closed to end it, closed when it has ended
}

func newPainter(label func(string) string, over <-chan struct{}) *painter {
	return &painter{label: label, over: over, clicks: make(chan *row)}
}

// show makes m the menu that is seen, and reports whether its rows were built anew. They are changed in place, so that an
// open menu stays open, unless their number or kind differs.
func (p *painter) show(m menu.Menu) (rebuilt bool) {
	p.icon(m.Icon, p.panel)
	if m.Tooltip != p.menu.Tooltip {
		tooltip := m.Tooltip
		if runtime.GOOS == "windows" {
			tooltip = cutUTF16(tooltip, 127) // systray leaves no room for the terminator behind more
		}
		systray.SetTooltip(tooltip)
	}
	same := p.rows != nil && sameStructure(p.menu.Rows, m.Rows)
	p.menu = m
	if !same {
		p.rebuild()
		return true
	}
	for i, r := range p.rows {
		p.update(r, m.Rows[i])
	}
	return false
}

// icon draws the icon of that name for that kind of panel, unless it is there.
func (p *painter) icon(name menu.Icon, panel theme.Panel) {
	p.menu.Icon, p.panel = name, panel
	data, drawn := assets.Icon(string(name), panel.String()), string(name)+" "+panel.String()
	if data == nil || drawn == p.drawn {
		return
	}
	systray.SetTemplateIcon(data, data) // a template on macOS only
	p.drawn = drawn
}

// rebuild draws all rows anew.
func (p *painter) rebuild() {
	if p.rows != nil {
		p.letGo(p.rows)
		systray.ResetMenu()
	}
	p.rows = make([]*row, len(p.menu.Rows))
	for i, want := range p.menu.Rows {
		p.rows[i] = p.add(want, nil)
	}
}

// refill draws the rows of all submenus anew, in their places, for a host that may have taken them in wrong: GTK panels
// drop entries of a submenu that they hear of together with the row that opens it, and show it blank. When this is called
// they know the row. Submenus have no separators: systray cannot remove those.
func (p *painter) refill() {
	for _, r := range p.rows {
		p.letGo(r.sub)
		for _, s := range r.sub {
			s.item.Remove()
		}
		r.sub = nil
		for _, want := range r.shown.Sub {
			r.sub = append(r.sub, p.add(want, r.item))
		}
	}
}

// letGo ends the forwarders of rows and takes their channels from systray, which would close them when it removes the rows:
// a click at that moment would be a send on a closed channel, a panic. It sends nothing into a nil channel and leaves it be.
func (p *painter) letGo(rows []*row) {
	each(rows, func(r *row) { close(r.stop) })
	each(rows, func(r *row) {
		<-r.stopped
		r.item.ClickedCh = nil
	})
}

// add draws one row, under parent where there is one.
func (p *painter) add(want menu.Row, parent *systray.MenuItem) *row {
	r := &row{shown: want}
	if want.Separator {
		systray.AddSeparator()
		return r
	}
	r.item = newItem(p.label(want.Text), want, parent)
	// systray drops a click nobody waits for at that instant, so the channel keeps some. It is changed before the call
	// below lets others see the item through a lock.
	r.item.ClickedCh = make(chan struct{}, 16)
	p.enable(r)
	p.picture(r)
	r.stop, r.stopped = make(chan struct{}), make(chan struct{})
	go p.forward(r, r.item.ClickedCh)
	for _, s := range want.Sub {
		r.sub = append(r.sub, p.add(s, r.item))
	}
	return r
}

// newItem makes systray's item; only one made with a checkbox can be checked on Linux.
func newItem(label string, want menu.Row, parent *systray.MenuItem) *systray.MenuItem {
	switch {
	case parent == nil && want.Checkable:
		return systray.AddMenuItemCheckbox(label, "", want.Checked)
	case parent == nil:
		return systray.AddMenuItem(label, "")
	case want.Checkable:
		return parent.AddSubMenuItemCheckbox(label, "", want.Checked)
	}
	return parent.AddSubMenuItem(label, "")
}

// update changes of a drawn row what differs from want.
func (p *painter) update(r *row, want menu.Row) {
	was := r.shown
	r.shown = want
	if want.Separator {
		return
	}
	if want.Text != was.Text {
		r.item.SetTitle(p.label(want.Text))
	}
	if enabled(want) != enabled(was) {
		p.enable(r)
	}
	if want.State != was.State {
		p.picture(r)
	}
	if want.Checked != was.Checked {
		if want.Checked {
			r.item.Check()
		} else {
			r.item.Uncheck()
		}
	}
	for i, s := range r.sub {
		p.update(s, want.Sub[i])
	}
}

func (p *painter) enable(r *row) {
	if enabled(r.shown) {
		r.item.Enable()
	} else {
		r.item.Disable()
	}
}

func (p *painter) picture(r *row) {
	if data := assets.Row(string(r.shown.State)); data != nil {
		r.item.SetIcon(data)
	}
}

// forward hands the clicks on a row to the owner, until the row is let go or the tray ends.
func (p *painter) forward(r *row, clicked <-chan struct{}) {
	defer close(r.stopped)
	for {
		select {
		case <-clicked:
		case <-r.stop:
			return
		case <-p.over:
			return
		}
		select {
		case p.clicks <- r:
		case <-r.stop:
			return
		case <-p.over:
			return
		}
	}
}

// enabled: the row is not grey. One that opens a submenu is not, though it does nothing itself.
func enabled(r menu.Row) bool { return clickable(r) || len(r.Sub) > 0 && !r.Disabled }

func clickable(r menu.Row) bool { return !r.Disabled && r.Do.Verb != "" }

// each calls f for all drawn rows but separators.
func each(rows []*row, f func(*row)) {
	for _, r := range rows {
		if r.item != nil {
			f(r)
		}
		each(r.sub, f)
	}
}

// sameStructure reports whether b can be drawn on a's rows.
func sameStructure(a, b []menu.Row) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Separator != b[i].Separator || a[i].Checkable != b[i].Checkable || !sameStructure(a[i].Sub, b[i].Sub) {
			return false
		}
	}
	return true
}
