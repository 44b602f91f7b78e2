package tray

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/kubecreds/kubecreds/tray/menu"
)

// eventually waits until what holds. It is generous: the machine may be busy.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// startBus starts a private session bus and returns its address.
func startBus(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tray") // t.TempDir's path may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config, address := filepath.Join(dir, "bus.conf"), "unix:path="+filepath.Join(dir, "bus")
	err = os.WriteFile(config, []byte(`<busconfig><type>session</type><listen>`+address+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address=1")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("dbus-daemon is needed: %v", err)
	}
	t.Cleanup(func() { daemon.Process.Kill(); daemon.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // printed when it listens
		t.Fatal(err)
	}
	return address
}

func connectTo(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// watcher is a host of tray icons, which keeps its list as xfce4-panel does.
type watcher struct {
	conn *dbus.Conn

	mu    sync.Mutex
	items []string
	props *prop.Properties
}

func startWatcher(t *testing.T, address string) *watcher {
	t.Helper()
	w := &watcher{conn: connectTo(t, address)}
	const path = "/StatusNotifierWatcher"
	if err := w.conn.Export(w, path, watcherName); err != nil {
		t.Fatal(err)
	}
	var err error
	w.props, err = prop.Export(w.conn, path, prop.Map{watcherName: {
		"RegisteredStatusNotifierItems":  {Value: []string{}},
		"IsStatusNotifierHostRegistered": {Value: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := w.conn.RequestName(watcherName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return w
}

// RegisterStatusNotifierItem is the D-Bus method.
func (w *watcher) RegisterStatusNotifierItem(sender dbus.Sender, service string) *dbus.Error {
	item := service + "/StatusNotifierItem"
	if strings.HasPrefix(service, "/") {
		item = string(sender) + service
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.items = append(w.items, item)
	w.props.SetMust(watcherName, "RegisteredStatusNotifierItems", w.items)
	return nil
}

// registered returns the list of items, with those that registered twice in it twice.
func (w *watcher) registered() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.items...)
}

// app is the tray in its child process, seen from the bus.
type app struct {
	t     *testing.T
	bus   *dbus.Conn
	stdin io.WriteCloser
	lines chan string
	log   *strings.Builder
	cmd   *exec.Cmd
}

func startApp(t *testing.T, address string, first menu.Menu) *app {
	t.Helper()
	a := &app{t: t, lines: make(chan string, 1000), log: &strings.Builder{}, cmd: exec.Command(os.Args[0])}
	a.cmd.Env = append(os.Environ(), childEnv+"=1", "DBUS_SESSION_BUS_ADDRESS="+address, "XDG_CURRENT_DESKTOP=XFCE", "GORACE=exitcode=0")
	a.cmd.Stderr = a.log
	var err error
	if a.stdin, err = a.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(a.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			a.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		a.cmd.Process.Kill()
		<-read
		a.cmd.Wait()
		a.noRaces()
		if t.Failed() {
			t.Log(a.log)
		}
	})
	a.show(first)
	return a
}

// noRaces fails the test for what the race detector found in the child, but for two races of libraries alone. systray counts
// the menu's version up, 150 ms after the menu was first read, without the lock that readers hold. And godbus copies a new
// icon over the one that a host may be reading: that host gets parts of both, and reads again at the signal that follows.
func (a *app) noRaces() {
	a.t.Helper()
	for _, report := range strings.Split(a.log.String(), "==================") {
		if strings.Contains(report, "DATA RACE") && !strings.Contains(report, "systray.(*tray).GetLayout.func1()") &&
			!(strings.Contains(report, "fyne.io/systray.SetIcon()") && strings.Contains(report, "dbus/v5.(*encoder)")) {
			a.t.Error(report)
		}
	}
}

func (a *app) show(m menu.Menu) {
	a.t.Helper()
	data, err := json.Marshal(m)
	if err == nil {
		_, err = a.stdin.Write(append(data, '\n'))
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// says waits for the child's next line.
func (a *app) says(want string) {
	a.t.Helper()
	select {
	case got := <-a.lines:
		if got != want {
			a.t.Fatalf("the child says %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		a.t.Fatalf("the child never says %q", want)
	}
}

func (a *app) item() dbus.BusObject { return a.bus.Object(a.name(), "/StatusNotifierItem") }
func (a *app) menu() dbus.BusObject { return a.bus.Object(a.name(), "/StatusNotifierItem/menu") }
func (a *app) name() string         { return fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", a.cmd.Process.Pid) }

// node is one entry of the menu as a host reads it.
type node struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

// entry is a line of the drawn menu.
type entry struct {
	id   int32
	text string // "label", or "[label]" where it is disabled, "x label" where it is checked; children are indented
}

// seen reads the menu as a host does.
func (a *app) seen() []entry {
	var revision uint32
	var root node
	if err := a.menu().Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		return nil
	}
	return a.flatten(root, "")
}

func (a *app) flatten(n node, indent string) []entry {
	var all []entry
	for _, v := range n.Children {
		var c node
		if err := dbus.Store([]any{v.Value()}, &c); err != nil {
			a.t.Fatal(err)
		}
		text, _ := c.Props["label"].Value().(string)
		if kind, _ := c.Props["type"].Value().(string); kind == "separator" {
			text = "--"
		} else if on, _ := c.Props["enabled"].Value().(bool); !on {
			text = "[" + text + "]"
		}
		if state, _ := c.Props["toggle-state"].Value().(int32); state == 1 {
			text = "x " + text
		}
		if icon, _ := c.Props["icon-data"].Value().([]byte); len(icon) > 0 {
			text += fmt.Sprintf(" (%d bytes)", len(icon))
		}
		all = append(append(all, entry{c.ID, indent + text}), a.flatten(c, indent+"  ")...)
	}
	return all
}

// sees waits until the drawn menu is want, one entry a line.
func (a *app) sees(want ...string) {
	a.t.Helper()
	var got []string
	deadline := time.Now().Add(20 * time.Second)
	for strings.Join(got, "\n") != strings.Join(want, "\n") {
		if time.Now().After(deadline) {
			a.t.Fatalf("the menu is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		time.Sleep(10 * time.Millisecond)
		got = nil
		for _, e := range a.seen() {
			got = append(got, e.text)
		}
	}
}

// refills waits until the entries of submenus, and no others, were drawn anew, with nothing else changed since before.
func (a *app) refills(before []entry) {
	a.t.Helper()
	eventually(a.t, "the submenus are drawn anew", func() bool {
		now := a.seen()
		for i := range min(len(now), len(before)) {
			inside := strings.HasPrefix(now[i].text, "  ")
			if now[i].text != before[i].text || inside == (now[i].id == before[i].id) {
				return false
			}
		}
		return len(now) == len(before)
	})
}

func (a *app) id(text string) int32 {
	a.t.Helper()
	for _, e := range a.seen() {
		if e.text == text {
			return e.id
		}
	}
	a.t.Fatalf("no entry %q", text)
	return 0
}

// click sends what a host sends at a click on the entry with that id.
func (a *app) click(id int32) {
	a.t.Helper()
	if err := a.menu().Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(0), uint32(0)).Err; err != nil {
		a.t.Fatal(err)
	}
}
