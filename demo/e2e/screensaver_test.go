package e2e

import (
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// saver is a screen saver on the session bus, as desktops have one: it says whether the screen is locked.
type saver struct{}

const saverName, saverPath = "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"

// screenSaver starts one that has not locked the screen.
func screenSaver(t *testing.T) saver {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-m", "dbusmock", "--session", saverName, saverPath, saverName)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	until(t, "the screen saver", func() bool { return saverCall("org.freedesktop.DBus.Peer.Ping") == nil })
	saver{}.lock(t, false)
	return saver{}
}

// lock locks the screen, or unlocks it, and says so on the bus.
func (saver) lock(t *testing.T, on bool) {
	t.Helper()
	python := map[bool]string{true: "ret = True", false: "ret = False"}[on]
	must(t, saverCall("org.freedesktop.DBus.Mock.AddMethod", "", "GetActive", "", "b", python))
	must(t, saverCall("org.freedesktop.DBus.Mock.EmitSignal", saverName, "ActiveChanged", "b", "[<"+strconv.FormatBool(on)+">]"))
}

func saverCall(method string, args ...string) error {
	return exec.Command("gdbus", append([]string{"call", "--session", "-d", saverName, "-o", saverPath, "-m", method}, args...)...).Run()
}
