package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo terminal with kubectl-creds on it.
type terminal struct {
	person, program *os.File // the two ends
	cmd             *exec.Cmd

	mu   sync.Mutex
	seen strings.Builder
}

func openTerminal(t *testing.T, b bench, args ...string) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{person: person, program: program, cmd: b.command(args...)}
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = program, program, program
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(term, person) }()
	t.Cleanup(func() { _ = person.Close(); _ = program.Close() })
	return term
}

// Write takes what the program shows.
func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.Write(p)
}

func (term *terminal) shown() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return strings.ReplaceAll(term.seen.String(), "\r\n", "\n")
}

// wait waits until the terminal shows want.
func (term *terminal) wait(t *testing.T, want string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(term.shown(), want); {
		if time.Now().After(end) {
			t.Fatalf("never shown: %q; but %q", want, term.shown())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// waitEcho waits until what is typed is shown, or not.
func (term *terminal) waitEcho(t *testing.T, on bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(term.program.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if (state.Lflag&unix.ECHO != 0) == on {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("echo never became %v", on)
		}
	}
}

func (term *terminal) enter(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(term.person, text); err != nil {
		t.Fatal(err)
	}
}

func (term *terminal) exit(t *testing.T) int {
	t.Helper()
	late := time.AfterFunc(10*time.Second, func() { _ = term.cmd.Process.Kill() })
	defer late.Stop()
	_ = term.cmd.Wait()
	return term.cmd.ProcessState.ExitCode()
}

func TestAPersonAtATerminalIsAskedWithoutEchoOfThePassword(t *testing.T) {
	term := openTerminal(t, withAgent(t, fakeAnswer), "login")
	term.wait(t, "User name for corp: ")
	term.enter(t, "alice\n")
	term.wait(t, "Password of alice: ")
	term.waitEcho(t, false)
	term.enter(t, "wrong\n")
	term.wait(t, "Password of alice: \nkubecreds: corp: the provider refused the password\nPassword of alice: ")
	term.waitEcho(t, false)
	term.enter(t, "pä ss\n")
	if status := term.exit(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	term.waitEcho(t, true)
	term.wait(t, "alice is logged in\n")
	if shown := term.shown(); strings.Contains(shown, "ss\n") || strings.Contains(shown, "wrong") {
		t.Errorf("a password was shown: %q", shown)
	}
}

func TestCtrlCAtAPromptPutsTheEchoBack(t *testing.T) {
	term := openTerminal(t, withAgent(t, fakeAnswer), "login", "--username=alice")
	term.wait(t, "Password of alice: ")
	term.waitEcho(t, false)
	term.enter(t, "\x03")
	if status := term.exit(t); status != 1 {
		t.Errorf("exit status %d", status)
	}
	term.waitEcho(t, true)
	term.wait(t, "\nkubecreds: cancelled\n")
}

func TestCtrlDAtAPromptIsNoAnswer(t *testing.T) {
	term := openTerminal(t, withAgent(t, fakeAnswer), "login")
	term.wait(t, "User name for corp: ")
	term.enter(t, "\x04")
	if status := term.exit(t); status != 3 {
		t.Errorf("exit status %d", status)
	}
	term.wait(t, "kubecreds: corp: nobody answers\n")
}

func TestALoginThatEndsWhileAPersonTypesPutsTheEchoBack(t *testing.T) {
	term := openTerminal(t, withAgent(t, fakeAnswer), "login", "impatient")
	term.wait(t, "Password: ")
	term.enter(t, "half of it")
	if status := term.exit(t); status != 3 {
		t.Errorf("exit status %d", status)
	}
	term.waitEcho(t, true)
	term.wait(t, "kubecreds: corp: context deadline exceeded\n")
}
