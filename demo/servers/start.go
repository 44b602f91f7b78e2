package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/kubecreds/kubecreds/demo/ca"
	"github.com/kubecreds/kubecreds/demo/cluster"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// servers are the running ones, in the order of their start.
type servers struct {
	ca       *ca.Authority
	provider *provider.Provider
	clusters []*cluster.Cluster
	control  string // URL
	closers  []io.Closer
}

// start starts all servers, or none.
func start(ctx context.Context, s settings) (_ *servers, err error) {
	running := new(servers)
	defer func() {
		if err != nil {
			running.close()
		}
	}()
	if running.ca, err = ca.New(); err != nil {
		return nil, err
	}
	running.provider, err = provider.Start(provider.Options{
		CA: running.ca, Address: s.address(0),
		IDToken: s.idToken, RefreshToken: s.refreshToken, DeviceInterval: s.deviceInterval, Manners: s.manners,
	})
	if err != nil {
		return nil, err
	}
	running.closers = append(running.closers, running.provider)
	for i, name := range []string{"prod-eu", "staging"} {
		c, err := cluster.Start(ctx, cluster.Options{
			Name: name, Issuer: running.provider.Issuer(), Audience: s.client(), CA: running.ca, Address: s.address(2 + i),
		})
		if err != nil {
			return nil, err
		}
		running.clusters = append(running.clusters, c)
		running.closers = append(running.closers, c)
	}
	return running, running.startControl(s.address(1))
}

// client is the client ID of the account.
func (s settings) client() string {
	if s.confidential {
		return provider.ConfidentialClient
	}
	return provider.PublicClient
}

// startControl serves the control API.
func (running *servers) startControl(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("control API: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", running.provider.Control())
	for _, c := range running.clusters {
		prefix := "/clusters/" + c.Name()
		mux.Handle(prefix+"/", http.StripPrefix(prefix, c.Control()))
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	running.control = "http://" + listener.Addr().String()
	running.closers = append(running.closers, server)
	go func() { _ = server.Serve(listener) }() // ends with close
	return nil
}

// close stops all, the last started first.
func (running *servers) close() {
	for i := len(running.closers) - 1; i >= 0; i-- {
		_ = running.closers[i].Close() // they are only cut off
	}
}

// address is where the server number n listens.
func (s settings) address(n int) string {
	if s.port == 0 {
		return "127.0.0.1:0"
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port+n))
}
