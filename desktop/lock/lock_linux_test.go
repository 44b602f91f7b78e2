package lock

import (
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/kubecreds/kubecreds/desktop/internal/bustest"
)

const sessionPath = dbus.ObjectPath("/org/freedesktop/login1/session/_31")

// manager plays logind's.
type manager struct{ user dbus.ObjectPath }

// GetUser is logind's.
func (m manager) GetUser(uint32) (dbus.ObjectPath, *dbus.Error) { return m.user, nil }

type session struct {
	ID   string
	Path dbus.ObjectPath
}

// startLogind plays logind with one session at a screen, and returns that session's properties.
func startLogind(t *testing.T, bus *bustest.Bus, display session) *prop.Properties {
	t.Helper()
	conn := bus.Connect(t)
	const user = dbus.ObjectPath("/org/freedesktop/login1/user/_1000")
	if err := conn.Export(manager{user}, logindPath, logind+".Manager"); err != nil {
		t.Fatal(err)
	}
	if _, err := prop.Export(conn, user, prop.Map{logind + ".User": {"Display": {Value: display}}}); err != nil {
		t.Fatal(err)
	}
	props, err := prop.Export(conn, sessionPath, prop.Map{logind + ".Session": {"LockedHint": {Value: false, Emit: prop.EmitTrue}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(logind, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return props
}

// saver plays a screen saver.
type saver struct {
	t    *testing.T
	conn *dbus.Conn
	name string
	on   atomic.Bool
	asks atomic.Int32
}

func startSaver(t *testing.T, bus *bustest.Bus, name string) *saver {
	t.Helper()
	s := &saver{t: t, conn: bus.Connect(t), name: name}
	if err := s.conn.Export(s, savers()[name], name); err != nil {
		t.Fatal(err)
	}
	if _, err := s.conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return s
}

// GetActive is the screen saver's.
func (s *saver) GetActive() (bool, *dbus.Error) {
	s.asks.Add(1)
	return s.on.Load(), nil
}

func (s *saver) set(on bool) {
	s.on.Store(on)
	if err := s.conn.Emit(savers()[s.name], s.name+".ActiveChanged", on); err != nil {
		s.t.Error(err)
	}
}

// buses starts a system and a session bus for the test.
func buses(t *testing.T) (system, session *bustest.Bus) {
	t.Helper()
	system, session = bustest.Start(t), bustest.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", system.Address)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", session.Address)
	return system, session
}

func watch(t *testing.T) *Screen {
	return Watch(t.Context(), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})))
}

func becomes(t *testing.T, s *Screen, locked bool) {
	t.Helper()
	select {
	case <-s.Changes():
	case <-time.After(30 * time.Second):
		t.Fatal("no change was told")
	}
	if s.Locked() != locked {
		t.Fatalf("the screen is locked: %v", !locked)
	}
}

func TestTheScreenIsLockedWhenLogindSaysSo(t *testing.T) {
	system, _ := buses(t)
	hint := startLogind(t, system, session{"1", sessionPath})
	s := watch(t)
	hint.SetMust(logind+".Session", "LockedHint", true)
	becomes(t, s, true)
	hint.SetMust(logind+".Session", "LockedHint", false)
	becomes(t, s, false)
}

func TestAMachineWithoutASessionAtAScreenIsNotLocked(t *testing.T) {
	system, bus := buses(t)
	hint := startLogind(t, system, session{"", "/"})
	hint.SetMust(logind+".Session", "LockedHint", true) // that session is somebody else's
	screen := startSaver(t, bus, "org.gnome.ScreenSaver")
	s := watch(t)
	screen.set(true) // what comes before is known when this is
	becomes(t, s, true)
	screen.set(false)
	becomes(t, s, false)
}

func TestTheScreenIsLockedWhileAnyScreenSaverRuns(t *testing.T) {
	_, bus := buses(t)
	s := watch(t)
	for name := range savers() {
		screen := startSaver(t, bus, name)
		screen.set(true)
		becomes(t, s, true)
		if name == "org.gnome.ScreenSaver" { // killed
			_ = screen.conn.Close()
		} else {
			screen.set(false)
		}
		becomes(t, s, false)
	}
}

func TestASignalAloneUnlocksNothing(t *testing.T) {
	_, bus := buses(t)
	s := watch(t)
	screen := startSaver(t, bus, "org.mate.ScreenSaver")
	screen.set(true)
	becomes(t, s, true)
	other, before := bus.Connect(t), screen.asks.Load()
	for range 3 {
		if err := other.Emit(savers()["org.gnome.ScreenSaver"], "org.gnome.ScreenSaver.ActiveChanged", false); err != nil {
			t.Fatal(err)
		}
	}
	bustest.Until(t, "the screen saver is asked", func() bool { return screen.asks.Load() >= before+2 }) // so the first was heeded
	if !s.Locked() || len(s.Changes()) != 0 {
		t.Error("somebody's signal unlocked the screen")
	}
	screen.set(false)
	becomes(t, s, false)
}

func TestWithoutBusesTheScreenIsNotLocked(t *testing.T) {
	nowhere := "unix:path=" + filepath.Join(t.TempDir(), "no bus")
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", nowhere)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", nowhere)
	for _, from := range []source{systemBus(), sessionBus()} {
		if err := from.listen(t.Context(), func(bool) { t.Error(from.name, "says something") }); err == nil {
			t.Error(from.name, "has nothing to say and is no error")
		}
	}
	told := make(chan bool, 1)
	sessionBus().follow(t.Context(), func(locked bool) { told <- locked }, slog.New(slog.DiscardHandler)) // and returns
	if <-told {
		t.Error("locked")
	}
}
