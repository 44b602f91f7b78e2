package lock

import (
	"context"
	"log/slog"
	"time"
)

// every is how often macOS is asked.
const every = 5 * time.Second

// follow sets whether the window server calls the screen locked. Without cgo nobody can ask it.
func follow(ctx context.Context, set func(bool), _ *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	poll(ctx, tick.C, screenLocked, set)
}
