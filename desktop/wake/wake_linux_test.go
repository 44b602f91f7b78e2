package wake

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/desktop/internal/bustest"
)

// machine plays logind and NetworkManager on a bus of the test's own.
type machine struct {
	t     *testing.T
	conn  *dbus.Conn
	mu    sync.Mutex
	locks []lock
}

// lock is a delay lock given out: a pipe, whose write end somebody holds.
type lock struct {
	held, given *os.File
	client      string
	args        [4]string
}

func newMachine(t *testing.T, bus *bustest.Bus) *machine {
	t.Helper()
	m := &machine{t: t, conn: bus.Connect(t)}
	t.Cleanup(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, l := range m.locks {
			_, _ = l.held.Close(), l.given.Close()
		}
	})
	if err := m.conn.Export(m, logindPath, logindManager); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{logind, network} {
		if _, err := m.conn.RequestName(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// Inhibit is logind's.
func (m *machine) Inhibit(sender dbus.Sender, what, who, why, mode string) (dbus.UnixFD, *dbus.Error) {
	held, given, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.locks = append(m.locks, lock{held, given, string(sender), [4]string{what, who, why, mode}})
	return dbus.UnixFD(given.Fd()), nil
}

func (m *machine) sleep(about bool) { m.emit(logindPath, logindManager+".PrepareForSleep", about) }

func (m *machine) net(changed map[string]any) {
	v := map[string]dbus.Variant{}
	for name, value := range changed {
		v[name] = dbus.MakeVariant(value)
	}
	m.emit(networkPath, properties+".PropertiesChanged", network, v, []string{})
}

func (m *machine) emit(path dbus.ObjectPath, name string, body ...any) {
	m.t.Helper()
	if err := m.conn.Emit(path, name, body...); err != nil {
		m.t.Fatal(err)
	}
}

// given waits for the n-th delay lock and returns it.
func (m *machine) given(n int) (l lock) {
	m.t.Helper()
	bustest.Until(m.t, "a delay lock was taken", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.locks) >= n {
			l = m.locks[n-1]
		}
		return len(m.locks) >= n
	})
	return l
}

// open reports whether a client still holds l. It is right only after the client has shown that it got the lock, because
// it gives up the machine's own copy.
func (l lock) open(t *testing.T) (held bool) {
	t.Helper()
	_ = l.given.Close()
	raw, err := l.held.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Read(func(fd uintptr) bool {
		_, err := syscall.Read(int(fd), make([]byte, 1)) // 0 bytes, no error: nobody can write any more
		held = errors.Is(err, syscall.EAGAIN)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return held
}

// watch starts a watcher of bus with short times.
func watch(t *testing.T, bus *bustest.Bus, busy func() bool, hold time.Duration) <-chan auth.Look {
	t.Helper()
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.Address)
	looks := make(chan auth.Look)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		watcher{looks, busy, hold, 5 * time.Millisecond, slog.New(slog.DiscardHandler)}.run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return looks
}

func expect(t *testing.T, looks <-chan auth.Look, want auth.Look) {
	t.Helper()
	select {
	case got := <-looks:
		if got != want {
			t.Fatalf("got look %d, want %d", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("look %d did not come", want)
	}
}

func idle() bool { return false }

func TestSleepIsHeldBackUntilWhatIsUnderWayHasEnded(t *testing.T) {
	bus := bustest.Start(t)
	m := newMachine(t, bus)
	var asked atomic.Int32
	var busy atomic.Bool
	busy.Store(true)
	looks := watch(t, bus, func() bool { asked.Add(1); return busy.Load() }, time.Hour)
	l := m.given(1)
	if want := [4]string{"sleep", "kubecreds", "A renewal of credentials is finished first", "delay"}; l.args != want {
		t.Errorf("Inhibit(%q)", l.args)
	}

	m.sleep(true)
	expect(t, looks, auth.LookSleeping)
	bustest.Until(t, "busy was asked again and again", func() bool { return asked.Load() > 3 })
	if !l.open(t) {
		t.Error("the lock was let go while a renewal was under way")
	}
	busy.Store(false)
	bustest.Until(t, "the lock was let go", func() bool { return !l.open(t) })

	m.sleep(false)
	expect(t, looks, auth.LookResumed)
	second := m.given(2)
	busy.Store(false)
	m.sleep(true)
	expect(t, looks, auth.LookSleeping)
	bustest.Until(t, "the second lock was let go", func() bool { return !second.open(t) })
}

func TestSleepIsHeldBackNoLongerThanTheLimit(t *testing.T) {
	bus := bustest.Start(t)
	m := newMachine(t, bus)
	const limit = 100 * time.Millisecond
	looks := watch(t, bus, func() bool { return true }, limit)
	l := m.given(1)
	begun := time.Now()
	m.sleep(true)
	expect(t, looks, auth.LookSleeping)
	bustest.Until(t, "the lock was let go", func() bool { return !l.open(t) })
	if took := time.Since(begun); took < limit {
		t.Errorf("the lock was let go after %v, though a renewal was under way", took)
	}
}

func TestSleepGoesOnWhenNobodyReceivesLooks(t *testing.T) {
	bus := bustest.Start(t)
	m := newMachine(t, bus)
	looks := watch(t, bus, idle, 100*time.Millisecond)
	l := m.given(1)
	m.net(map[string]any{"State": uint32(70)})
	expect(t, looks, auth.LookNetwork) // the client has the lock
	m.sleep(true)
	bustest.Until(t, "the lock was let go", func() bool { return !l.open(t) })
	m.sleep(false)
	expect(t, looks, auth.LookResumed)
}

func TestANetworkThatComesIsTold(t *testing.T) {
	bus := bustest.Start(t)
	m := newMachine(t, bus)
	looks := watch(t, bus, idle, time.Second)
	m.given(1)
	for _, quiet := range []map[string]any{
		{"WirelessEnabled": true},
		{"State": uint32(20)},
		{"State": uint32(50)},
		{"Connectivity": uint32(2)},
		{"PrimaryConnection": dbus.ObjectPath("/"), "ActiveConnections": []dbus.ObjectPath{}},
		{"State": "seventy", "ActiveConnections": "x"},
	} {
		m.net(quiet)
	}
	m.emit(networkPath, properties+".PropertiesChanged", network)
	m.emit(networkPath, properties+".PropertiesChanged", network, "nonsense", []string{})
	m.emit(logindPath, logindManager+".PrepareForSleep", "nonsense")
	m.emit(logindPath, logindManager+".PrepareForSleep")
	m.sleep(false) // signals come in order: what was told wrongly would come first
	expect(t, looks, auth.LookResumed)
	for _, news := range []map[string]any{
		{"State": uint32(70)},
		{"State": uint32(60), "Connectivity": uint32(3)},
		{"Connectivity": uint32(4)},
		{"PrimaryConnection": dbus.ObjectPath("/org/freedesktop/NetworkManager/ActiveConnection/2")},
		{"ActiveConnections": []dbus.ObjectPath{"/org/freedesktop/NetworkManager/ActiveConnection/3"}},
	} {
		m.net(news)
		expect(t, looks, auth.LookNetwork)
	}
}

func TestASignalOfSomebodyElseIsNotBelieved(t *testing.T) {
	bus := bustest.Start(t)
	m := newMachine(t, bus)
	looks := watch(t, bus, idle, time.Second)
	stranger := bus.Connect(t)
	forged := &dbus.Message{
		Type: dbus.TypeSignal,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(m.given(1).client),
			dbus.FieldPath:        dbus.MakeVariant(logindPath),
			dbus.FieldInterface:   dbus.MakeVariant(logindManager),
			dbus.FieldMember:      dbus.MakeVariant("PrepareForSleep"),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(true)),
		},
		Body: []any{true},
	}
	if call := stranger.Send(forged, nil); call.Err != nil {
		t.Fatal(call.Err)
	}
	if err := stranger.BusObject().Call("org.freedesktop.DBus.GetId", 0).Err; err != nil { // the bus has passed it on
		t.Fatal(err)
	}
	m.sleep(false)
	expect(t, looks, auth.LookResumed)
}

func TestABusThatGoesAndComesBackIsFoundAgain(t *testing.T) {
	bus := bustest.Start(t)
	m := newMachine(t, bus)
	looks := watch(t, bus, idle, time.Second)
	l := m.given(1)
	m.sleep(true)
	expect(t, looks, auth.LookSleeping)
	bus.Stop()
	expect(t, looks, auth.LookResumed) // or no renewal would start any more
	bustest.Until(t, "the lock was let go", func() bool { return !l.open(t) })

	bus.Restart(t)
	m = newMachine(t, bus)
	told := make(chan struct{})
	go func() { defer close(told); <-looks }()
	bustest.Until(t, "the new bus was listened to", func() bool {
		m.sleep(false)
		select {
		case <-told:
			return true
		default:
			return false
		}
	})
}

func TestAMachineWithoutASystemBusIsSilent(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	var logged lines
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	looks := make(chan auth.Look)
	go func() {
		defer close(done)
		watcher{looks, idle, time.Second, time.Millisecond, slog.New(&logged)}.run(ctx)
	}()
	bustest.Until(t, "the bus was looked for again and again", func() bool { return logged.at(slog.LevelDebug) > 3 })
	cancel()
	<-done
	if n := logged.at(slog.LevelInfo); n != 1 {
		t.Errorf("%d lines for people, want 1", n)
	}
	select {
	case look := <-looks:
		t.Errorf("look %d out of nothing", look)
	default:
	}
}

// lines is a log handler that counts lines by level.
type lines struct {
	mu sync.Mutex
	n  map[slog.Level]int
}

func (l *lines) at(level slog.Level) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n[level]
}

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == nil {
		l.n = map[slog.Level]int{}
	}
	l.n[r.Level]++
	return nil
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }
