package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// doctorLimit is for the start of an agent and its first word, which prolongs it.
const doctorLimit = 12 * time.Second

// doctor prints what the agent finds. Where none answers it says what can be seen from here.
func doctor(c call, place wire.Place, _ string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := talk{place: place, starts: true, request: c.request(callerAtTerminal()), limit: doctorLimit, out: os.Stdout}
	status, err := t.run(ctx)
	if err == nil || t.heard || ctx.Err() != nil {
		return result(status, err)
	}
	program, lost := wire.Program()
	if lost != nil {
		return fail(statusFailed, lost)
	}
	answer := wire.Fail(oneLine(err.Error()), "see the lines below")
	answer.Area = "agent"
	found := append([]wire.Finding{answer}, place.Diagnose(program)...)
	text := wire.FindingsText(found)
	if c.flags["output"] == "json" {
		if text, err = wire.FindingsJSON(found); err != nil {
			return fail(statusFailed, err)
		}
	}
	if _, err := os.Stdout.WriteString(text); err != nil {
		return fail(statusFailed, err)
	}
	return statusFailed
}
