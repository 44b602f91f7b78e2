package review

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// problem says what err, of a question over l to s, means.
func (l *link) problem(s Server, err error) *Problem {
	p := &Problem{Date: l.date}
	var said apierrors.APIStatus
	switch {
	case l.status == 0:
		p.Kind, p.Words = unanswered(s, err)
	case errors.As(err, &said):
		p.Kind, p.Words, p.Said = refused(said.Status())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Kind, p.Words = Unreachable, "it did not answer in time"
	default:
		p.Kind, p.Words = NotKubernetes, "something that is no Kubernetes API server answered"
	}
	p.Words = oidc.Cleaned(p.Words)
	if quotes(err.Error(), l.token) {
		p.Said = ""
	}
	return p
}

// quotes reports whether a server sends the token back in what it says: none of that is shown.
func quotes(said string, token secret.Text) bool {
	return !token.Empty() && strings.Contains(said, token.Reveal())
}

// refused reads an answer that is no success. client-go makes one up where the body is none of Kubernetes'.
func refused(s metav1.Status) (kind Kind, words, said string) {
	strange := s.Details != nil && slices.ContainsFunc(s.Details.Causes, func(c metav1.StatusCause) bool {
		return c.Type == metav1.CauseTypeUnexpectedServerResponse
	})
	if !strange && s.Message != http.StatusText(int(s.Code)) {
		said = oidc.Cleaned(s.Message)
	}
	switch code := int(s.Code); {
	case code == http.StatusUnauthorized:
		return Rejected, "it does not accept the token (401)", said
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return Failing, fmt.Sprintf("it answered %d %s; try again later", code, http.StatusText(code)), said
	case code >= 300 && code < 400:
		return NotKubernetes, "it redirects to another address, where no token is sent; is a sign-in to this network needed?", ""
	case strange && code == http.StatusNotFound:
		return NotKubernetes, "no Kubernetes API server answered, or one older than 1.28 (404)", ""
	case strange:
		return NotKubernetes, fmt.Sprintf("something that is no Kubernetes API server answered (%d)", code), ""
	case code == http.StatusForbidden:
		return Forbidden, "it accepts the token, but does not let you ask who you are (403)", said
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return Forbidden, "it accepts the token, but cannot say for whom: that takes Kubernetes 1.28", ""
	}
	return Failing, fmt.Sprintf("it answered %d %s", s.Code, http.StatusText(int(s.Code))), said
}

// unanswered takes apart the error of a request that got no answer: such errors quote whatever they like.
func unanswered(s Server, err error) (Kind, string) {
	if words := untrusted(s, err); words != "" {
		return Certificate, words
	}
	var (
		timeout net.Error
		dns     *net.DNSError
		op      *net.OpError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return Unreachable, "its name is not known here; is a VPN needed?"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record), errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"): // TLS alerts
		return NotKubernetes, "what listens there does not speak TLS 1.2 or newer"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return Unreachable, "the proxy cannot be reached, or does not lead there; check HTTPS_PROXY and NO_PROXY"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return Unreachable, "it did not answer in time; is a VPN needed?"
	case errors.Is(err, context.Canceled):
		return Unreachable, "cancelled"
	case errors.As(err, &dns):
		return Unreachable, "its name cannot be looked up"
	case errors.As(err, &op) && op.Op == "dial":
		return Unreachable, "nobody listens there"
	}
	return Unreachable, "it gave no proper answer"
}

// untrusted says what is wrong with the certificate of s; "" where nothing is.
func untrusted(s Server, err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		other     *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("its certificate is signed by %s, whom %s not vouch for", issuer(authority.Cert), trusted(s))
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is for %s, not for %s", subjects(name.Certificate), cmp.Or(oidc.Cleaned(s.Name), s.Host()))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return fmt.Sprintf("its certificate is good from %s to %s only; is this machine's clock right?",
			day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
	case errors.As(err, &other):
		return "its certificate cannot be verified"
	}
	return ""
}

func trusted(s Server) string {
	if len(s.CA) > 0 {
		return "the cluster's certificateAuthority does"
	}
	return "the system's certificates do"
}

func issuer(c *x509.Certificate) string {
	if c == nil || c.Issuer.String() == "" {
		return "somebody"
	}
	return fmt.Sprintf("%.80q", oidc.Cleaned(c.Issuer.String()))
}

// subjects are the names that a certificate is for, the first few.
func subjects(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "no host"
	case len(names) > 3:
		names = append(names[:3], "…")
	}
	return fmt.Sprintf("%.80s", oidc.Cleaned(strings.Join(names, ", ")))
}

func day(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
