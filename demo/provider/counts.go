package provider

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"sync"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/kubecreds/kubecreds/demo/control"
)

// counts are the requests since the start or the last reset.
type counts struct {
	mu        sync.Mutex
	clients   control.Requests
	clusters  control.Requests
	answering int
}

func newCounts() *counts {
	return &counts{clients: make(control.Requests), clusters: make(control.Requests)}
}

func (c *counts) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients, c.clusters = make(control.Requests), make(control.Requests)
}

func (c *counts) get() control.Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := control.Counts{Requests: clone(c.clients), Clusters: clone(c.clusters), Answering: c.answering}
	for _, outcomes := range c.clients {
		for _, times := range outcomes {
			all.Total += times
		}
	}
	return all
}

func clone(requests control.Requests) control.Requests {
	c := make(control.Requests, len(requests))
	for what, outcomes := range requests {
		c[what] = maps.Clone(outcomes)
	}
	return c
}

func (c *counts) add(r *http.Request, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests := c.clients
	if r.UserAgent() == control.ClusterUserAgent {
		requests = c.clusters
	}
	what := whatIsAsked(r)
	if requests[what] == nil {
		requests[what] = make(map[string]int)
	}
	requests[what][outcome]++
}

// around counts each request: one that meets the outage when it arrives, any other before its answer is sent. So whoever has the
// answer finds it counted.
func (c *counts) around(o *outage, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.answers(1)
		defer c.answers(-1)
		_ = r.ParseForm() // for the grant's name, and because the server notices a client's leaving only when its body is read
		if mode, over := o.of(r.URL.Path); mode != control.None {
			c.add(r, "outage")
			suffer(w, r, mode, over)
			return
		}
		held := &heldAnswer{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(held, r)
		c.add(r, held.outcome())
		w.WriteHeader(held.status)
		_, _ = w.Write(held.body.Bytes()) // fails only when the client has gone
		_ = http.NewResponseController(w).Flush()
	})
}

// answers counts the requests that are being answered.
func (c *counts) answers(more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answering += more
}

// heldAnswer keeps an answer back. It implements http.ResponseWriter.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *heldAnswer) Header() http.Header            { return a.header }
func (a *heldAnswer) WriteHeader(status int)         { a.status = status }
func (a *heldAnswer) Write(data []byte) (int, error) { return a.body.Write(data) }

// outcome is "ok", the error code of an OAuth error answer, or else the HTTP status.
func (a *heldAnswer) outcome() string {
	if a.status < http.StatusBadRequest {
		return "ok"
	}
	var problem struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(a.body.Bytes(), &problem) == nil && problem.Error != "" {
		return problem.Error
	}
	return strconv.Itoa(a.status)
}

// whatIsAsked names a request as control.Requests does.
func whatIsAsked(r *http.Request) string {
	switch r.URL.Path {
	case oidc.DiscoveryEndpoint:
		return "discovery"
	case tokenPath:
		return "token/" + grantName(r.FormValue("grant_type"))
	case "/keys", authorizePath, callbackPath, deviceAuthorizePath, "/userinfo", "/revoke", "/end_session", loginPath, devicePath:
		return r.URL.Path[1:]
	}
	return "other"
}

func grantName(grant string) string {
	switch oidc.GrantType(grant) {
	case grantTypePassword, oidc.GrantTypeCode, oidc.GrantTypeRefreshToken:
		return grant
	case oidc.GrantTypeDeviceCode:
		return "device_code"
	}
	return "other"
}
