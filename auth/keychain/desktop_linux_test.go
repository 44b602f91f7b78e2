package keychain

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// desktop is a private session bus, and what else of a desktop session a test starts on it.
type desktop struct {
	dir     string // short: a socket's path is at most 107 bytes
	conn    *dbus.Conn
	keyring *os.Process
}

// newDesktop starts a session bus on which nothing runs and nothing can be activated, and points this process at it.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	dir, err := os.MkdirTemp("", "kc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	config := fmt.Sprintf(`<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`, dir)
	file := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+dir+"/bus")
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("HOME", dir)
	start(t, "", "dbus-daemon", "--config-file="+file, "--nofork", "--nopidfile")
	d := &desktop{dir: dir}
	eventually(t, "the session bus runs", func() bool {
		d.conn, err = dbus.ConnectSessionBus()
		return err == nil
	})
	t.Cleanup(func() { _ = d.conn.Close() })
	return d
}

// startKeyring starts gnome-keyring on d: with an unlocked collection "login" that is the default one, or with none at all.
func (d *desktop) startKeyring(t *testing.T, withCollection bool) {
	t.Helper()
	args := []string{"--foreground", "--components=secrets", "--control-directory=" + d.dir}
	if withCollection {
		keyrings := filepath.Join(d.dir, "keyrings")
		if err := os.MkdirAll(keyrings, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(keyrings, "default"), []byte("login"), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--unlock")
	}
	d.keyring = start(t, "a password", "gnome-keyring-daemon", args...)
	want := ssNothing
	if withCollection {
		want = ssLogin
	}
	eventually(t, "the keychain service runs", func() bool {
		var is dbus.ObjectPath
		return d.conn.Object(ssName, ssPath).Call(ssService+".ReadAlias", 0, "default").Store(&is) == nil && is == want
	})
}

func (d *desktop) lock(t *testing.T) {
	t.Helper()
	if err := d.conn.Object(ssName, ssPath).Call(ssService+".Lock", 0, []dbus.ObjectPath{ssLogin}).Err; err != nil {
		t.Fatal(err)
	}
}

// start starts a program with stdin, and ends it with the test. The test is skipped where the program is not installed.
func start(t *testing.T, stdin, name string, args ...string) *os.Process {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 15 s", what)
		}
	}
}

// prompts watches the bus from now on; the function it returns tells which calls were made since that open a prompt.
func (d *desktop) prompts(t *testing.T) func() []string {
	t.Helper()
	monitor, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = monitor.Close() })
	seen := make(chan *dbus.Message, 1000)
	rules := []string{
		"type='method_call',interface='" + ssService + "',member='Unlock'",
		"type='method_call',interface='" + ssPrompt + "'",
		"type='method_call',interface='org.freedesktop.DBus.Peer',member='Ping'",
	}
	monitor.Eavesdrop(seen) // from here on replies come this way too
	monitor.BusObject().Go("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, nil, rules, uint32(0))
	for reply := dbus.TypeMethodCall; reply != dbus.TypeMethodReply; {
		select {
		case m := <-seen:
			if reply = m.Type; reply == dbus.TypeError {
				t.Fatalf("no monitor: %v", m.Body)
			}
		case <-time.After(15 * time.Second):
			t.Fatal("no monitor: no answer")
		}
	}
	return func() (calls []string) {
		t.Helper()
		// The bus keeps the order: what was called before this ping is seen before it.
		d.conn.BusObject().Go("org.freedesktop.DBus.Peer.Ping", dbus.FlagNoReplyExpected, nil)
		for {
			select {
			case m := <-seen:
				member, _ := m.Headers[dbus.FieldMember].Value().(string)
				if member == "Ping" {
					return calls
				}
				if m.Type == dbus.TypeMethodCall {
					calls = append(calls, member)
				}
			case <-time.After(15 * time.Second):
				t.Fatal("the bus monitor saw nothing")
			}
		}
	}
}

// lookup is what the person sees with secret-tool.
func lookup(t *testing.T, user string) string {
	t.Helper()
	if _, err := exec.LookPath("secret-tool"); err != nil {
		t.Skip("secret-tool is not installed")
	}
	out, err := exec.Command("secret-tool", "lookup", "service", Service, "username", user).Output()
	if err != nil {
		t.Fatalf("secret-tool lookup service %s username %s: %v", Service, user, err)
	}
	return string(out)
}

// children returns the helper processes of this process that are there, running or not yet waited for.
func children(t *testing.T) (pids []string) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // that thread is gone
		}
		for _, pid := range strings.Fields(string(b)) {
			if line, err := os.ReadFile("/proc/" + pid + "/cmdline"); err != nil || len(line) == 0 || strings.Contains(string(line), HelperWord) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// freeze stops the keychain service without ending it.
func (d *desktop) freeze(t *testing.T) {
	t.Helper()
	if err := d.keyring.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}
