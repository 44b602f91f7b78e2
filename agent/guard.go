package agent

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
)

// strangerError: a kubeconfig would send a token to an API server that its account does not know.
type strangerError struct {
	name, server, why string
}

func (e *strangerError) Error() string {
	return fmt.Sprintf("%s: the kubeconfig sends its token to %.200q, %s; nothing was handed out", e.name, e.server, e.why)
}

const notConfigured = "which is not configured for it"

var errNoServer = errors.New("the kubeconfig does not say where it sends the token: set provideClusterInfo: true in its user; nothing was handed out")

// guard refuses to hand a token of the account or cluster called name to a program that was called by a kubeconfig, unless that
// sends it to an API server that is configured for it, and knows that server as the configuration does: a kubeconfig from
// elsewhere may run our plugin for a server of its own, or for ours with a proxy, a certificate authority and a name of its own
// between (rule 9). exec is nil where a person asks.
func guard(c *config.Config, name string, exec *wire.ExecInfo) error {
	isOurs := func(cl *config.Cluster) bool { return cl.Name == name || cl.Account == name }
	known := false
	var clusters []config.Cluster
	if c != nil {
		clusters = c.Clusters
		known = slices.ContainsFunc(c.Accounts, func(a config.Account) bool { return a.Name == name })
	}
	for i := range clusters {
		known = known || isOurs(&clusters[i])
	}
	switch {
	case exec == nil:
		return nil
	case !known:
		return fmt.Errorf("%s: %w", name, auth.ErrUnknown)
	case exec.Server == "":
		return fmt.Errorf("%s: %w", name, errNoServer)
	case exec.Insecure:
		return &strangerError{name, exec.Server, "and verifies nothing (insecure-skip-tls-verify)"}
	}
	why := notConfigured
	for i := range clusters {
		if cl := &clusters[i]; isOurs(cl) && serves(cl, exec.Server) {
			if why = unlike(*cl, exec); why == "" {
				return nil
			}
		}
	}
	return &strangerError{name, exec.Server, why}
}

// serves reports whether server is one of the addresses of cl.
func serves(cl *config.Cluster, server string) bool {
	return sameServer(cl.Server, server) || slices.ContainsFunc(cl.Servers, func(s string) bool { return sameServer(s, server) })
}

// unlike says what the kubeconfig believes of cl that the configuration does not; "" is nothing. Who believes the system's
// certificates only is not led astray by that.
func unlike(cl config.Cluster, exec *wire.ExecInfo) string {
	u, err := url.Parse(exec.Server)
	switch {
	case err != nil:
		return "which is no address"
	case exec.TLSServerName != "" && exec.TLSServerName != cl.TLSServerName && exec.TLSServerName != u.Hostname():
		return "under another name (tls-server-name) than is configured"
	case exec.CAData == "" && exec.CAFile == "":
		return ""
	}
	if !trusts(cl, exec) {
		return "with another certificate authority than is configured"
	}
	return ""
}

// trusts reports whether exec believes the certificate authority of cl. A file is not read because a kubeconfig names it.
func trusts(cl config.Cluster, exec *wire.ExecInfo) bool {
	if exec.CAData == "" {
		return exec.CAFile == cl.CertificateAuthority
	}
	given, err := base64.StdEncoding.DecodeString(exec.CAData)
	have := cl.CertificateAuthorityData
	if err == nil && cl.CertificateAuthority != "" {
		have, err = os.ReadFile(cl.CertificateAuthority)
	}
	return err == nil && bytes.Equal(bytes.TrimSpace(given), bytes.TrimSpace(have))
}

func sameServer(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }
