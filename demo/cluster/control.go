package cluster

import (
	"fmt"
	"net/http"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubecreds/kubecreds/demo/control"
)

// counts is what the control API tells and switches.
type counts struct {
	mu     sync.Mutex
	now    control.ClusterCounts
	reject bool
}

func (c *counts) request() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Requests++
}

func (c *counts) refusal(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch status {
	case http.StatusUnauthorized:
		c.now.Unauthorized++
	case http.StatusForbidden:
		c.now.Forbidden++
	}
}

func (c *counts) watch(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Watches += change
}

func (c *counts) rejecting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reject
}

func (c *counts) get() control.ClusterCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *counts) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = control.ClusterCounts{Watches: c.now.Watches}
}

// Control is the cluster's part of the control API, below /clusters/NAME; see package control.
func (c *Cluster) Control() http.Handler {
	type nothing struct{}
	mux := http.NewServeMux()
	mux.Handle("GET /counts", control.Handle(func(nothing) (control.ClusterCounts, error) { return c.counts.get(), nil }))
	mux.Handle("POST /counts/reset", control.Handle(func(nothing) (nothing, error) { c.counts.reset(); return nothing{}, nil }))
	mux.Handle("POST /reject", control.Handle(func(r control.Rejection) (control.Rejection, error) {
		c.counts.mu.Lock()
		defer c.counts.mu.Unlock()
		c.counts.reject = r.Reject
		return r, nil
	}))
	mux.Handle("POST /namespaces", control.Handle(c.addNamespace))
	return mux
}

func (c *Cluster) addNamespace(n control.Namespace) (control.Namespace, error) {
	if problems := validation.IsDNS1123Label(n.Name); problems != nil {
		return n, fmt.Errorf("namespace %q: %s", n.Name, problems[0])
	}
	c.store.add(namespace(n.Name))
	return n, nil
}
