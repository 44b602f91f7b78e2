// Package cluster is a small Kubernetes API server for demo and tests: enough of the API for kubectl auth whoami, auth can-i, version,
// api-resources, and get, with -w, of namespaces, pods and secrets. Tokens are judged by k8s.io/apiserver's own OIDC authenticator, the
// one kube-apiserver uses, configured as its --oidc flags would be with username claim email and groups claim groups. Unlike the
// real one it has no cache of accepted tokens, so that the end of a token bites at once.
package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"

	"github.com/kubecreds/kubecreds/demo/ca"
)

// Options are what an API server is started with. All but Address are required.
type Options struct {
	Name     string        // chooses the seed data: prod-eu and staging have their own
	Issuer   string        // the provider's, which must be answering already
	Audience string        // the client ID tokens must be for
	CA       *ca.Authority // signs the server's certificate; the provider's is expected to be signed by it too
	Address  string        // where to listen: 127.0.0.1:0, a free port, if ""
}

// Cluster is a running API server.
type Cluster struct {
	name     string
	url      string
	tokens   authenticator.Request
	store    *store
	counts   counts
	server   *http.Server
	shutdown context.CancelFunc // ends watches and the authenticator
}

// Start starts an API server. When it returns without an error the server answers at URL and knows the provider's keys; ctx bounds
// the wait for that, not the server's life.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	certificate, err := o.CA.Server()
	if err != nil {
		return nil, err
	}
	address := o.Address
	if address == "" {
		address = "127.0.0.1:0"
	}
	life, shutdown := context.WithCancel(context.WithoutCancel(ctx))
	tokens, err := newAuthenticator(ctx, life, o)
	if err != nil {
		shutdown()
		return nil, fmt.Errorf("cluster %s: %w", o.Name, err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		shutdown()
		return nil, fmt.Errorf("cluster %s: %w", o.Name, err)
	}
	c := &Cluster{
		name:     o.Name,
		url:      "https://" + listener.Addr().String(),
		tokens:   bearertoken.New(tokens),
		store:    newStore(seed(o.Name)),
		shutdown: shutdown,
	}
	c.server = &http.Server{
		Handler:           c.handler(),
		BaseContext:       func(net.Listener) context.Context { return life },
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog:          log.New(io.Discard, "", 0), // clients that do not trust the CA are no news
	}
	go func() { _ = c.server.ServeTLS(listener, "", "") }() // ends with Close
	return c, nil
}

// Name returns the cluster's name.
func (c *Cluster) Name() string { return c.name }

// URL returns the server's address, such as https://127.0.0.1:6443.
func (c *Cluster) URL() string { return c.url }

// Close stops the server, its watches too.
func (c *Cluster) Close() error {
	c.shutdown()
	return c.server.Close()
}
