package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestTheStandardPlaceIsTheFirstFolderThatIsTheUsersOwn(t *testing.T) {
	tmp := newPlace(t).home
	mine := mkdir(t, 0o700, tmp, "mine")
	open := mkdir(t, 0o777, tmp, "open")
	file := filepath.Join(tmp, "file")
	writeFile(t, file)
	perUser := "/run/user/" + strconv.Itoa(os.Getuid())
	if _, err := os.Stat(perUser); err == nil {
		t.Skip("this user has a session: the fallback would be its folder")
	}
	cases := []struct{ name, runtimeDir, state, home, want string }{
		{"the runtime folder", mine, "", "/h", mine + "/kubecreds"},
		{"never one that others can write", open, "", "/h", "/h/.local/state/kubecreds/run"},
		{"never a file", file, "", "/h", "/h/.local/state/kubecreds/run"},
		{"never a relative one", "mine", "state", "/h", "/h/.local/state/kubecreds/run"},
		{"the state folder", "", "/s", "/h", "/s/kubecreds/run"},
		{"none", "", "", "", ""},
	}
	if os.Getuid() == 0 {
		theirs := mkdir(t, 0o700, tmp, "theirs")
		chown(t, theirs)
		cases = append(cases, struct{ name, runtimeDir, state, home, want string }{"never another user's", theirs, "", "/h", "/h/.local/state/kubecreds/run"})
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", tc.runtimeDir)
			t.Setenv("XDG_STATE_HOME", tc.state)
			t.Setenv("HOME", tc.home)
			p, err := Standard()
			if p.Dir != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%q, %v; want %q", p.Dir, err, tc.want)
			}
		})
	}
}

// asNobody runs do on a thread of its own that belongs to another user, and ends that thread.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	done := make(chan syscall.Errno, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		const nobody = 65534
		_, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody)
		if errno == 0 {
			do()
		}
		done <- errno
	}()
	if errno := <-done; errno != 0 {
		t.Fatal(errno)
	}
}

// openToAll lets everybody reach the socket, as if the modes of its folders did not protect it.
func openToAll(t *testing.T, p Place) {
	t.Helper()
	for _, path := range []string{filepath.Dir(p.Dir), p.Dir, p.Socket()} {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherUsersClientIsTurnedAwayBeforeTheFirstByte(t *testing.T) {
	p := newPlace(t)
	odd := serve(t, p, echo)
	openToAll(t, p)
	asNobody(t, func() {
		c, err := net.Dial("unix", p.Socket())
		if err != nil {
			t.Errorf("the test cannot connect: %v", err)
			return
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(requestTimeout - time.Second))
		_, _ = io.WriteString(c, `{"Version":1,"Verb":"status"}`+"\n")
		if b, err := io.ReadAll(c); len(b) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the agent said %q, %v", b, err)
		}
	})
	named, err := Named(p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	if what := odd(); !slices.Equal(what, []string{"a process of another user was turned away"}) {
		t.Errorf("it was told of %q", what)
	}
	if d := call(t, named, "status"); d.Message != "status" {
		t.Errorf("afterwards its own user got %+v", d)
	}
}

func TestAnotherUsersAgentIsNotTalkedTo(t *testing.T) {
	p := newPlace(t)
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{p.home, p.Dir} {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var squatter *net.UnixListener
	asNobody(t, func() {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.Socket(), Net: "unix"})
		if err != nil {
			t.Errorf("the test cannot listen: %v", err)
			return
		}
		squatter = l
	})
	if squatter == nil {
		return
	}
	defer func() { _ = squatter.Close() }()
	named, err := Named(p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(within(t, time.Second), named); !errors.Is(err, ErrNotOurs) {
		t.Errorf("%v", err)
	}
}
