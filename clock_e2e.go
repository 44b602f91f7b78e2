//go:build e2e

package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// clockFile holds how far the clock of an end-to-end test's program is ahead, as time.ParseDuration reads it. Released
// programs lack it: a test looks for this name in them.
const clockFile = "e2e-clock-ahead"

// clock is the wall clock, as far ahead as the file in home says.
func clock(home string) func() time.Time {
	return func() time.Time {
		b, err := os.ReadFile(filepath.Join(home, clockFile))
		if err != nil {
			return time.Now()
		}
		ahead, err := time.ParseDuration(strings.TrimSpace(string(b)))
		if err != nil {
			return time.Now()
		}
		return time.Now().Add(ahead)
	}
}
