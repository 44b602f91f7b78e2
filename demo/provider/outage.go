package provider

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/kubecreds/kubecreds/demo/control"
)

// outage is how the provider is broken at the moment.
type outage struct {
	mu      sync.Mutex
	current control.Outage
	changed chan struct{} // closed when current is no longer
}

func newOutage() *outage {
	return &outage{current: control.Outage{Mode: control.None}, changed: make(chan struct{})}
}

func (o *outage) set(next control.Outage) error {
	switch next.Mode {
	case control.None, control.Unavailable, control.Hang, control.Drop:
	default:
		return fmt.Errorf("mode %q: write none, 503, hang or drop", next.Mode)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.current = next
	close(o.changed)
	o.changed = make(chan struct{})
	return nil
}

// of returns the mode for a request of path, and a channel that closes when the mode changes.
func (o *outage) of(path string) (control.Mode, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !strings.Contains(path, o.current.Path) {
		return control.None, o.changed
	}
	return o.current.Mode, o.changed
}

// suffer is what a request meets in an outage.
func suffer(w http.ResponseWriter, r *http.Request, mode control.Mode, over <-chan struct{}) {
	switch mode {
	case control.Unavailable:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "<html><body><h1>503 Service Unavailable</h1>No server is available to handle this request.</body></html>")
	case control.Hang:
		select {
		case <-r.Context().Done(): // the client gave up, or the provider is closing
		case <-over:
		}
		drop(w)
	case control.Drop:
		drop(w)
	}
}

// drop closes the connection without an answer, and without the farewell of TLS and TCP.
func drop(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // closed already
	}
	if wrapped, ok := connection.(*tls.Conn); ok {
		connection = wrapped.NetConn()
	}
	if raw, ok := connection.(*net.TCPConn); ok {
		_ = raw.SetLinger(0) // RST instead of FIN
	}
	_ = connection.Close()
}
