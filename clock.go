//go:build !e2e

package main

import "time"

// clock is the wall clock everything goes by.
func clock(string) func() time.Time { return time.Now }
