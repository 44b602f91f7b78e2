//go:build !windows

package wire

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTwoAgentsAtOnePlaceAreNotPossible(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	began := time.Now()
	if _, err := Listen(p); !errors.Is(err, ErrRunning) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s to see that an agent answers", took)
	}
	if d := call(t, p, "status"); d.Message != "status" {
		t.Errorf("the first one answers %+v", d)
	}
}

func TestAnAgentWhoseLockFileWasRemovedIsStillTheOnlyOne(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	if err := os.Remove(p.file(lockFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(p); !errors.Is(err, ErrRunning) {
		t.Errorf("%v", err)
	}
}

func TestAnAgentThatIsAboutToEndIsWaitedFor(t *testing.T) {
	p := newPlace(t)
	old, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.socket.close(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = old.Close() })
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestASocketThatOnlyAChildOfAKilledAgentStillHoldsIsNoAgent(t *testing.T) {
	p := newPlace(t)
	old, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // takes one connection, answers nothing, and is gone
		c, err := old.socket.accept()
		_ = old.Close()
		if err == nil {
			_ = c.Close()
		}
	}()
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestALockThatIsNeverLetGoIsARunningAgent(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	old, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	if err := old.socket.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(p); !errors.Is(err, ErrRunning) {
		t.Errorf("%v", err)
	}
}

func TestTheSocketOfAnAgentThatDiedIsReplaced(t *testing.T) {
	p := newPlace(t)
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.Socket(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(within(t, time.Second), p); !errors.Is(err, ErrNoAgent) {
		t.Errorf("a stale socket: %v", err)
	}
	serve(t, p, echo)
	if d := call(t, p, "status"); d.Message != "status" {
		t.Errorf("%+v", d)
	}
}

func TestFolderAndSocketAreClosedToOthers(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	for path, want := range map[string]os.FileMode{p.Dir: 0o700 | os.ModeDir, p.Socket(): 0o600 | os.ModeSocket, p.file(lockFile): 0o600} {
		if fi, err := os.Lstat(path); err != nil || fi.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", path, fi.Mode(), err, want)
		}
	}
}

func TestAFolderThatCannotBeTrustedIsRefusedByBothSides(t *testing.T) {
	cases := map[string]func(t *testing.T, p Place){
		"a link":              func(t *testing.T, p Place) { link(t, mkdir(t, 0o700, filepath.Dir(p.Dir), "real"), p.Dir) },
		"a file":              func(t *testing.T, p Place) { writeFile(t, p.Dir) },
		"readable by others":  func(t *testing.T, p Place) { mkdir(t, 0o755, p.Dir) },
		"writable by a group": func(t *testing.T, p Place) { mkdir(t, 0o770, p.Dir) },
		"in a folder of all":  func(t *testing.T, p Place) { mkdir(t, 0o700, p.Dir); mkdir(t, 0o777, filepath.Dir(p.Dir)) },
		"in a folder like tmp": func(t *testing.T, p Place) {
			mkdir(t, 0o700, p.Dir)
			mkdir(t, 0o777|os.ModeSticky, filepath.Dir(p.Dir))
		},
		"in a group's folder": func(t *testing.T, p Place) { mkdir(t, 0o700, p.Dir); mkdir(t, 0o775, filepath.Dir(p.Dir)) },
	}
	if os.Getuid() == 0 { // only root can give a folder away
		cases["another user's"] = func(t *testing.T, p Place) { chown(t, mkdir(t, 0o700, p.Dir)) }
		cases["in another user's"] = func(t *testing.T, p Place) { chown(t, filepath.Dir(mkdir(t, 0o700, p.Dir))) }
	}
	for name, squat := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			squat(t, p)
			_, dialErr := Dial(within(t, time.Second), p)
			_, listenErr := Listen(p)
			startErr := Start(within(t, time.Second), p, "/nonexistent")
			if !errors.Is(dialErr, ErrNotOurs) && name != "a file" {
				t.Errorf("Dial: %v", dialErr)
			}
			if listenErr == nil || startErr == nil {
				t.Errorf("Listen: %v; Start: %v", listenErr, startErr)
			}
			if _, err := os.Lstat(p.Socket()); err == nil {
				t.Error("a socket was made there")
			}
		})
	}
}

func TestAPathTooLongForASocketIsAClearError(t *testing.T) {
	home := filepath.Join(newPlace(t).home, strings.Repeat("x", 120))
	p, err := At(home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Listen(p)
	if err == nil || !strings.Contains(err.Error(), "too long for a socket by") || !strings.Contains(err.Error(), home) {
		t.Errorf("%v", err)
	}
}

func TestANamedSocketIsOnlyUsed(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	named, err := Named(p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	if d := call(t, named, "status"); d.Message != "status" {
		t.Errorf("%+v", d)
	}
	if _, err := Listen(named); err == nil {
		t.Error("listens at a named socket")
	}
	if Start(within(t, time.Second), named, "/nonexistent") == nil || named.MarkQuit() == nil || named.ClearQuit() == nil || named.QuitByPerson() {
		t.Error("a named place can be started or stopped")
	}
	if _, err := Named("agent.sock"); err == nil {
		t.Error("a relative path is taken")
	}
}

func TestTheQuitMarkerLastsUntilItIsCleared(t *testing.T) {
	p := newPlace(t)
	if p.QuitByPerson() {
		t.Error("before anything happened")
	}
	if err := p.ClearQuit(); err != nil {
		t.Errorf("clearing nothing: %v", err)
	}
	for range 2 {
		if err := p.MarkQuit(); err != nil || !p.QuitByPerson() {
			t.Errorf("marked: %v", err)
		}
	}
	if err := p.ClearQuit(); err != nil || p.QuitByPerson() {
		t.Errorf("cleared: %v", err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
}
