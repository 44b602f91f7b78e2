package lock

import (
	"context"
	"testing"
	"time"
)

func TestNoScreenIsNeverLocked(t *testing.T) {
	var s *Screen
	if s.Locked() || s.Changes() != nil {
		t.Error("a screen that is not there is locked, or changes")
	}
}

func TestOnlyChangesAreSent(t *testing.T) {
	s := &Screen{changes: make(chan struct{}, 1)}
	s.set(false)
	if len(s.changes) != 0 {
		t.Error("it was unlocked before")
	}
	s.set(true)
	s.set(true)
	s.set(false)
	s.set(true) // nobody listens: one signal stands for all
	if len(s.changes) != 1 || !s.Locked() {
		t.Errorf("%d signals, locked %v", len(s.changes), s.Locked())
	}
}

func TestASystemThatTellsNobodyIsAskedEachTick(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tick, told := make(chan time.Time), make(chan bool, 10)
	answers := []bool{false, true, false}
	asked := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		poll(ctx, tick, func() bool { asked++; return answers[asked-1] }, func(l bool) { told <- l })
	}()
	for i, want := range answers {
		if got := <-told; got != want {
			t.Errorf("answer %d: %v", i, got)
		}
		if i < len(answers)-1 {
			tick <- time.Time{}
		}
	}
	cancel()
	<-done
}
