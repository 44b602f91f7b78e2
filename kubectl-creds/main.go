// Command kubectl-creds is kubecreds' command line, as a kubectl plugin (kubectl creds …), and the credential plugin that
// kubectl runs to get a token.
//
// It is thin: it asks the agent, kubecreds, over a local socket and prints the answer, because every kubectl call pays for
// its start. So it links neither client-go nor net/http nor the tray.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// version is set when a release is linked: -ldflags "-X main.version=1.0".
var version = "dev"

// The exit statuses that this program chooses itself; the others are the agent's. See DESIGN.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// How long an answer may take. kubectl waits for get-token: the agent answers within 5 s whatever happens.
const (
	tokenLimit = 5*time.Second + 500*time.Millisecond
	shortLimit = 5 * time.Second
	loginLimit = 5*time.Minute + 10*time.Second // a person types
)

func main() {
	joinConsole()
	os.Exit(run(os.Args[1:]))
}

// run does what the arguments say, and returns the exit status.
func run(args []string) int {
	exec := os.Getenv("KUBERNETES_EXEC_INFO")
	if len(args) > 0 && args[0] == completeWord && exec == "" {
		return complete(args[1:])
	}
	if exec != "" {
		// The kubeconfig, which may be anybody's, chose our arguments and part of our environment: it gets a token or nothing,
		// and has no say in which configuration an agent is started with.
		if len(args) == 0 || args[0] != "get-token" {
			return fail(statusUsage, errors.New("kubectl calls this program for get-token only; check the args in the kubeconfig"))
		}
		_ = os.Unsetenv("KUBECREDS_CONFIG")
	}
	c, err := parse(args)
	switch {
	case err != nil:
		return fail(statusUsage, err)
	case c.help && exec != "":
		return fail(statusUsage, errors.New("kubectl calls this program for a token, not for help"))
	case c.help:
		return printed(c.helpText())
	}
	place, err := findPlace()
	if err != nil {
		return fail(statusFailed, err)
	}
	return do(c, place, exec)
}

// do carries out a command: this program's own way, or by asking the agent.
func do(c call, place wire.Place, exec string) int {
	if c.run != nil {
		return c.run(c, place, exec)
	}
	return ask(c, place, c.flags["watch"] != "")
}

// ask asks the agent, for as long as a person may need, or, where it follows, until they end it.
func ask(c call, place wire.Place, follows bool) int {
	asker, err := askerFor(c)
	if err != nil {
		return fail(statusUsage, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if follows {
		obeyEscapes()
	}
	request := c.request(callerAtTerminal())
	if c.verb == "add" && !strings.Contains(c.name, "://") { // an address is the agent's to fetch
		if request.Content, err = readFile(c.name); err != nil {
			return fail(statusFailed, err)
		}
	}
	t := talk{place: place, starts: true, request: request, limit: loginLimit, ask: asker, out: os.Stdout, follows: follows}
	return result(t.run(ctx))
}

// share has the agent answer at one more socket, until Ctrl-C.
func share(c call, place wire.Place, _ string) int {
	if c.name != "" && !strings.HasPrefix(c.name, `\\.\pipe\`) {
		path, err := filepath.Abs(c.name)
		if err != nil {
			return fail(statusFailed, err)
		}
		c.name = path
	}
	return ask(c, place, c.name != "")
}

// getToken prints a credential. Ctrl-C ends this program as it ends any: nothing has to be put right, and what the agent
// began it goes on with.
func getToken(c call, place wire.Place, exec string) int {
	t := talk{place: place, starts: true, request: c.request(callerFrom(exec)), limit: tokenLimit, out: os.Stdout}
	return result(t.run(context.Background()))
}

// start starts the agent, also after a person chose Quit.
func start(_ call, place wire.Place, _ string) int {
	if err := place.ClearQuit(); err != nil {
		return fail(statusFailed, err)
	}
	c, err := connect(context.Background(), place, true)
	if err != nil {
		return fail(statusFailed, err)
	}
	_ = c.Close()
	return printed("kubecreds is running")
}

// quit ends the agent. It keeps clients from starting one, as the agent does when it is told to quit.
func quit(c call, place wire.Place, _ string) int {
	t := talk{place: place, request: c.request(callerAtTerminal()), limit: shortLimit, out: os.Stdout}
	status, err := t.run(context.Background())
	if errors.Is(err, wire.ErrNoAgent) && !place.Foreign() {
		if err := place.MarkQuit(); err != nil {
			return fail(statusFailed, err)
		}
		return printed("kubecreds is not running")
	}
	if err == nil && status == statusDone {
		err = ended(place)
	}
	return result(status, err)
}

// ended waits until nobody answers at place any more: what comes after a quit, a start say, must not meet the agent that ends.
func ended(place wire.Place) error {
	ctx, cancel := context.WithTimeout(context.Background(), shortLimit)
	defer cancel()
	for ctx.Err() == nil {
		c, err := wire.Dial(ctx, place)
		if errors.Is(err, wire.ErrNoAgent) {
			return nil
		}
		if err == nil {
			_ = c.Close()
		}
		time.Sleep(askAgainIn)
	}
	return fmt.Errorf("kubecreds was told to end, and still answers after %s", shortLimit)
}

// showVersion prints both programs' versions. It starts nothing.
func showVersion(c call, place wire.Place, _ string) int {
	if status := printed("kubectl-creds " + version); status != statusDone {
		return status
	}
	t := talk{place: place, request: c.request(callerAtTerminal()), limit: shortLimit, out: os.Stdout}
	status, err := t.run(context.Background())
	if errors.Is(err, wire.ErrNoAgent) {
		return printed("kubecreds is not running")
	}
	return result(status, err)
}

// findPlace is where the agent is: this person's own, or the one that KUBECREDS_SOCKET names.
func findPlace() (wire.Place, error) {
	if socket := os.Getenv("KUBECREDS_SOCKET"); socket != "" {
		return wire.Named(socket)
	}
	return wire.Standard()
}

// connect connects to the agent. Where none runs and starts allows it, it starts one, unless a person quit it.
func connect(ctx context.Context, place wire.Place, starts bool) (*wire.Client, error) {
	c, err := wire.Dial(ctx, place)
	switch {
	case !errors.Is(err, wire.ErrNoAgent) || !starts:
		return c, err
	case place.Foreign():
		return nil, fmt.Errorf("no agent answers at KUBECREDS_SOCKET=%s", place.Socket())
	case place.QuitByPerson():
		return nil, errors.New("kubecreds was quit; start it with: kubectl creds start")
	}
	program, err := wire.Program()
	if err != nil {
		return nil, err
	}
	if err := wire.Start(ctx, place, program); err != nil {
		return nil, err
	}
	return wire.Dial(ctx, place)
}

// fail prints err as one line and returns status.
func fail(status int, err error) int {
	complain(err.Error())
	return status
}

// complain prints one line on stderr.
func complain(message string) { _, _ = fmt.Fprintln(os.Stderr, "kubecreds: "+oneLine(message)) }

// oneLine makes every control character a space: a line break would make two lines of one, an escape sequence would talk to
// the terminal.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s))
}

// printed prints one line on stdout, and is the exit status after that.
func printed(line string) int {
	_, err := fmt.Fprintln(os.Stdout, line)
	return result(statusDone, err)
}

// result is the exit status of something that ended with err.
func result(status int, err error) int {
	if err != nil {
		return fail(max(status, statusFailed), err)
	}
	return status
}
