package main

import (
	"os"
	"path/filepath"

	"golang.org/x/term"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// callerFrom is what the agent learns of a caller that wants a token. exec is what kubectl said, "" where it was typed.
// KUBECREDS_INTERACTIVE=never forbids what the caller allows; nothing allows what it forbids.
func callerFrom(exec string) wire.Caller {
	return wire.Caller{
		Program:  version,
		Language: language(os.Getenv),
		SSH:      os.Getenv("SSH_CONNECTION") != "" || os.Getenv("SSH_TTY") != "",
		ExecText: exec,
		NeverAsk: exec != "" && os.Getenv("KUBECREDS_INTERACTIVE") == "never",
		Parent:   parent(),
	}
}

// callerAtTerminal is what the agent learns of a caller that may be a person: also how wide to write, whom it can ask, and
// which kubeconfig files they use.
func callerAtTerminal() wire.Caller {
	c := callerFrom("")
	c.Terminal = term.IsTerminal(int(os.Stdin.Fd()))
	if width, height, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		c.Width, c.Height = width, height
	}
	for _, file := range filepath.SplitList(os.Getenv("KUBECONFIG")) {
		if abs, err := filepath.Abs(file); err == nil && file != "" {
			c.Kubeconfig = append(c.Kubeconfig, abs)
		}
	}
	return c
}

// language is that of messages, as POSIX says: the first of three variables that is set.
func language(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return v
		}
	}
	return ""
}

// parent is the program that runs this one.
func parent() wire.Process {
	pid := os.Getppid()
	return wire.Process{PID: pid, Start: startOf(pid)}
}
