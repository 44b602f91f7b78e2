//go:build clients

// Package clients pins the programs that make test-clients builds.
package clients

import (
	_ "github.com/derailed/k9s"
	_ "helm.sh/helm/v3/cmd/helm"
)
