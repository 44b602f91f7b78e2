package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// completeWord is the command that shells give the words of the command line to, the one to be completed last. The answer is a
// line for each way to go on, `WORD<tab>DESCRIPTION`, and a last one that says whether names of files go too: what kubectl
// reads from kubectl_complete-creds.
const completeWord = "__complete"

// The last line: cobra's ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp.
const (
	withFiles    = ":0"
	withoutFiles = ":4"
)

// completeLimit is how long the agent may take: somebody has pressed Tab and waits.
const completeLimit = time.Second

// candidate is a word that the command line may go on with.
type candidate struct{ word, about string }

// complete prints how the command line may go on. Where no agent answers it knows no names, says nothing and starts none.
func complete(words []string) int {
	if len(words) == 0 {
		words = []string{""}
	}
	if n := len(words) - 1; words[n] == `""` { // PowerShell drops an argument that is empty
		words[n] = ""
	}
	found, last := candidates(words, namesFromAgent)
	var b strings.Builder
	for _, c := range found {
		fmt.Fprintf(&b, "%s\t%s\n", oneLine(c.word), oneLine(c.about))
	}
	return printed(b.String() + last)
}

// candidates are the words that begin with the last of words and go behind those before it.
func candidates(words []string, names func() named) (found []candidate, last string) {
	before, begun := words[:len(words)-1], words[len(words)-1]
	if len(before) == 0 {
		return beginning(begun, verbs()), withoutFiles
	}
	if before[0] == "help" {
		return beginning(begun, verbs()), withoutFiles
	}
	c, ok := commandCalled(before[0])
	if !ok {
		return nil, withoutFiles
	}
	if flag, value, inOne := strings.Cut(begun, "="); inOne && strings.HasPrefix(begun, "--") {
		found := beginning(value, values(flag, names))
		for i := range found {
			found[i].word = flag + "=" + found[i].word
		}
		return found, withoutFiles
	}
	if previous := before[len(before)-1]; len(before) > 1 && c.takesValue(previous) {
		return beginning(begun, values(previous, names)), withoutFiles
	}
	if strings.HasPrefix(begun, "-") {
		return beginning(begun, c.flagWords()), withoutFiles
	}
	return c.places(before[1:], begun, names)
}

// places are the words that may stand where no flag does, given the arguments so far.
func (c command) places(args []string, begun string, names func() named) ([]candidate, string) {
	taken := 0
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") && (i == 0 || !c.takesValue(args[i-1])) {
			taken++
		}
	}
	switch {
	case taken >= c.names:
		return nil, withoutFiles
	case c.files:
		return nil, withFiles
	case c.words != nil:
		return beginning(begun, plain(c.words)), withoutFiles
	}
	n := names()
	return beginning(begun, append(n.clusters, n.accounts...)), withoutFiles
}

func (c command) takesValue(arg string) bool {
	name, isFlag := flagName(arg)
	for _, flag := range c.flags {
		if isFlag && flag == name {
			return true
		}
	}
	return false
}

func (c command) flagWords() []candidate {
	var all []candidate
	for _, flag := range append(append([]string(nil), c.flags...), c.switches...) {
		all = append(all, candidate{word: "--" + flag})
	}
	return append(all, candidate{"--help", "default and consequence"})
}

// values are those of a flag, as far as they are known.
func values(flag string, names func() named) []candidate {
	switch flag {
	case "-o", "--output":
		return plain([]string{"json"})
	case "--cluster":
		return names().clusters
	case "--account":
		return names().accounts
	}
	return nil
}

func verbs() []candidate {
	var all []candidate
	for _, c := range commands() {
		all = append(all, candidate{c.verb, c.short})
	}
	return append(all, candidate{"help", "show what a command does"})
}

func plain(words []string) []candidate {
	all := make([]candidate, len(words))
	for i, w := range words {
		all[i].word = w
	}
	return all
}

func beginning(begun string, all []candidate) []candidate {
	var found []candidate
	for _, c := range all {
		if strings.HasPrefix(c.word, begun) {
			found = append(found, c)
		}
	}
	return found
}

// named are the names that there are, each with its state.
type named struct{ clusters, accounts []candidate }

// namesFromAgent asks the agent that runs.
func namesFromAgent() named {
	place, err := findPlace()
	if err != nil {
		return named{}
	}
	var answer bytes.Buffer
	ask := call{verb: "status", flags: map[string]string{"output": "json"}}
	t := talk{place: place, request: ask.request(wire.Caller{Program: version}), limit: completeLimit, out: &answer, quiet: true}
	if status, err := t.run(context.Background()); err != nil || status != statusDone {
		return named{}
	}
	return readNames(answer.Bytes())
}

// readNames reads the answer of `status -o json`.
func readNames(report []byte) named {
	var r struct {
		Accounts []struct{ Name, Words string }
		Clusters []struct{ Name, Account string }
	}
	if json.Unmarshal(report, &r) != nil {
		return named{}
	}
	var n named
	state := map[string]string{}
	for _, a := range r.Accounts {
		state[a.Name] = a.Words
		n.accounts = append(n.accounts, candidate{a.Name, "account: " + a.Words})
	}
	for _, c := range r.Clusters {
		n.clusters = append(n.clusters, candidate{c.Name, state[c.Account]})
	}
	return n
}

const completionHelp = `Prints a script for the shell, and changes nothing. Names of clusters and accounts come from the agent that runs.
  bash:        source <(kubectl-creds completion bash), in ~/.bashrc
  zsh:         source <(kubectl-creds completion zsh), in ~/.zshrc, behind compinit
  fish:        kubectl-creds completion fish | source, in ~/.config/fish/config.fish
  powershell:  kubectl-creds completion powershell | Out-String | Invoke-Expression, in $PROFILE
kubectl creds <TAB> needs none of that: it works where kubectl's own completion does, as long as kubectl_complete-creds
lies in a folder of your PATH, where it was installed beside kubectl-creds.`

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func wrongShell(c call) string {
	if scriptFor(c.name) == "" {
		return "which shell?"
	}
	return ""
}

func printCompletion(c call, _ wire.Place, _ string) int {
	_, err := os.Stdout.WriteString(scriptFor(c.name))
	return result(statusDone, err)
}
