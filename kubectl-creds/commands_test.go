//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// recording is fakeAnswer that shows each request.
func recording(to chan<- wire.Request) wire.Handler {
	return func(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
		to <- r
		return fakeAnswer(ctx, c, r)
	}
}

// answerWith listens at a socket and answers one request a connection with bytes.
func answerWith(t *testing.T, answers []string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for _, answer := range answers {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadSlice('\n')
			_, _ = c.Write([]byte(answer))
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func TestStatusIsWhatACommandLessCallShows(t *testing.T) {
	b := withAgent(t, fakeAnswer).with("KUBECONFIG=/a/config:rel/config::", "SSH_TTY=/dev/pts/1")
	got := b.run(t)
	var r wire.Request
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.status != 0 || got.err != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	want := wire.Caller{
		Program: version, Kubeconfig: []string{"/a/config", filepath.Join(b.dir, "rel/config")}, Language: "de_DE.UTF-8", SSH: true,
		Parent: wire.Process{PID: os.Getpid(), Start: startOf(os.Getpid())},
	}
	if r.Verb != "status" || r.Version != wire.Version || len(r.Args) != 0 || fmt.Sprint(r.Caller) != fmt.Sprint(want) {
		t.Errorf("the agent got %+v, want %+v", r, want)
	}
	if r.Caller.Parent.Start == "" {
		t.Error("nobody knows when the parent began")
	}
}

func TestArgumentsReachTheAgentInOneForm(t *testing.T) {
	requests := make(chan wire.Request, 1)
	b := withAgent(t, recording(requests))
	cases := []struct {
		args, want []string
	}{
		{[]string{"status", "-o", "json", "prod"}, []string{"--output=json", "prod"}},
		{[]string{"status", "prod", "--output=json"}, []string{"--output=json", "prod"}},
		{[]string{"logout", "corp"}, []string{"corp"}},
		{[]string{"renew"}, nil},
		{[]string{"status", "-w", "prod"}, []string{"--watch=true", "prod"}},
		{[]string{"get-token", "--cluster", "a b@c"}, []string{"--cluster=a b@c"}},
	}
	for _, tc := range cases {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			if got := b.run(t, tc.args...); got.status != 0 {
				t.Fatalf("%+v", got)
			}
			if r := <-requests; r.Verb != tc.args[0] || !slices.Equal(r.Args, tc.want) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestWrongUsageSaysWhatIsRight(t *testing.T) {
	b := newBench(t) // nothing is asked of an agent
	cases := []struct {
		args []string
		want string
	}{
		{[]string{"frobnicate"}, `unknown command "frobnicate"; see: kubectl creds help`},
		{[]string{"help", "frobnicate"}, `unknown command "frobnicate"; see: kubectl creds help`},
		{[]string{"status", "a", "b"}, `what is "b" for?; usage: kubectl creds status [NAME] [-o json] [--watch]`},
		{[]string{"status", "-o"}, "-o needs a value; usage: kubectl creds status [NAME] [-o json] [--watch]"},
		{[]string{"status", "-o", "yaml"}, "the only other output is -o json; usage: kubectl creds status [NAME] [-o json] [--watch]"},
		{[]string{"get-token"}, "either --cluster or --account is needed; usage: kubectl creds get-token --cluster NAME | --account NAME"},
		{[]string{"get-token", "--cluster=a", "--account=b"}, "either --cluster or --account is needed; usage: kubectl creds get-token --cluster NAME | --account NAME"},
		{[]string{"token", "corp", "--min-validity=soon"}, "--min-validity is a time like 30m or 1h30m; usage: kubectl creds token [NAME] [--min-validity 30m]"},
		{[]string{"token", "corp", "--min-validity", "-5m"}, "--min-validity is a time like 30m or 1h30m; usage: kubectl creds token [NAME] [--min-validity 30m]"},
		{[]string{"login", "--password", "pw"}, "unknown flag --password; usage: kubectl creds login [NAME] [--username U --password-stdin]"},
		{[]string{"login", "--password-stdin"}, "--password-stdin needs --username; usage: kubectl creds login [NAME] [--username U --password-stdin]"},
		{[]string{"login", "--username=a", "--password-stdin=x"}, "unknown flag --password-stdin=x; usage: kubectl creds login [NAME] [--username U --password-stdin]"},
		{[]string{"login", "--username", "a", "--password-stdin"}, "stdin: no password"},
	}
	for _, tc := range cases {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			if got, want := b.run(t, tc.args...), (ran{"", "kubecreds: " + tc.want + "\n", 2}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestEachCommandHasHelp(t *testing.T) {
	b := newBench(t)
	all := b.run(t, "help")
	if all.status != 0 || all.err != "" {
		t.Fatalf("%+v", all)
	}
	for _, c := range commands() {
		if !strings.Contains(all.out, c.usage) {
			t.Errorf("help lacks %s", c.usage)
		}
		for _, args := range [][]string{{c.verb, "--help"}, {"help", c.verb}, {c.verb, "-h"}} {
			if got := b.run(t, args...); got != (ran{"kubectl creds " + c.usage + ": " + c.short + "\n\n" + c.help + "\n", "", 0}) {
				t.Errorf("%v: %+v", args, got)
			}
		}
	}
}

func TestEachCommandStandsInTheDocuments(t *testing.T) {
	page, err := os.ReadFile("../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands() {
		if !bytes.Contains(page, []byte("`"+c.verb)) {
			t.Errorf("docs/commands.md lacks %s", c.verb)
		}
	}
}

func TestAPasswordFromStdinIsTheAnswerToOneQuestion(t *testing.T) {
	b := withAgent(t, fakeAnswer)
	cases := []struct {
		name, stdin string
		want        ran
	}{
		{"with a line's end", "pä ss\n", ran{"alice is logged in\n", "", 0}},
		{"with a Windows line's end", "pä ss\r\n", ran{"alice is logged in\n", "", 0}},
		{"without", "pä ss", ran{"alice is logged in\n", "", 0}},
		{"wrong", "pass\n\n", ran{"", "kubecreds: corp: the provider refused the password\nkubecreds: corp: nobody answers\n", 3}},
		{"not UTF-8", "p\xe4ss", ran{"", "kubecreds: the answer is not UTF-8 text\n", 1}},
		{"empty", "\n", ran{"", "kubecreds: stdin: no password\n", 2}},
		{"endless", strings.Repeat("x", 1<<20), ran{"", "kubecreds: stdin: longer than 8192 bytes: not a password\n", 2}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := b.feed(t, strings.NewReader(tc.stdin), "login", "corp", "--username", "alice", "--password-stdin"); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestWithoutATerminalNobodyIsAsked(t *testing.T) {
	b := withAgent(t, fakeAnswer)
	if got := b.feed(t, strings.NewReader("alice\npä ss\n"), "login"); got != (ran{"", "kubecreds: corp: nobody answers\n", 3}) {
		t.Errorf("%+v", got)
	}
}

func TestANamedSocketWithoutAnAgentStartsNothing(t *testing.T) {
	b := newBench(t)
	socket := filepath.Join(b.dir, "none")
	b = b.with("KUBECREDS_SOCKET=" + socket)
	cases := map[string]ran{
		"get-token --cluster=prod": {"", "kubecreds: no agent answers at KUBECREDS_SOCKET=" + socket + "\n", 1},
		"status":                   {"", "kubecreds: no agent answers at KUBECREDS_SOCKET=" + socket + "\n", 1},
		"version":                  {"kubectl-creds dev\nkubecreds is not running\n", "", 0},
		"quit":                     {"", "kubecreds: kubecreds is not running\n", 1},
		"start":                    {"", "kubecreds: KUBECREDS_SOCKET names another agent: start and stop it where it runs\n", 1},
	}
	for args, want := range cases {
		if got := b.run(t, strings.Fields(args)...); got != want {
			t.Errorf("%s: got %+v, want %+v", args, got, want)
		}
	}
	if got := b.with("KUBECREDS_SOCKET=relative").run(t, "status"); got.status != 1 || !strings.Contains(got.err, "not an absolute path") {
		t.Errorf("%+v", got)
	}
}

func TestAClientStartsAnAgentAndAfterQuitOnlyAPersonDoes(t *testing.T) {
	b := newBench(t)
	t.Cleanup(func() { b.run(t, "quit") })
	steps := []struct {
		args string
		want ran
	}{
		{"version", ran{"kubectl-creds dev\nkubecreds is not running\n", "", 0}},
		{"renew", ran{"", "", 0}}, // starts it, silently
		{"version", ran{"kubectl-creds dev\nkubecreds 9.9\n", "", 0}},
		{"start", ran{"kubecreds is running\n", "", 0}},
		{"quit", ran{"", "", 0}},
		{"renew", ran{"", "kubecreds: kubecreds was quit; start it with: kubectl creds start\n", 1}},
		{"quit", ran{"kubecreds is not running\n", "", 0}},
		{"start", ran{"kubecreds is running\n", "", 0}},
		{"renew", ran{"", "", 0}},
		{"quit", ran{"", "", 0}},
	}
	for i, step := range steps {
		if got := b.run(t, step.args); got != step.want {
			t.Fatalf("step %d, %s: got %+v, want %+v", i, step.args, got, step.want)
		}
	}
}

func TestQuitBeforeAnythingRanKeepsClientsFromStartingOne(t *testing.T) {
	b := newBench(t)
	if got := b.run(t, "quit"); got != (ran{"kubecreds is not running\n", "", 0}) {
		t.Errorf("%+v", got)
	}
	if got := b.with(asksV1).run(t, "get-token", "--cluster=prod"); got.status != 1 || !strings.Contains(got.err, "kubectl creds start") {
		t.Errorf("%+v", got)
	}
}

func TestNothingHeavyIsLinked(t *testing.T) {
	for _, goos := range []string{"linux", "windows", "darwin"} {
		cmd := exec.Command("go", "list", "-deps", ".")
		cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for pkg := range bytes.Lines(out) {
			if goos != "windows" && string(pkg) == "net\n" { // golang.org/x/sys/windows imports it
				t.Errorf("%s: %s", goos, pkg)
			}
			for _, heavy := range []string{"k8s.io/", "net/http", "crypto/tls", "log/slog", "encoding/xml", "encoding/gob", "regexp", "text/template", "fyne.io/", "github.com/ncruces/"} {
				if strings.HasPrefix(string(pkg), heavy) {
					t.Errorf("%s: %s", goos, pkg)
				}
			}
		}
	}
}

func TestTheProgramIsSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubectl-creds")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if fi, err := os.Stat(path); err != nil || fi.Size() > 4_000_000 {
		t.Errorf("%d bytes, %v", fi.Size(), err)
	}
}
