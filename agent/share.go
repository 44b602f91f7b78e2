package agent

import (
	"context"
	"fmt"
	"sync"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// maxShares is how many sockets may be shared at once: each holds one of the agent's requests.
const maxShares = 8

// shares are the sockets shared at the moment.
type shares struct {
	mu  sync.Mutex
	end map[string]context.CancelFunc // by path
}

// add notes a share, unless there are too many.
func (s *shares) add(path string, end context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.end) >= maxShares {
		return false
	}
	if s.end == nil {
		s.end = map[string]context.CancelFunc{}
	}
	s.end[path] = end
	return true
}

func (s *shares) remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.end, path)
}

// endAll ends all, and is how many there were.
func (s *shares) endAll() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, end := range s.end {
		end()
	}
	return len(s.end)
}

// share answers at one more socket, as long as the client stays or until somebody says --off. What can be asked there is what a
// container or another machine needs: get-token and status. It logs nobody in or out, and shows nothing on the screen.
func (a *Agent) share(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	if r.Flag("off") != "" {
		return say(c, fmt.Sprintf("shared sockets ended: %d\n", a.shares.endAll()))
	}
	path := r.Name()
	l, err := wire.Share(ctx, path)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = l.Close() }() // Serve closes it
	shared, end := context.WithCancel(ctx)
	defer end()
	if !a.shares.add(path, end) {
		return wire.Done{Status: statusFailed, Message: fmt.Sprintf("%d sockets are shared already; end them: kubectl creds share --off", maxShares)}
	}
	defer a.shares.remove(path)
	a.Log.Info("socket shared", "path", path)
	defer a.Log.Info("socket no longer shared", "path", path)
	if done := say(c, fmt.Sprintf("%s answers get-token and status; there, set KUBECREDS_SOCKET to its path. Ctrl-C ends it.\n", path)); done.Status != statusDone {
		return done
	}
	l.Odd(a.oddities.note(a.Log, a.Now))
	if err := l.Serve(shared, a.serveShared); err != nil {
		return failed(err)
	}
	if ctx.Err() != nil {
		return wire.Done{Status: statusFailed, Message: "kubecreds ended"}
	}
	return wire.Done{}
}

// serveShared answers a request of a shared socket.
func (a *Agent) serveShared(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	switch r.Verb {
	case "get-token", "status":
		return a.handle(ctx, c, r)
	}
	return wire.Done{Status: statusUsage, Message: fmt.Sprintf("this socket answers get-token and status only; run %.50q where kubecreds runs", r.Verb)}
}
