// Package lock says whether the screen is locked, so that nothing is shown to whoever passes by and what happened meanwhile
// is told when the person is back.
//
// On Linux it asks logind and the desktop's screen saver, on connections of its own: a screen that one of them calls locked or
// blank is. Windows and macOS are asked every few seconds. Where nobody knows, the screen is not locked.
package lock

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Screen is the screen of the person's session. Its methods may be called from any goroutine, on nil too: that screen is never
// locked.
type Screen struct {
	locked  atomic.Bool
	changes chan struct{}
}

// Watch follows the screen until ctx ends. It returns at once; what the screen is like is known a moment later.
func Watch(ctx context.Context, log *slog.Logger) *Screen {
	s := &Screen{changes: make(chan struct{}, 1)}
	go follow(ctx, s.set, log)
	return s
}

// Locked reports whether the screen is locked.
func (s *Screen) Locked() bool { return s != nil && s.locked.Load() }

// Changes sends when the screen was locked or unlocked. One receiver; it holds at most one signal and is never closed.
func (s *Screen) Changes() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.changes
}

func (s *Screen) set(locked bool) {
	if s.locked.Swap(locked) == locked {
		return
	}
	select {
	case s.changes <- struct{}{}:
	default: // one is waiting already
	}
}

// poll asks locked now and after each tick, until ctx ends: for systems that tell nobody.
func poll(ctx context.Context, tick <-chan time.Time, locked func() bool, set func(bool)) {
	for {
		set(locked())
		select {
		case <-tick:
		case <-ctx.Done():
			return
		}
	}
}
