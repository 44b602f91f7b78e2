package keychain

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// child is the Secret Service, used by a short-lived process of our own for each Do. go-keyring has no deadline, and its
// prompts end the loop in which systray registers its icon, because both use godbus' shared connection; in a process of its
// own it harms nobody, and is killed when its time is up.
type child struct {
	patience time.Duration
	turns    chan struct{} // bounds how many helpers run at a time
	waiting  chan struct{} // bounds how many more wait for a record
	prompt   chan struct{} // one prompt at a time
}

// System returns the keychain of this operating system. On Linux the running program must call RunHelper when its only
// argument is HelperWord.
func System() Backend { return newChild(patience) }

func newChild(patience time.Duration) *child {
	const helpers = 4
	return &child{patience: patience, turns: make(chan struct{}, helpers), waiting: make(chan struct{}, helpers), prompt: make(chan struct{}, 1)}
}

// Do implements Backend.
func (c *child) Do(ctx context.Context, work Work) error {
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience, errSilent(c.patience))
	defer cancel()
	h, err := startHelper(ctx, 0)
	if err != nil {
		return err
	}
	defer h.close()
	if _, err := h.call(ctx, request{Op: opBegin}); err != nil {
		return err
	}
	return work(ctx, h)
}

// Unlock implements Backend. When ctx ends the helper has a moment to take its prompt off the screen.
func (c *child) Unlock(ctx context.Context) error {
	select {
	case c.prompt <- struct{}{}:
		defer func() { <-c.prompt }()
	case <-ctx.Done():
		return ctx.Err()
	}
	const longest, moment = 10 * time.Minute, 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	h, err := startHelper(ctx, moment)
	if err != nil {
		return err
	}
	defer h.close()
	_, err = h.call(ctx, request{Op: opUnlock})
	return err
}

// helper is a running helper process.
type helper struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers *bufio.Scanner
}

// startHelper starts a helper process that ends with ctx: killed at once, or, if it is given a moment, told by the end of
// its stdin and killed after that moment.
func startHelper(ctx context.Context, moment time.Duration) (*helper, error) {
	// The file that runs now, also if an upgrade has replaced or deleted it.
	cmd := exec.CommandContext(ctx, "/proc/self/exe", HelperWord)
	cmd.Args[0] = os.Args[0]
	cmd.Env = helperEnv(os.LookupEnv)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C in our terminal is not meant for a half-done write
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, plain(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, plain(err)
	}
	if moment > 0 {
		cmd.Cancel, cmd.WaitDelay = stdin.Close, moment
	}
	if err := cmd.Start(); err != nil {
		return nil, unavailable("its helper process does not start: " + oneLine(err.Error()))
	}
	return &helper{cmd: cmd, stdin: stdin, answers: bufio.NewScanner(stdout)}, nil
}

// helperEnv is the environment of a helper: what it takes to find the session bus and to be let in, and what Go's coverage
// and race detector go by, which only instrumented builds read.
func helperEnv(lookup func(string) (string, bool)) (env []string) {
	for _, name := range []string{"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME", "USER", "GOCOVERDIR", "GORACE"} {
		if v, ok := lookup(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// close lets the helper end and waits for it.
func (h *helper) close() {
	// Neither error says anything that the calls did not say.
	_ = h.stdin.Close()
	_ = h.cmd.Wait()
}

// call sends one request and waits for its answer. ctx is the one that the helper was started with.
func (h *helper) call(ctx context.Context, r request) ([]byte, error) {
	if end, ok := ctx.Deadline(); ok {
		r.Within = int(time.Until(end)/time.Second) + 2
	}
	line, err := json.Marshal(r)
	if err != nil {
		return nil, plain(err)
	}
	_, sent := h.stdin.Write(append(line, '\n'))
	var a answer
	read := h.answers.Scan() && json.Unmarshal(h.answers.Bytes(), &a) == nil
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case sent != nil || !read:
		return nil, ErrEnded
	}
	return a.Value, a.err()
}

// Get implements Items.
func (h *helper) Get(ctx context.Context, key string) (secret.Text, error) {
	v, err := h.call(ctx, request{Op: opGet, Key: key})
	return secret.New(string(v)), err
}

// Set implements Items.
func (h *helper) Set(ctx context.Context, key string, value secret.Text) error {
	_, err := h.call(ctx, request{Op: opSet, Key: key, Value: []byte(value.Reveal())})
	return err
}

// save is Store's save, done by the helper: once the request has been written, this process is not needed any more.
func (h *helper) save(ctx context.Context, base, body string) error {
	_, err := h.call(ctx, request{Op: opSave, Key: base, Value: []byte(body)})
	return err
}

// Delete implements Items.
func (h *helper) Delete(ctx context.Context, key string) error {
	_, err := h.call(ctx, request{Op: opDelete, Key: key})
	return err
}
