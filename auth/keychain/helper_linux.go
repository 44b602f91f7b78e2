package keychain

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// maxValue is the longest value a helper hands back. Ours are shorter; whatever else lies at one of our keys is not ours.
const maxValue = 16 << 10

// vault is what a helper works on: the Secret Service.
type vault interface {
	Items
	// ready returns nil if the keychain can be used without a prompt, else ErrLocked or ErrUnavailable.
	ready(ctx context.Context) error
	// unlock opens the prompt and waits for its end; when ctx ends it takes the prompt away.
	unlock(ctx context.Context) error
	// claim waits until no other helper works on the record at key, and keeps others away from it until this one ends.
	claim(ctx context.Context, key string) error
}

// RunHelper is the helper process: it answers requests from stdin on stdout until stdin ends, and returns the exit status.
// It ends the process by itself when the time that the first request gave it is over, should nobody be left to kill it.
// A save that has come whole is done to its end, whoever is left to hear of it. It leaves no core dump, and its memory cannot be read by other programs of the same user.
func RunHelper(stdin io.Reader, stdout io.Writer) int {
	if harden() != nil {
		return 1
	}
	signal.Ignore(unix.SIGPIPE) // from answers that nobody is left to hear
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	requests := make(chan request)
	go func() {
		defer cancel() // whoever asked is gone
		defer close(requests)
		read(ctx, stdin, requests)
	}()
	first, ok := <-requests
	if !ok {
		return 2
	}
	watchdog := time.AfterFunc(time.Duration(first.Within)*time.Second, func() { os.Exit(1) })
	defer watchdog.Stop()
	out := json.NewEncoder(stdout)
	v, err := openSecretService()
	if err != nil {
		_ = out.Encode(answerOf("", err))
		return 0
	}
	defer v.close()
	return serve(ctx, v, first, requests, out)
}

// harden keeps the helper's memory, which holds a refresh token, to itself.
func harden() error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
}

// read sends the requests in r until it ends, or holds something that is none.
func read(ctx context.Context, r io.Reader, requests chan<- request) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var q request
		if json.Unmarshal(lines.Bytes(), &q) != nil {
			return
		}
		select {
		case requests <- q:
		case <-ctx.Done():
			return
		}
	}
}

// serve answers first and then requests, until there are no more of them or the first, which must be begin or unlock, fails.
// An answer that cannot be given does not end it: what was asked may have come whole before whoever asked was killed.
func serve(ctx context.Context, v vault, first request, requests <-chan request, out *json.Encoder) int {
	var err error
	switch first.Op {
	case opBegin:
		if err = v.ready(ctx); err == nil && first.Key != "" {
			err = v.claim(ctx, first.Key)
		}
	case opUnlock:
		err = v.unlock(ctx)
	default:
		return 2
	}
	_ = out.Encode(answerOf("", err))
	if err != nil {
		return 0
	}
	for q := range requests {
		value, err := operate(ctx, v, q)
		_ = out.Encode(answerOf(value, err))
	}
	return 0
}

// operate does one request on v and returns the value that Get found.
func operate(ctx context.Context, v vault, q request) (string, error) {
	switch q.Op {
	case opGet:
		value, err := v.Get(ctx, q.Key)
		if err == nil && len(value.Reveal()) > maxValue {
			return "", errors.New("the keychain holds something else under this name")
		}
		return value.Reveal(), err
	case opSet:
		return "", v.Set(ctx, q.Key, secret.New(string(q.Value)))
	case opDelete:
		return "", v.Delete(ctx, q.Key)
	case opSave:
		ctx = context.WithoutCancel(ctx) // which ends when whoever asked is gone; the watchdog still bounds it
		if err := v.claim(ctx, q.Key); err != nil {
			return "", err
		}
		return "", save(ctx, v, q.Key, string(q.Value))
	}
	return "", errors.New("the keychain's helper process does not know " + oneLine(q.Op))
}
