//go:build !linux

package main

// harden does nothing here: docs/security.md says what that means.
func harden() error { return nil }
