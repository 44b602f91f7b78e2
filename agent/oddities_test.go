package agent

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestEachKindOfOddityIsLoggedOnceInAWhile(t *testing.T) {
	var out bytes.Buffer
	now := noon
	var o oddities
	note := o.note(slog.New(slog.NewTextHandler(&out, nil)), func() time.Time { return now })
	for range 1000 {
		note("a request was too long")
		note("what came was no request")
	}
	if n := strings.Count(out.String(), "\n"); n != 2 || !strings.Contains(out.String(), "socket: a request was too long") {
		t.Errorf("%d lines: %s", n, out.String())
	}
	now = now.Add(oddEvery)
	note("a request was too long")
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines after an hour: %s", n, out.String())
	}
}
