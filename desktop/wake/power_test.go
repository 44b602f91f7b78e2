package wake

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

func TestPowerEventsAreUnderstood(t *testing.T) {
	for event, want := range map[uint32]auth.Look{0x4: auth.LookSleeping, 0x7: auth.LookResumed, 0x12: auth.LookResumed, 0x0: 0, 0xa: 0, 0x8013: 0} {
		if got := windowsLook(event); got != want {
			t.Errorf("Windows' %#x: %v", event, got)
		}
	}
	for message, want := range map[uint32]auth.Look{0xe0000280: auth.LookSleeping, 0xe0000300: auth.LookResumed, 0xe0000270: 0, 0xe0000320: 0} {
		if got := macLook(message); got != want {
			t.Errorf("macOS' %#x: %v", message, got)
		}
	}
}

func TestMessagesAreReadWhole(t *testing.T) {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.NativeEndian, []uint32{0xe0000280, 0xe0000300})
	b.WriteByte(1) // cut short
	for _, want := range []uint32{0xe0000280, 0xe0000300} {
		if got, err := readMessage(&b); got != want || err != nil {
			t.Errorf("got %#x, %v", got, err)
		}
	}
	if _, err := readMessage(&b); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v", err)
	}
}

func TestSleepWaitsForWhatIsUnderWayButNotForEver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	events, looks := make(chan event, 3), make(chan auth.Look)
	var busy atomic.Bool
	busy.Store(true)
	ended := make(chan struct{})
	go func() {
		relay(ctx, events, looks, busy.Load, 30*time.Second)
		close(ended)
	}()
	sleep := event{auth.LookSleeping, make(chan struct{})}
	events <- sleep
	events <- event{look: auth.LookResumed}
	if got := <-looks; got != auth.LookSleeping {
		t.Errorf("got %v", got)
	}
	select {
	case <-sleep.done:
		t.Error("sleep was let go while a renewal was under way")
	case l := <-looks:
		t.Errorf("%v came before sleep was let go", l)
	default:
	}
	busy.Store(false)
	<-sleep.done
	if got := <-looks; got != auth.LookResumed {
		t.Errorf("got %v", got)
	}
	if waitIdle(t.Context(), func() bool { return true }, time.Millisecond) {
		t.Error("a renewal that does not end was waited for until it did")
	}
	cancel()
	<-ended
}
