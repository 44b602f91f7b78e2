//go:build !linux

package tray

import "context"

// Shown reports true: here the system itself shows the icon.
func Shown(context.Context) (bool, error) { return true, nil }
