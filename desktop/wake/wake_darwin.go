package wake

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// holdMax: sleep is not held back here. The system is answered at once, from C.
const holdMax = time.Duration(0)

// start reads the power messages that the system's callback writes into a pipe, four bytes each. The pipe and its readers live
// as long as the process, because the callback does.
func start(ctx context.Context, looks chan<- auth.Look, busy func() bool, log *slog.Logger) {
	messages, err := powerMessages()
	if err != nil {
		log.Info("macOS tells nothing of sleep; the clock is watched instead", "err", err)
		return
	}
	events := make(chan event, 16)
	go relay(ctx, events, looks, busy, holdMax)
	go readPower(ctx, messages, events)
}

func readPower(ctx context.Context, messages *os.File, events chan<- event) {
	for {
		message, err := readMessage(messages)
		if err != nil {
			return
		}
		if look := macLook(message); look != 0 {
			select {
			case events <- event{look: look}:
			case <-ctx.Done():
				return
			}
		}
	}
}
