// Package bustest gives tests a message bus of their own, so that they play the services of a desktop and meet none of the
// machine's.
package bustest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// Without standard service folders: nothing is started by name.
const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// Bus is a dbus-daemon that ends with its test.
type Bus struct {
	Address string
	config  string
	daemon  *exec.Cmd
}

// Start starts a bus. It skips the test where there is no dbus-daemon.
func Start(t *testing.T) *Bus {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		t.Skip("dbus-daemon is not installed (Debian: dbus)")
	}
	dir, err := os.MkdirTemp("", "bus") // short: a socket's path ends at 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	b := &Bus{Address: "unix:path=" + socket, config: filepath.Join(dir, "bus.conf")}
	if err := os.WriteFile(b.config, []byte(strings.Replace(config, "SOCKET", socket, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Restart(t)
	t.Cleanup(b.Stop)
	return b
}

// Restart starts the bus again at the same address, after Stop.
func (b *Bus) Restart(t *testing.T) {
	t.Helper()
	daemon := exec.CommandContext(context.Background(), "dbus-daemon", "--config-file="+b.config, "--nofork", "--nopidfile", "--print-address=1")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	b.daemon = daemon
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it prints when it listens
		b.Stop()
		t.Fatal("dbus-daemon did not start: ", err)
	}
}

// Stop ends the bus and with it every connection.
func (b *Bus) Stop() {
	if b.daemon != nil {
		_ = b.daemon.Process.Kill()
		_ = b.daemon.Wait()
		b.daemon = nil
	}
}

// Connect returns a connection that owns the given names and ends with the test.
func (b *Bus) Connect(t *testing.T, names ...string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(b.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for _, name := range names {
		if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
			t.Fatalf("%s: %v, %v", name, reply, err)
		}
	}
	return conn
}

// Until tries every 5 ms whether something has become true, and fails the test after 10 s.
func Until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never happened: " + what)
		}
	}
}
