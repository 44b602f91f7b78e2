package tray

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// follows runs follow with a host that is there or not, signals and a clock of the test's. What it is told comes in order.
type follows struct {
	signals chan *dbus.Signal
	clock   chan time.Time
	asked   chan bool // answers to whether there is a host: follow waits for each
	told    chan bool
}

func startFollow(t *testing.T) *follows {
	f := &follows{make(chan *dbus.Signal), make(chan time.Time), make(chan bool), make(chan bool, 10)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		here := func() bool {
			select {
			case is := <-f.asked:
				return is
			case <-ctx.Done():
				return false
			}
		}
		follow(ctx, f.signals, here, func(is bool) { f.told <- is }, func(time.Duration) <-chan time.Time { return f.clock })
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return f
}

func TestThatNoIconsAreShownIsToldAfterAWhileOnly(t *testing.T) {
	f := startFollow(t)
	f.asked <- false
	f.signals <- nil // the panel starts
	f.asked <- true
	f.signals <- nil // it restarts
	f.asked <- false
	f.signals <- nil
	f.asked <- true
	f.signals <- nil // it dies
	f.asked <- false
	f.clock <- time.Time{}
	f.asked <- false
	f.signals <- nil // something that changes nothing
	f.asked <- false
	f.clock <- time.Time{}
	f.asked <- false
	f.signals <- nil
	f.asked <- true
	if got := []bool{<-f.told, <-f.told, <-f.told}; !slices.Equal(got, []bool{true, false, true}) || len(f.told) > 0 {
		t.Errorf("told %v and %d more", got, len(f.told))
	}
}

func TestAHostOfIconsIsSeenComing(t *testing.T) {
	address := startBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	told := make(chan bool, 10)
	all.Go(func() { WatchPresence(ctx, func(is bool) { told <- is }, slog.New(slog.DiscardHandler)) })
	defer all.Wait()
	defer cancel()
	startWatcher(t, address)
	if here := <-told; !here {
		t.Error("it is told that no icons are shown")
	}
}
