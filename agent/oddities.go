package agent

import (
	"log/slog"
	"sync"
	"time"
)

// oddEvery is how often one kind of oddity at the socket is logged: whoever wants to fill the log must not be able to.
const oddEvery = time.Hour

// oddities remembers what was logged of those at the socket, and when.
type oddities struct {
	mu     sync.Mutex
	logged map[string]time.Time
}

// note returns what logs an oddity, once in a while each kind.
func (o *oddities) note(log *slog.Logger, now func() time.Time) func(what string) {
	return func(what string) {
		if o.due(what, now()) {
			log.Warn("socket: " + what)
		}
	}
}

func (o *oddities) due(what string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if last, ok := o.logged[what]; ok && now.Sub(last).Abs() < oddEvery {
		return false
	}
	if o.logged == nil {
		o.logged = map[string]time.Time{}
	}
	o.logged[what] = now
	return true
}
