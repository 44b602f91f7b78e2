//go:build !linux

package wake

import "context"

// Missing names nothing: these systems' own watchers need no service.
func Missing(context.Context) ([]string, error) { return nil, nil }
