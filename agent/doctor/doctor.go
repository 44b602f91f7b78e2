// Package doctor looks for what keeps kubecreds from working. Each check is a small function of its own: they run beside each
// other, each with a deadline, and what they find is judged by pure functions.
package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// Check looks at one thing.
type Check struct {
	Area, About string // of its findings, unless they have their own
	Run         func(ctx context.Context) []wire.Finding
}

// One is a check with one finding.
func One(area, about string, run func(ctx context.Context) wire.Finding) Check {
	return Check{area, about, func(ctx context.Context) []wire.Finding { return []wire.Finding{run(ctx)} }}
}

// Run runs all checks at once and returns their findings in the checks' order. One that takes longer than limit is given up;
// what it found is then that.
func Run(ctx context.Context, checks []Check, limit time.Duration) []wire.Finding {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	results := make([]chan []wire.Finding, len(checks))
	for i, c := range checks {
		results[i] = make(chan []wire.Finding, 1)
		go func() { results[i] <- c.Run(ctx) }()
	}
	var all []wire.Finding
	for i, c := range checks {
		var found []wire.Finding
		select {
		case found = <-results[i]:
		case <-ctx.Done():
			select {
			case found = <-results[i]: // it had ended too
			default:
				found = []wire.Finding{wire.Fail(fmt.Sprintf("no result within %s", limit), "try again; if it stays so, restart kubecreds: kubectl creds quit, kubectl creds start")}
			}
		}
		for _, f := range found {
			if f.Area == "" {
				f.Area = c.Area
			}
			if f.About == "" {
				f.About = c.About
			}
			all = append(all, f)
		}
	}
	return all
}
