//go:build !windows

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// reporting is an agent with two accounts and three clusters, whose names have what shells split words at.
func reporting(_ context.Context, c *wire.Conn, r wire.Request) wire.Done {
	if r.Verb != "status" || r.Flag("output") != "json" {
		return wire.Done{Status: statusUsage, Message: "that was not asked for"}
	}
	_ = c.Send(wire.Event{Text: `{"version":"9.9","accounts":[{"name":"corp","words":"valid until 14:32"},{"name":"ops@lab","words":"not logged in"}],` + "\n"})
	_ = c.Send(wire.Event{Text: `"clusters":[{"name":"prod-eu","account":"corp"},{"name":"prod us","account":"corp"},{"name":"team:x","account":"ops@lab"}]}` + "\n"})
	return wire.Done{}
}

func TestTabOffersWhatFitsThere(t *testing.T) {
	b := withAgent(t, reporting)
	for _, tc := range []struct {
		words []string
		want  string
	}{
		{[]string{"log"}, "login\tlog in to an account\nlogout\tlog out of an account\n:4\n"},
		{[]string{"help", "ver"}, "version\tshow the versions of this program and of the agent\n:4\n"},
		{[]string{"status", "prod"}, "prod-eu\tvalid until 14:32\nprod us\tvalid until 14:32\n:4\n"},
		{[]string{"status", ""}, "prod-eu\tvalid until 14:32\nprod us\tvalid until 14:32\nteam:x\tnot logged in\ncorp\taccount: valid until 14:32\nops@lab\taccount: not logged in\n:4\n"},
		{[]string{"status", "-o", ""}, "json\t\n:4\n"},
		{[]string{"status", "-o", "json", "team"}, "team:x\tnot logged in\n:4\n"},
		{[]string{"status", "prod-eu", ""}, ":4\n"},
		{[]string{"login", "--u"}, "--username\t\n:4\n"},
		{[]string{"login", "--username", ""}, ":4\n"},
		{[]string{"get-token", "--cluster", "prod-"}, "prod-eu\tvalid until 14:32\n:4\n"},
		{[]string{"get-token", "--account=ops"}, "--account=ops@lab\taccount: not logged in\n:4\n"},
		{[]string{"get-token", "corp"}, ":4\n"},
		{[]string{"completion", "z"}, "zsh\t\n:4\n"},
		{[]string{"frobnicate", ""}, ":4\n"},
		{[]string{"logout", `""`}, "prod-eu\tvalid until 14:32\nprod us\tvalid until 14:32\nteam:x\tnot logged in\ncorp\taccount: valid until 14:32\nops@lab\taccount: not logged in\n:4\n"},
	} {
		t.Run(strings.Join(tc.words, " "), func(t *testing.T) {
			if got := b.run(t, append([]string{completeWord}, tc.words...)...); got != (ran{tc.want, "", 0}) {
				t.Errorf("got %+v, want %q", got, tc.want)
			}
		})
	}
	if got := b.run(t, completeWord); got.status != 0 || strings.Count(got.out, "\n") != len(commands())+2 {
		t.Errorf("without a word: %+v, want every command, help and the last line", got)
	}
}

func TestTabWithoutAnAgentIsSilentAndStartsNothing(t *testing.T) {
	b := newBench(t)
	if got := b.run(t, completeWord, "status", ""); got != (ran{":4\n", "", 0}) {
		t.Errorf("%+v", got)
	}
	if got := b.run(t, "version"); !strings.Contains(got.out, "not running") {
		t.Errorf("an agent runs: %+v", got)
	}
	deaf := withAgent(t, func(ctx context.Context, _ *wire.Conn, _ wire.Request) wire.Done { <-ctx.Done(); return wire.Done{} })
	if got := deaf.run(t, completeWord, "status", ""); got != (ran{":4\n", "", 0}) {
		t.Errorf("an agent that does not answer: %+v", got)
	}
	if got := withAgent(t, fakeAnswer).run(t, completeWord, "status", ""); got != (ran{":4\n", "", 0}) {
		t.Errorf("an agent that answers something else: %+v", got)
	}
}

func TestKubectlsCompletionFindsThePluginBesideIt(t *testing.T) {
	b := withAgent(t, reporting)
	script := filepath.Join(b.dir, "kubectl_complete-creds")
	copyProgram(t, "kubectl_complete-creds", script)
	cmd := exec.Command(script, "status", "team")
	cmd.Env = append(b.env, "PATH="+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "team:x\tnot logged in\n:4\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestBashGetsWordsItCanInsert: bash itself runs the script, with a line as Tab would leave it.
func TestBashGetsWordsItCanInsert(t *testing.T) {
	b := withAgent(t, reporting)
	script := b.run(t, "completion", "bash")
	if script.status != 0 {
		t.Fatalf("%+v", script)
	}
	for line, want := range map[string][]string{
		"kubectl-creds logo":                  {"logout"},
		"kubectl-creds status prod":           {"prod-eu", `prod\ us`},
		`kubectl-creds status prod\ u`:        {`prod\ us`},
		"kubectl-creds status ops@":           {"lab"},
		"kubectl-creds status team:":          {"x"},
		"kubectl-creds get-token --cluster=t": {"team:x"},
		"kubectl-creds status prod-eu ":       {},
	} {
		cmd := exec.Command("bash", "--norc", "-c", script.out+`
COMP_LINE=$1; COMP_POINT=${#1}; _kubectl_creds; ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"`, "bash", line)
		cmd.Env = append(b.env, "PATH="+b.dir+":"+os.Getenv("PATH"))
		out, err := cmd.Output()
		if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); err != nil || !slices.Equal(got, want) && len(out)+len(want) > 0 {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
}

func TestEachShellHasItsScript(t *testing.T) {
	b := newBench(t)
	for _, shell := range shells() {
		if got := b.run(t, "completion", shell); got.status != 0 || got.err != "" || !strings.Contains(got.out, completeWord) {
			t.Errorf("%s: %+v", shell, got)
		}
	}
	for _, args := range [][]string{{"completion"}, {"completion", "tcsh"}} {
		want := "kubecreds: which shell?; usage: kubectl creds completion bash|zsh|fish|powershell\n"
		if got := b.run(t, args...); got != (ran{"", want, statusUsage}) {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestACallOfKubectlsCompletesNothing(t *testing.T) {
	if got := withAgent(t, reporting).with(asksV1).run(t, completeWord, "status", ""); got.status != statusUsage || got.out != "" {
		t.Errorf("%+v", got)
	}
}
