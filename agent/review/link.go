package review

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// maxAnswer is where an answer ends, in bytes after decompression.
const maxAnswer = 1 << 20

// link is the way to one API server for one question: it adds the token, and remembers what the answer's header said.
type link struct {
	transport *http.Transport
	token     secret.Text
	status    int // of the answer; 0: none came
	date      time.Time
}

func newLink(s Server, token secret.Text) (*link, error) {
	var roots *x509.CertPool // the system's
	if len(s.CA) > 0 {
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(s.CA) {
			return nil, &Problem{Kind: Certificate, Words: "certificateAuthority holds no certificate; a PEM file begins with -----BEGIN CERTIFICATE-----"}
		}
	}
	return &link{token: token, transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment, // as for kubectl
		DialContext:            (&net.Dialer{Timeout: connectLimit}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: s.Name},
		TLSHandshakeTimeout:    connectLimit,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
	}}, nil
}

func (l *link) close() { l.transport.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("no token is sent over " + r.URL.Scheme)
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+l.token.Reveal())
	r.Header.Set("User-Agent", "kubecreds")
	answer, err := l.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	l.status = answer.StatusCode
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		l.date = date
	}
	answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswer)
	return answer, nil
}
