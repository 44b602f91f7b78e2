//go:build !windows

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// TestMain makes the test's program kubectl-creds, or a fake agent, where it is called by that name.
func TestMain(m *testing.M) {
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case "kubectl-creds":
		main()
	case "kubecreds":
		os.Exit(agentProcess())
	}
	os.Exit(m.Run())
}

// agentProcess is what a client starts: a fake agent at the standard place, until it is told to quit.
func agentProcess() int {
	p, err := wire.Standard()
	if err != nil {
		return 1
	}
	log, err := os.OpenFile(filepath.Join(os.Getenv("HOME"), "started"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	_, _ = log.WriteString("x")
	l, err := wire.Listen(p)
	if err != nil {
		return 1
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // it outlives no test for long
	defer cancel()
	if l.Serve(ctx, func(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
		if r.Verb == "quit" {
			_ = p.MarkQuit()
			cancel()
		}
		return fakeAnswer(ctx, c, r)
	}) != nil {
		return 1
	}
	return 0
}

const fakeToken = "eyJh.eyJz.c2ln"

// fakeAnswer is an agent with a mind as simple as its test needs. status shows the request that arrived.
func fakeAnswer(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	switch r.Verb {
	case "get-token", "token":
		return fakeGetToken(ctx, c, r.Flag("cluster")+r.Flag("account")+r.Name())
	case "login":
		return fakeLogin(ctx, c, r)
	case "status":
		b, err := json.Marshal(r)
		if err != nil {
			return wire.Done{Status: 1, Message: err.Error()}
		}
		_ = c.Send(wire.Event{Text: string(b) + "\n"})
		return wire.Done{Older: r.Name() == "older"}
	case "version":
		_ = c.Send(wire.Event{Text: "kubecreds 9.9\n"})
	}
	return wire.Done{}
}

func fakeGetToken(ctx context.Context, c *wire.Conn, name string) wire.Done {
	credential := wire.Event{Credential: &wire.Credential{
		Token: secret.New(fakeToken), Expires: time.Date(2030, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)),
	}}
	switch name {
	case "expired":
		return wire.Done{Status: 3, Message: "corp: login needed: the session ended\x1b[31m\nclick the icon"}
	case "told":
		return wire.Done{Status: 3}
	case "talkative":
		_ = c.Send(wire.Event{Text: "hello\n"})
	case "curious":
		if _, err := c.Ask(ctx, wire.Question{Prompt: "Password:", Hidden: true}); !errors.Is(err, wire.ErrNoAnswer) {
			return wire.Done{Status: 1, Message: "somebody answered"}
		}
		return wire.Done{Status: 3, Message: "nobody answered"}
	case "empty":
		return wire.Done{}
	case "failing":
		_ = c.Send(credential)
		return wire.Done{Status: 4, Message: "too late"}
	case "broken":
		credential.Credential.Token = secret.New("a\"b\n")
	case "hanging":
		<-ctx.Done()
	case "login":
		_ = c.Send(wire.Event{Note: "corp: log in in the window that opened"})
		select {
		case <-time.After(tokenLimit + time.Second):
		case <-ctx.Done():
		}
	}
	_ = c.Send(credential)
	return wire.Done{}
}

// fakeLogin asks for what it was not told, and says what it got. A wrong password is asked for again.
func fakeLogin(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	if r.Name() == "impatient" {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		_, err := c.Ask(short, wire.Question{Prompt: "Password: ", Hidden: true})
		return wire.Done{Status: 3, Message: "corp: " + err.Error()}
	}
	user := r.Flag("username")
	if user == "" {
		answer, err := c.Ask(ctx, wire.Question{Prompt: "User name for corp: "})
		if err != nil {
			return wire.Done{Status: 3, Message: "corp: " + err.Error()}
		}
		user = answer.Reveal()
	}
	for range 3 {
		password, err := c.Ask(ctx, wire.Question{Prompt: "Password of " + user + ": ", Hidden: true})
		if err != nil {
			return wire.Done{Status: 3, Message: "corp: " + err.Error()}
		}
		if password.Equal(secret.New("pä ss")) {
			_ = c.Send(wire.Event{Text: user + " is logged in\n"})
			return wire.Done{}
		}
		_ = c.Send(wire.Event{Note: "corp: the provider refused the password"})
	}
	return wire.Done{Status: 3, Message: "corp: three wrong passwords"}
}

// bench is a folder with both programs, and a place for an agent.
type bench struct {
	dir string
	env []string
}

// newBench makes a bench whose client starts its own agent: the standard place lies in it.
func newBench(t *testing.T) bench {
	t.Helper()
	dir, err := os.MkdirTemp("", "kc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, name := range []string{"kubectl-creds", "kubecreds"} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		if os.Link(self, filepath.Join(dir, name)) != nil {
			copyProgram(t, self, filepath.Join(dir, name))
		}
	}
	runtimeDir := filepath.Join(dir, "user")
	if err := os.Mkdir(runtimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	return bench{dir, []string{
		"XDG_RUNTIME_DIR=" + runtimeDir, "HOME=" + dir, "LANG=de_DE.UTF-8",
		"GORACE=atexit_sleep_ms=0", // the race detector's: a second for each process
	}}
}

// withAgent makes a bench with an agent that runs within the test, and a socket of its own.
func withAgent(t *testing.T, handle wire.Handler) bench {
	t.Helper()
	b := newBench(t)
	p, err := wire.At(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := wire.Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, handle) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-served, l.Close()); err != nil {
			t.Error(err)
		}
	})
	b.env = append(b.env, "KUBECREDS_SOCKET="+p.Socket())
	return b
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o700); err != nil {
		t.Fatal(err)
	}
}

// ran is what became of one run of kubectl-creds.
type ran struct {
	out, err string
	status   int
}

func (b bench) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.dir, "kubectl-creds"), args...)
	cmd.Env = b.env
	cmd.Dir = b.dir
	return cmd
}

func (b bench) run(t *testing.T, args ...string) ran { return b.feed(t, nil, args...) }

func (b bench) feed(t *testing.T, stdin io.Reader, args ...string) ran {
	t.Helper()
	cmd := b.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

func (b bench) with(env ...string) bench {
	b.env = append(append([]string(nil), b.env...), env...)
	return b
}
