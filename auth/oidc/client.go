package oidc

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer is where an answer ends, in bytes after decompression.
const maxAnswer = 1 << 20

var (
	errTooLong  = errors.New("answered with more than 1 MiB")
	errRedirect = errors.New("redirects to another host")
)

// timings are the client's deadlines.
type timings struct {
	connect time.Duration // for a connection, and again for its TLS handshake
	request time.Duration // from the first byte out to the last byte in
}

// newClient makes the one client that all requests of a provider go through: no cookies, TLS 1.2 or newer, no switch that
// turns verification off.
func newClient(ca []byte, proxy string, t timings) (*http.Client, error) {
	roots, err := rootsWith(ca)
	if err != nil {
		return nil, err
	}
	through := http.ProxyFromEnvironment
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			return nil, errors.New("proxy: write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT")
		}
		through = http.ProxyURL(u)
	}
	return &http.Client{
		Timeout:       t.request,
		CheckRedirect: checkRedirect,
		Transport: bounded{&http.Transport{
			Proxy:                  through,
			DialContext:            (&net.Dialer{Timeout: t.connect}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout:    t.connect,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
			// A connection kept over a sleep may be dead without knowing, and HTTP/2 goes on using it after a timeout
			// (github.com/golang/go/issues/36026). Renewals are minutes apart: nothing is gained by keeping one.
			DisableKeepAlives: true,
		}},
	}, nil
}

// rootsWith adds certificates to a copy of the system's; nil stands for the system's alone.
func rootsWith(ca []byte) (*x509.CertPool, error) {
	if len(ca) == 0 {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("certificateAuthority: the system's certificates cannot be read: %w", err)
	}
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("certificateAuthority: it holds no certificate; a PEM file begins with -----BEGIN CERTIFICATE-----")
	}
	return roots, nil
}

// checkRedirect lets a GET go on to https on the same host, or on loopback to the same address. A POST carries a secret: its
// redirect is the answer.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	secure := next.URL.Scheme == "https" || next.URL.Scheme == first.URL.Scheme && loopback(next.URL)
	if len(via) > 5 || !secure || next.URL.User != nil || !sameHost(next.URL, first.URL) {
		return errRedirect
	}
	return nil
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if u.Port() == "" && u.Scheme == "https" {
		return "443"
	}
	return u.Port()
}

// bounded says who asks and ends each answer before maxAnswer. x/oauth2 stops reading there without an error, so an answer of
// just that length is an error here.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "kubecreds")
	r.Header.Set("Accept", "application/json, */*;q=0.5")
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{resp.Body, maxAnswer}
	return resp, nil
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	if b.left -= n; b.left <= 0 {
		return n, errTooLong
	}
	return n, err
}

// answer is a whole answer to one request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) success() bool { return a.status >= 200 && a.status < 300 }

// recorder keeps the answer to the one request that a library sends through it. What the library makes of the answer is
// not used.
type recorder struct {
	next http.RoundTripper
	got  *answer
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	a, err := readAnswer(resp)
	if err != nil {
		return nil, err
	}
	r.got, resp.Body = a, io.NopCloser(bytes.NewReader(a.body))
	return resp, nil
}

func readAnswer(resp *http.Response) (*answer, error) {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &answer{resp.StatusCode, resp.Header, body}, nil
}

// post sends form to an endpoint that is not the token endpoint, once, with client authentication as there (RFC 6749 section
// 2.3.1). An error is *Weather, or context.Canceled.
func (p *Provider) post(ctx context.Context, e endpoints, address string, form url.Values) (*answer, error) {
	id, key := p.config.ClientID, p.config.ClientSecret.Reveal()
	basic := p.basic(e)
	if !basic {
		form.Set("client_id", id)
		if key != "" {
			form.Set("client_secret", key)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fault(ctx, address, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic { // form-encoded first, as that section says
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(key))
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, fault(ctx, address, err)
	}
	a, err := readAnswer(resp)
	if err != nil {
		return nil, fault(ctx, address, err)
	}
	return a, nil
}

// get fetches a document. An error is *Weather, or context.Canceled.
func (p *Provider) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault(ctx, address, err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, fault(ctx, address, err)
	}
	a, err := readAnswer(resp)
	if err != nil {
		return nil, fault(ctx, address, err)
	}
	if a.status != http.StatusOK {
		return nil, a.weather(address, p.now())
	}
	return a.body, nil
}
