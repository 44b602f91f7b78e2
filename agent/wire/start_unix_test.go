//go:build !windows

package wire

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain makes the test's program a fake agent where it is called by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "kubecreds" {
		os.Exit(fakeAgent())
	}
	os.Exit(m.Run())
}

// seen is what a fake agent tells of how it was started.
type seen struct {
	PID, Session int
	Args, Env    []string
	Dir          string
	Terminal     bool // one of its files is not the null device
}

func fakeAgent() int {
	flags := flag.NewFlagSet("kubecreds", flag.ContinueOnError)
	home := flags.String("home", "", "")
	flags.Bool("no-tray", false, "")
	flags.Bool("background", false, "")
	if flags.Parse(os.Args[1:]) != nil {
		return 2
	}
	p, err := At(*home)
	if err != nil {
		return 2
	}
	log, err := os.OpenFile(filepath.Join(*home, "started"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 2
	}
	_, _ = log.WriteString("x")
	l, err := Listen(p)
	if err != nil {
		return 1
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // it outlives no test for long
	defer cancel()
	if l.Serve(ctx, func(_ context.Context, _ *Conn, r Request) Done {
		if r.Verb == "quit" {
			cancel()
		}
		report, err := json.Marshal(look())
		if err != nil {
			return Done{Status: 1}
		}
		return Done{Message: string(report)}
	}) != nil {
		return 1
	}
	return 0
}

func look() seen {
	s := seen{PID: os.Getpid(), Args: os.Args[1:], Env: os.Environ()}
	s.Session, _ = unix.Getsid(0)
	s.Dir, _ = os.Getwd()
	null, err := os.Stat(os.DevNull)
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		fi, e := f.Stat()
		s.Terminal = s.Terminal || err != nil || e != nil || !os.SameFile(null, fi)
	}
	return s
}

// fakeProgram makes a program that is a fake agent, which may be started also where the tests run under sudo.
func fakeProgram(t *testing.T, p Place) string {
	t.Helper()
	t.Setenv("SUDO_UID", "")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(p.home, "kubecreds")
	link(t, self, program)
	return program
}

// quit ends the agent at p, and asks it before how it was started.
func quit(t *testing.T, p Place) seen {
	t.Helper()
	var s seen
	if err := json.Unmarshal([]byte(call(t, p, "quit").Message), &s); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the agent ends", func() bool { return errors.Is(syscall.Kill(s.PID, 0), syscall.ESRCH) || !answers(p) })
	return s
}

func answers(p Place) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := Dial(ctx, p)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func TestFiftyClientsThatStartAnAgentGetOne(t *testing.T) {
	p := newPlace(t)
	program := fakeProgram(t, p)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := Start(context.Background(), p, program); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	quit(t, p)
	if b, err := os.ReadFile(filepath.Join(p.home, "started")); err != nil || string(b) != "x" {
		t.Errorf("agents started: %q, %v", b, err)
	}
}

func TestOfManyAgentsStartedAtOnceOneSurvives(t *testing.T) {
	p := newPlace(t)
	program := fakeProgram(t, p)
	var ends []<-chan error
	for range 10 {
		ended, err := spawn(program, p.arguments(os.Environ()))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, ended)
	}
	count := func() (n int) {
		for i, ended := range ends {
			select {
			case <-ended:
				ends[i] = nil
			default:
			}
			if ends[i] == nil {
				n++
			}
		}
		return n
	}
	eventually(t, "nine agents end", func() bool { return count() >= 9 })
	if !answers(p) {
		t.Error("none is left")
	}
	quit(t, p)
}

func TestAStartedAgentIsDetachedAndKnowsNamedVariablesOnly(t *testing.T) {
	p := newPlace(t)
	program := fakeProgram(t, p)
	for name, value := range map[string]string{
		"HOME": p.home, "LC_TIME": "C.UTF-8", "https_proxy": "http://127.0.0.1:1", "KUBECREDS_CONFIG": "/c", "XDG_CONFIG_HOME": "/x",
		"AWS_SECRET_ACCESS_KEY": "s3cr3t", "LD_PRELOAD": "", "KUBECONFIG": "/k", "KUBECREDS_SOCKET": "/s", "KUBERNETES_EXEC_INFO": "{}",
		"SSH_CONNECTION": "1", "DISPLAY": "localhost:10",
	} {
		t.Setenv(name, value)
	}
	if err := Start(within(t, 10*time.Second), p, program); err != nil {
		t.Fatal(err)
	}
	got := quit(t, p)
	if !slices.Equal(got.Args, []string{"--background", "--home", p.home, "--no-tray"}) || got.Dir != p.home || got.Session != got.PID || got.Terminal {
		t.Errorf("it was started as %+v", got)
	}
	for _, want := range []string{"HOME=" + p.home, "LC_TIME=C.UTF-8", "https_proxy=http://127.0.0.1:1", "KUBECREDS_CONFIG=/c", "XDG_CONFIG_HOME=/x"} {
		if !slices.Contains(got.Env, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "KUBECONFIG", "KUBECREDS_SOCKET", "KUBERNETES_EXEC_INFO", "SSH_CONNECTION", "DISPLAY"} {
		if slices.ContainsFunc(got.Env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") }) {
			t.Errorf("%s is in its environment", name)
		}
	}
}

func TestAnAgentThatCannotStartIsAClearErrorAtOnce(t *testing.T) {
	p := newPlace(t)
	if err := Start(within(t, 10*time.Second), p, filepath.Join(p.home, "kubecreds")); err == nil || !strings.Contains(err.Error(), "kubecreds") {
		t.Errorf("a missing program: %v", err)
	}
	began := time.Now()
	err := Start(within(t, 10*time.Second), p, "/bin/false")
	if err == nil || !strings.Contains(err.Error(), "/bin/false ended at once") {
		t.Errorf("a broken program: %v", err)
	}
	if took := time.Since(began); took > startTimeout/2 {
		t.Errorf("it took %s", took)
	}
}

func TestAnAgentIsNotStartedUnderSudo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this is about root")
	}
	t.Setenv("SUDO_UID", "1000")
	if err := Start(within(t, time.Second), newPlace(t), "/bin/true"); err == nil || !strings.Contains(err.Error(), "sudo") {
		t.Errorf("%v", err)
	}
}
