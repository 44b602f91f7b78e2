package oidc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultRedirect = "http://127.0.0.1/callback"
	freePort        = "0"
	portTries       = 20              // a free port of 127.0.0.1 may be taken on [::1]
	pageLimit       = 2 * time.Second // for the browser to take its last page
)

// redirect is an address of this machine that the browser comes back to.
type redirect struct {
	host, port, path string // host without brackets; port may be freePort; path as a request has it
	written          *url.URL
}

func parseRedirects(list []string) ([]redirect, error) {
	if len(list) == 0 {
		list = []string{defaultRedirect}
	}
	out := make([]redirect, len(list))
	for i, s := range list {
		r, err := parseRedirect(s)
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

func parseRedirect(s string) (redirect, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" || !loopback(u) && u.Hostname() != "localhost" || u.User != nil || strings.ContainsAny(s, "?#") {
		return redirect{}, fmt.Errorf("%q does not lead back to this machine; write http://127.0.0.1:PORT/ or http://localhost:PORT/", cleaned(s))
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || strconv.FormatUint(n, 10) != u.Port()) {
		return redirect{}, fmt.Errorf("%q is no port", cleaned(u.Port()))
	}
	r := redirect{host: u.Hostname(), port: u.Port(), path: u.Path, written: u}
	if r.port == "" {
		r.port = freePort
	}
	if r.path == "" {
		r.path = "/"
	}
	return r, nil
}

// at is the redirect_uri once the port is known: else as written, since providers that compare exactly see a slash too many.
func (r redirect) at(port string) string {
	u := *r.written
	u.Host = net.JoinHostPort(r.host, port)
	return u.String()
}

// listen takes r's port on both loopback addresses, so that nobody else gets what the browser brings to localhost, whichever
// of them that is. Without IPv6, 127.0.0.1 alone. open is net.Listen.
func (r redirect) listen(open func(network, address string) (net.Listener, error)) ([]net.Listener, string, error) {
	for range portTries {
		four, err := open("tcp4", net.JoinHostPort("127.0.0.1", r.port))
		if err != nil {
			return nil, "", err
		}
		_, port, err := net.SplitHostPort(four.Addr().String())
		if err != nil {
			return nil, "", errors.Join(err, four.Close())
		}
		six, err := open("tcp6", net.JoinHostPort("::1", port))
		if err == nil {
			return []net.Listener{four, six}, port, nil
		}
		if probe, none := open("tcp6", "[::1]:0"); none == nil {
			_ = probe.Close()
		} else if r.host != "::1" {
			return []net.Listener{four}, port, nil
		}
		if _ = four.Close(); r.port != freePort {
			return nil, "", err
		}
	}
	return nil, "", errors.New("no port is free")
}

// door is where the browser comes in: a port of this machine that is ours until close. Any program and any web page can
// knock, so it opens at two addresses only, once each, and says nothing of interest elsewhere.
type door struct {
	start, redirect string        // whole addresses: where the browser begins, and the redirect_uri
	arrived         chan *arrival // the answer to the authorization request; at most one

	startAt, backAt string // their places
	to, state       string // the authorization request, and what its answer must repeat

	ports       []net.Listener
	server      *http.Server
	serving     sync.WaitGroup
	sent, given atomic.Bool // the browser was sent to the provider; it brought the answer
}

// openDoor takes the port of the first redirect that has it free. An error is *Weather.
func openDoor(redirects []redirect, open func(network, address string) (net.Listener, error)) (*door, error) {
	taken := make([]string, 0, len(redirects))
	for _, r := range redirects {
		ports, port, err := r.listen(open)
		if err != nil {
			taken = append(taken, r.written.String())
			continue
		}
		literal := r.host
		if literal == "localhost" {
			literal = "127.0.0.1"
		}
		start := "/start/" + rand.Text()
		return &door{
			start:    "http://" + net.JoinHostPort(literal, port) + start,
			redirect: r.at(port),
			arrived:  make(chan *arrival, 1),
			startAt:  place(net.JoinHostPort(literal, port), start),
			backAt:   place(net.JoinHostPort(r.host, port), r.path),
			ports:    ports,
		}, nil
	}
	return nil, &Weather{Words: cleaned("the browser cannot come back: " + strings.Join(taken, " and ") +
		" cannot be listened at; is another program or login there? End it, or write another redirect")}
}

// serve lets the browser in: from start it is sent on to the address to, and it must come back with state.
func (d *door) serve(to, state string) {
	d.to, d.state = to, state
	d.server = &http.Server{
		Handler:           d,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	// A connection that is kept brings the next login's answer to this one.
	d.server.SetKeepAlivesEnabled(false)
	for _, l := range d.ports {
		d.serving.Go(func() { _ = d.server.Serve(l) })
	}
}

// place is what requests are told apart by. Browsers leave http's own port out of Host.
func place(host, path string) string { return strings.TrimSuffix(host, ":80") + path }

// close gives the port back; serve was called before. Whoever is still waiting for a page gets none.
func (d *door) close() {
	_ = d.server.Close()
	d.serving.Wait() // Serve closes its port, also where Close came before it
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := place(r.Host, r.URL.Path)
	switch {
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		show(w, http.StatusMethodNotAllowed, page{"Nothing is here", "This port waits for a login with kubecreds."})
	case at == d.startAt:
		d.leave(w)
	case at == d.backAt:
		d.enter(w, r)
	default:
		show(w, http.StatusNotFound, page{"Nothing is here", "This port waits for a login with kubecreds."})
	}
}

// leave sends the browser to the provider, once: the address stood in an argument list that others can read.
func (d *door) leave(w http.ResponseWriter) {
	if d.sent.Swap(true) {
		show(w, http.StatusGone, page{"Already used", "This address works once. If it was not you who opened it, cancel the login and begin again."})
		return
	}
	protect(w.Header())
	w.Header().Set("Location", d.to)
	w.WriteHeader(http.StatusFound)
}

// enter takes the answer that has our state, once, and shows what comes of it.
func (d *door) enter(w http.ResponseWriter, r *http.Request) {
	c, ok := readCallback(r.URL.RawQuery, d.state)
	if !ok {
		show(w, http.StatusBadRequest, page{"Not the answer to this login", "It was ignored. The login goes on in the page that was opened for it."})
		return
	}
	if d.given.Swap(true) {
		show(w, http.StatusGone, page{"Already answered", "This login has its answer. You can close this page."})
		return
	}
	a := &arrival{callback: c, page: make(chan page, 1), shown: make(chan struct{})}
	defer close(a.shown)
	d.arrived <- a
	select {
	case p := <-a.page:
		show(w, http.StatusOK, p)
	case <-r.Context().Done(): // the browser went away, or close was called
	}
}

// arrival is the browser's answer; the browser waits for a page.
type arrival struct {
	callback
	page  chan page
	shown chan struct{} // closed when the browser has its page, or went away
}

// answer shows the browser its last page.
func (a *arrival) answer(p page) {
	a.page <- p
	select {
	case <-a.shown:
	case <-time.After(pageLimit):
	}
}
