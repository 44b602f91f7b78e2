//go:build !windows

package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// watching starts `status --watch` and returns what reads its next line.
func (b bench) watching(t *testing.T) (cmd *exec.Cmd, next func() string, errs *strings.Builder) {
	t.Helper()
	cmd = b.command("status", "--watch")
	errs = &strings.Builder{}
	cmd.Stderr = errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { stuck.Stop(); _ = cmd.Process.Kill() })
	lines := bufio.NewReader(out)
	return cmd, func() string { line, _ := lines.ReadString('\n'); return line }, errs
}

func TestWatchGoesOnUntilCtrlC(t *testing.T) {
	b := withAgent(t, func(ctx context.Context, c *wire.Conn, _ wire.Request) wire.Done {
		_ = c.Send(wire.Event{Text: "prod: valid until 14:32\n"})
		<-ctx.Done()
		return wire.Done{}
	})
	cmd, next, errs := b.watching(t)
	if got := next(); got != "prod: valid until 14:32\n" {
		t.Errorf("%q", got)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || errs.String() != "" {
		t.Errorf("%v, %q", err, errs)
	}
}

func TestWatchGoesOnWithTheAgentThatTakesOver(t *testing.T) {
	var calls atomic.Int32
	b := withAgent(t, func(ctx context.Context, c *wire.Conn, _ wire.Request) wire.Done {
		switch calls.Add(1) {
		case 1:
			_ = c.Send(wire.Event{Text: "first\n"})
			return wire.Done{Status: 1, Message: "kubecreds ended"}
		case 2:
			_ = c.Send(wire.Event{Text: "second\n"})
			return wire.Done{Status: 1, Message: "kubecreds ended"}
		}
		return wire.Done{Status: 1, Message: "32 others watch already"}
	})
	cmd, next, errs := b.watching(t)
	if one, two := next(), next(); one != "first\n" || two != "second\n" {
		t.Errorf("%q, %q", one, two)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || errs.String() != "kubecreds: 32 others watch already\n" || calls.Load() != 3 {
		t.Errorf("%v, %q after %d calls", err, errs, calls.Load())
	}
}

func TestTokenPrintsTheBareToken(t *testing.T) {
	b := withAgent(t, fakeAnswer)
	for args, want := range map[string]ran{
		"token prod":      {fakeToken + "\n", "", 0},
		"token expired":   {"", "kubecreds: corp: login needed: the session ended [31m click the icon\n", 3},
		"token failing":   {"", "kubecreds: too late\n", 4},
		"token talkative": {"", "kubecreds: " + wire.ErrProtocol.Error() + "\n", 1},
		"token empty":     {"", "kubecreds: " + wire.ErrProtocol.Error() + "\n", 1},
	} {
		if got := b.run(t, strings.Fields(args)...); got != want {
			t.Errorf("%s: got %+v, want %+v", args, got, want)
		}
	}
}

func TestAnAgentThatEndsIsAskedAgainUntilAnotherAnswers(t *testing.T) {
	ends := `{"Version":1,"Done":{"Status":1,"Message":"the agent is about to end; try again","Again":true}}` + "\n"
	credential := `{"Version":1,"Credential":{"Token":"t"}}` + "\n" + `{"Version":1,"Done":{"Status":0}}` + "\n"
	b := newBench(t).with(asksV1, "KUBECREDS_SOCKET="+answerWith(t, []string{ends, "", ends, credential}))
	if got := b.run(t, "get-token", "--cluster=prod"); got.status != 0 || got.err != "" || !strings.Contains(got.out, `"token":"t"`) {
		t.Errorf("%+v", got)
	}
}

func TestAnOlderAgentThatIsIdleIsReplaced(t *testing.T) {
	b := newBench(t)
	// The fake agent says that it is older, and the one that is started in its place finds it running and ends.
	t.Cleanup(func() { b.run(t, "quit") })
	if got := b.run(t, "start"); got.status != 0 {
		t.Fatalf("%+v", got)
	}
	if got := b.run(t, "status", "older"); got.status != 0 || got.err != "" {
		t.Fatalf("%+v", got)
	}
	started := func() int {
		log, _ := os.ReadFile(b.dir + "/started")
		return len(log)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); started() < 2; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%d agents were started", started())
		}
	}
}
