package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

const (
	// lookEvery is how often a watched status is written anew where nothing changed: `14:32` becomes `Fri 14:32` at midnight.
	lookEvery = 30 * time.Second
	// maxWatching is how many may watch at once: each holds one of the socket's requests for as long as it likes.
	maxWatching = 32
)

// watchers tells all who wait that something changed.
type watchers struct {
	mu       sync.Mutex
	next     chan struct{} // closed by the next change; nil while nobody waits
	watching int
}

// change returns what closes at the next change.
func (w *watchers) change() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == nil {
		w.next = make(chan struct{})
	}
	return w.next
}

func (w *watchers) announce() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next != nil {
		close(w.next)
		w.next = nil
	}
}

// enter counts one in, unless there are too many.
func (w *watchers) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watching >= maxWatching {
		return false
	}
	w.watching++
	return true
}

func (w *watchers) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watching--
}

// watch sends the status and then each change of it, until the client goes away: it never ends by itself.
func (a *Agent) watch(ctx context.Context, c *wire.Conn, r wire.Request, show func(*auth.Snapshot, time.Time) string) wire.Done {
	if !a.watchers.enter() {
		return wire.Done{Status: statusFailed, Message: fmt.Sprintf("%d others watch already; end some of them", maxWatching)}
	}
	defer a.watchers.leave()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		changed := a.watchers.change()
		s := a.Keeper.Snapshot()
		if r.Name() != "" {
			s = only(s, r.Name())
		}
		if text := show(s, a.Now()); text != "" {
			if done := say(c, text); done.Status != statusDone {
				return done
			}
		}
		select {
		case <-ctx.Done():
			return wire.Done{Status: statusFailed, Message: "kubecreds ended"}
		case <-changed:
		case <-tick.C:
		}
	}
}

// shows is how the status is written again and again to this caller: "" where nothing changed. In place at a terminal, line by
// line elsewhere, as one JSON document a line for programs.
func (a *Agent) shows(r wire.Request) func(*auth.Snapshot, time.Time) string {
	switch {
	case r.Flag("output") == "json":
		return differing(func(s *auth.Snapshot, now time.Time) string {
			var b bytes.Buffer
			if err := json.NewEncoder(&b).Encode(report(s, now, a.Version)); err != nil {
				return ""
			}
			return b.String()
		}, func(_, text string) string { return text })
	case r.Caller.Width > 0:
		return differing(func(s *auth.Snapshot, now time.Time) string {
			return capLines(statusTable(s, now, r.Caller), r.Caller.Height-1)
		}, over)
	}
	return (&journal{last: map[string]string{}}).lines
}

// differing writes with text, and shows how the result replaces the one before, where it is another.
func differing(text func(*auth.Snapshot, time.Time) string, replace func(before, text string) string) func(*auth.Snapshot, time.Time) string {
	before := ""
	return func(s *auth.Snapshot, now time.Time) string {
		after := text(s, now)
		if after == before {
			return ""
		}
		shown := replace(before, after)
		before = after
		return shown
	}
}

// over writes text over the one before: up as many lines, and away with what stood there.
func over(before, text string) string {
	if before == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J%s", strings.Count(before, "\n"), text)
}

// capLines keeps so many lines of text that it can be written over: what has scrolled off the screen cannot. A line that the
// terminal breaks counts as one: none of the table's is wider than the terminal, and what stands below it goes first.
func capLines(text string, most int) string {
	if most < 2 || strings.Count(text, "\n") <= most {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[:most-1], "") + "…\n"
}

// journal writes one line for each cluster whose state changed.
type journal struct{ last map[string]string }

func (j *journal) lines(s *auth.Snapshot, now time.Time) string {
	var b strings.Builder
	line := func(name, words string) {
		if j.last[name] != words {
			j.last[name] = words
			fmt.Fprintf(&b, "%s %s: %s\n", now.Format(time.RFC3339), name, words)
		}
	}
	if s.Config != "" || j.last["configuration"] != "" {
		line("configuration", s.Config)
	}
	for _, c := range s.Clusters {
		st, _ := s.Account(c.Account)
		line(c.Name, menu.ClusterWords(c, st, now))
	}
	for _, st := range s.Accounts {
		if !opensAny(s, st.Account) {
			line(st.Account, menu.Words(st, now))
		}
	}
	return b.String()
}
