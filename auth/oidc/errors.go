package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

var (
	// ErrNoIDToken: the answer holds no token for the API server. Legal on a renewal (OpenID Connect Core section 12.2), and
	// what some providers do at every one; the refresh token in the Grant is good.
	ErrNoIDToken = errors.New("the provider gave no ID token; is openid among the scopes?")
	// ErrCannot: the provider has no way to revoke a refresh token.
	ErrCannot = errors.New("the provider cannot revoke a session; it ends there by itself")
)

// Kind is what a refusal means for the person.
type Kind uint8

// The kinds of refusals.
const (
	Ended         Kind = iota + 1 // a renewal: the session is over, log in again
	WrongPassword                 // a login: user name or password are not right
	NeedsOther                    // a login: not in this way; another way to log in may do
	Misconfigured                 // the provider and the configuration do not fit together
	Denied                        // a login with browser or device: declined, not allowed, or not finished in time
)

// Refusal: the provider said no.
type Refusal struct {
	Kind  Kind
	Code  string // the OAuth 2.0 error code, cleaned; "" where none was sent
	Words string // one line for the person, at most 200 characters
	Weak  bool   // real providers end sessions so, but bad requests look the same: believe it if a second try says so too
}

func (r *Refusal) Error() string { return r.Words }

func misconfigured(words string) *Refusal {
	return &Refusal{Kind: Misconfigured, Words: cleaned(words)}
}

// Weather: nothing was decided. Keep everything and try again.
type Weather struct {
	Words      string        // one line for the person: who did what
	RetryAfter time.Duration // how long the provider asks to be left alone, at most 15 min; 0 where it does not say
}

func (w *Weather) Error() string { return w.Words }

// Untrusted: a token did not verify. Nothing of it may be used; the session it came with is not over.
type Untrusted struct {
	Check string // what failed: form, signature, or the claim: iss, aud, azp, sub, nonce, exp, nbf, iat
	Words string // one line for the person, at most 200 characters
	// Skew is how far this machine's clock is ahead of the provider's (negative: behind), where that is why the check failed:
	// by the provider's own clock the token would have passed. Else 0.
	Skew time.Duration
}

func (u *Untrusted) Error() string { return "the provider's token cannot be used: " + u.Words }

// grantType is what a token request asked for; the same error code means different things to each.
type grantType uint8

const (
	passwordGrant grantType = iota + 1
	renewal
	codeGrant
	deviceGrant
)

// refused makes an error of an answer that is no success: a *Refusal where the provider definitely said no, else *Weather.
// A description that quotes the secret that was sent is left out.
func (a *answer) refused(g grantType, sent secret.Text, address string, now time.Time) error {
	doc, _ := readObject(a.body)
	code := doc.text("error")
	description := doc.text("error_description")
	kind, weak := refusal(g, a.status, code, len(a.body) == 0)
	if g == passwordGrant && kind == WrongPassword && wantsSecondFactor(description) {
		kind = NeedsOther
	}
	if kind == 0 {
		return a.weather(address, now)
	}
	words := host(address) + " answered " + strconv.Itoa(a.status)
	if code != "" {
		words = code
	}
	if description != "" && (sent.Empty() || !strings.Contains(description, sent.Reveal())) {
		words += ": " + description
	}
	return &Refusal{Kind: kind, Code: cleaned(code), Words: cleaned(words), Weak: weak}
}

// refusal is the table of what providers say when they mean no (RFC 6749 section 5.2 and what real ones do instead). Kind 0:
// that was not a no.
func refusal(g grantType, status int, code string, empty bool) (kind Kind, weak bool) {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
	default:
		return 0, false
	}
	if code == "invalid_client" {
		return Misconfigured, false
	}
	if g == renewal {
		return refusedRenewal(status, code, empty)
	}
	no := WrongPassword
	if g != passwordGrant {
		no = Denied
		if code == "invalid_code" { // Glewlwyd, of a code that was used
			return no, false
		}
	}
	if g == passwordGrant && code == "invalid_request" { // Hydra, which takes no passwords
		return NeedsOther, false
	}
	switch code {
	case "invalid_grant", "access_denied": // access_denied: Dex, with 401
		return no, false
	case "interaction_required", "login_required", "consent_required", "mfa_required", "unauthorized_client", "unsupported_grant_type":
		return NeedsOther, false
	case "temporarily_unavailable", "server_error", "slow_down":
		return 0, false
	case "":
		if empty && status == http.StatusForbidden { // Glewlwyd
			return no, false
		}
		if empty && status == http.StatusBadRequest { // Glewlwyd, for a client it does not know
			return Misconfigured, false
		}
		return 0, false
	}
	return Misconfigured, false // a code all the same: invalid_scope, invalid_request
}

// wantsSecondFactor reports whether Entra ID refused a password that was right: it says invalid_grant of that too, and the
// reason only in the description ("AADSTS50076: Due to a configuration change …"). 50072, 50079: a second factor must be
// enrolled; 50074, 50076: one must be given.
func wantsSecondFactor(description string) bool {
	code, _, _ := strings.Cut(description, ":")
	switch code {
	case "AADSTS50072", "AADSTS50074", "AADSTS50076", "AADSTS50079":
		return true
	}
	return false
}

func refusedRenewal(status int, code string, empty bool) (kind Kind, weak bool) {
	if code == "unauthorized_client" {
		return Misconfigured, false
	}
	if status == http.StatusForbidden {
		return 0, false
	}
	switch code {
	case "invalid_grant", "interaction_required", "login_required", "consent_required", "access_denied":
		return Ended, false
	}
	// Dex says invalid_request of every dead refresh token (github.com/dexidp/dex/issues/2613), Glewlwyd says nothing.
	if status == http.StatusBadRequest && (code == "invalid_request" || empty) {
		return Ended, true
	}
	return 0, false
}

// weather makes *Weather of an answer that decides nothing.
func (a *answer) weather(address string, now time.Time) *Weather {
	w := &Weather{Words: host(address)}
	doc, _ := readObject(a.body)
	switch code := cleaned(doc.text("error")); {
	case a.status >= 200 && a.status < 300:
		w.Words += " answered with nothing usable"
	case a.status >= 300 && a.status < 400:
		w.Words += " redirects to another address; is a sign-in to this network needed?"
	case code != "":
		w.Words += fmt.Sprintf(" answered %d %s", a.status, code)
	default:
		w.Words += strings.TrimRight(fmt.Sprintf(" answered %d %s", a.status, http.StatusText(a.status)), " ")
	}
	w.Words = cleaned(w.Words)
	if a.status == http.StatusTooManyRequests || a.status >= 500 {
		if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
			now = date // Retry-After's own clock
		}
		w.RetryAfter = retryAfter(a.header.Get("Retry-After"), now)
	}
	return w
}

const maxRetryAfter = 15 * time.Minute

// retryAfter reads the header's two forms (RFC 9110 section 10.2.3); 0 if it says nothing.
func retryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
		return time.Duration(min(max(s, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return min(max(t.Sub(now), 0), maxRetryAfter)
}

// fault takes apart the error of a request that got no answer, and drops it: such errors quote addresses with everything in
// them. It returns context.Canceled where the caller gave up, else *Weather.
func fault(ctx context.Context, address string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return &Weather{Words: cleaned(host(address) + " " + faultWords(err))}
}

func faultWords(err error) string {
	var (
		timeout   net.Error
		dns       *net.DNSError
		op        *net.OpError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		cert      *tls.CertificateVerificationError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, errTooLong):
		return errTooLong.Error()
	case errors.Is(err, errRedirect):
		return errRedirect.Error()
	case errors.As(err, &dns) && dns.IsNotFound:
		return "is not a known host name here"
	case errors.As(err, &authority):
		return "shows a certificate of an unknown authority; name its certificate in certificateAuthority"
	case errors.As(err, &name):
		return "shows a certificate for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "shows a certificate that is expired or not yet valid; is this machine's clock right?"
	case errors.As(err, &cert):
		return "shows a certificate that cannot be verified"
	case errors.As(err, &record), errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"): // TLS alerts
		return "does not speak TLS 1.2 or newer"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "did not answer in time"
	case errors.As(err, &dns):
		return "cannot be looked up"
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot be reached"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "cannot be reached through the proxy"
	}
	return "gave no proper answer"
}
