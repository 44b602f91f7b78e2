//go:build darwin && !cgo

package lock

func screenLocked() bool { return false }
