package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// weather stands for "no refusal" in the tables.
const weather = Kind(0)

func oauthError(code string) string { return `{"error":"` + code + `"}` }

func TestWhatAProviderSaysOfARenewalIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		who    string
		status int
		body   string
		kind   Kind
		weak   bool
	}{
		{"panva, zitadel, hydra, Django OAuth Toolkit", 400, oauthError("invalid_grant"), Ended, false},
		{"with 401", 401, oauthError("invalid_grant"), Ended, false},
		{"Entra ID", 400, oauthError("interaction_required"), Ended, false},
		{"", 400, oauthError("login_required"), Ended, false},
		{"", 400, oauthError("consent_required"), Ended, false},
		{"", 401, oauthError("access_denied"), Ended, false},
		{"Dex", 400, `{"error":"invalid_request","error_description":"Refresh token expired."}`, Ended, true},
		{"Glewlwyd", 400, "", Ended, true},
		{"", 401, oauthError("invalid_client"), Misconfigured, false},
		{"", 400, oauthError("invalid_client"), Misconfigured, false},
		{"", 400, oauthError("unauthorized_client"), Misconfigured, false},

		{"only 400 and 401 are refusals", 403, oauthError("invalid_grant"), weather, false},
		{"", 401, oauthError("invalid_request"), weather, false},
		{"", 401, "", weather, false},
		{"", 403, "", weather, false},
		{"", 404, "", weather, false},
		{"a load balancer", 400, "<html>Bad Request</html>", weather, false},
		{"", 400, "{}", weather, false},
		{"", 400, oauthError("temporarily_unavailable"), weather, false},
		{"", 400, `{"error":7}`, weather, false},
		{"", 400, `{"Error":"invalid_grant"}`, weather, false},
		{"hydra, when renewals meet", 500, oauthError("server_error"), weather, false},
		{"", 500, oauthError("invalid_grant"), weather, false},
		{"", 502, "", weather, false},
		{"", 503, "<html>", weather, false},
		{"", 429, oauthError("invalid_grant"), weather, false},
		{"a sign-in page", 200, "<html>welcome</html>", weather, false},
		{"", 200, oauthError("invalid_grant"), weather, false},
		{"", 200, "{}", weather, false},
		{"", 200, "null", weather, false},
		{"", 200, "", weather, false},
		{"", 204, "", weather, false},
		{"", 302, "", weather, false},
	} {
		t.Run(fmt.Sprintf("%d %s %s", c.status, c.body, c.who), func(t *testing.T) {
			f := newFake(t)
			f.on("/token", answers(c.status, c.body))
			_, err := f.client().Renew(t.Context(), secret.New(refresh1))
			wantKind(t, err, c.kind, c.weak)
		})
	}
}

func TestWhatAProviderSaysOfAPasswordIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		who    string
		status int
		body   string
		kind   Kind
	}{
		{"panva, zitadel, Django OAuth Toolkit", 400, oauthError("invalid_grant"), WrongPassword},
		{"Keycloak", 401, oauthError("invalid_grant"), WrongPassword},
		{"Auth0", 403, oauthError("invalid_grant"), WrongPassword},
		{"Dex", 401, oauthError("access_denied"), WrongPassword},
		{"Glewlwyd", 403, "", WrongPassword},
		{"Entra ID", 400, entra(50126), WrongPassword},
		{"Entra ID", 400, entra(50072), NeedsOther},
		{"Entra ID", 400, entra(50074), NeedsOther},
		{"Entra ID", 400, entra(50076), NeedsOther},
		{"Entra ID", 400, entra(50079), NeedsOther},
		{"", 400, `{"error":"invalid_grant","error_description":"no AADSTS50076: here"}`, WrongPassword},
		{"", 400, `{"error":"invalid_grant","error_description":"AADSTS500760: x"}`, WrongPassword},
		{"", 401, `{"error":"invalid_client","error_description":"AADSTS50076: x"}`, Misconfigured},
		{"", 400, oauthError("interaction_required"), NeedsOther},
		{"", 400, oauthError("login_required"), NeedsOther},
		{"", 400, oauthError("consent_required"), NeedsOther},
		{"", 403, oauthError("mfa_required"), NeedsOther},
		{"", 400, oauthError("unauthorized_client"), NeedsOther},
		{"", 400, oauthError("unsupported_grant_type"), NeedsOther},
		{"", 401, oauthError("invalid_client"), Misconfigured},
		{"", 400, oauthError("invalid_scope"), Misconfigured},
		{"hydra", 400, oauthError("invalid_request"), NeedsOther},
		{"Glewlwyd, of an unknown client", 400, "", Misconfigured},

		{"", 401, "", weather},
		{"a firewall", 403, "<html>blocked</html>", weather},
		{"", 400, "<html>", weather},
		{"", 400, oauthError("temporarily_unavailable"), weather},
		{"", 400, oauthError("server_error"), weather},
		{"", 404, "", weather},
		{"", 429, oauthError("access_denied"), weather},
		{"", 500, oauthError("invalid_grant"), weather},
		{"a sign-in page", 200, "<html>welcome</html>", weather},
		{"a sign-in page", 302, "", weather},
	} {
		t.Run(fmt.Sprintf("%d %s %s", c.status, c.body, c.who), func(t *testing.T) {
			f := newFake(t)
			f.on("/token", answers(c.status, c.body))
			_, err := f.client().Password(t.Context(), "alice", secret.New(password))
			wantKind(t, err, c.kind, false)
		})
	}
}

// entra is how Entra ID says no, from its documentation.
func entra(code int) string {
	return fmt.Sprintf(`{"error":"invalid_grant","error_description":"AADSTS%d: Due to …","error_codes":[%d],"suberror":"basic_action"}`, code, code)
}

func wantKind(t *testing.T, err error, kind Kind, weak bool) {
	t.Helper()
	var w *Weather
	var r *Refusal
	switch {
	case kind == weather && errors.As(err, &w):
	case kind != weather && errors.As(err, &r) && r.Kind == kind && r.Weak == weak:
	default:
		t.Errorf("got %T %+v, want kind %d, weak %v", err, err, kind, weak)
	}
}

func TestARefusalSaysTheProvidersWordsCleaned(t *testing.T) {
	f := newFake(t)
	f.on("/token", answers(400, `{"error":"invalid_grant","error_description":"Session\r\n not\u0000  active\u202e \u001b[31m`+strings.Repeat("x", 500)+`"}`))
	_, err := f.client().Renew(t.Context(), secret.New(refresh1))
	r := wantRefusal(t, err, Ended, "invalid_grant: Session not active [31mxxx")
	if r.Code != "invalid_grant" || utf8.RuneCountInString(r.Words) != maxWords || !strings.HasSuffix(r.Words, "x…") {
		t.Errorf("code %q, words %q", r.Code, r.Words)
	}
	if strings.ContainsAny(r.Words, "\r\n\x00\x1b\u202e") {
		t.Errorf("words %q", r.Words)
	}
}

func TestNoSecretStandsInAnError(t *testing.T) {
	secrets := []string{password, "hunter2", refresh1, "s3cret", "leaked-token"}
	for name, h := range map[string]http.HandlerFunc{
		"refused":    answers(400, `{"error":"invalid_grant","refresh_token":"leaked-token"}`),
		"html":       answers(400, "<html>leaked-token</html>"),
		"garbage":    answers(200, "leaked-token"),
		"wrong type": answers(200, `{"access_token":["leaked-token"]}`),
		"outage":     answers(500, "leaked-token"),
		"redirect":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/?t=leaked-token", 302) },
		"dropped":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"echoed": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(403)
			_, _ = fmt.Fprint(w, r.PostForm.Encode())
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.on("/token", h)
			f.on("/revoke", h)
			p := f.client(func(c *Config) { c.ClientSecret, c.AuthStyle = secret.New("s3cret"), AuthPost })
			_, login := p.Password(t.Context(), "alice", secret.New(password))
			_, renew := p.Renew(t.Context(), secret.New(refresh1))
			revoke := p.Revoke(t.Context(), secret.New(refresh1))
			all := ""
			for _, err := range []error{login, renew, revoke} {
				for ; err != nil; err = errors.Unwrap(err) {
					all += fmt.Sprintf("%v %+v %#v\n", err, err, err)
				}
			}
			for _, s := range secrets {
				if strings.Contains(all, s) {
					t.Errorf("%q stands in %s", s, all)
				}
			}
		})
	}
}

func TestADescriptionThatQuotesThePasswordIsNotRepeated(t *testing.T) {
	f := newFake(t)
	for _, echo := range []string{password, "user alice, password " + password + ", is unknown"} {
		f.on("/token", answers(400, `{"error":"invalid_grant","error_description":"`+echo+`"}`))
		_, err := f.client().Password(t.Context(), "alice", secret.New(password))
		if wantRefusal(t, err, WrongPassword, "invalid_grant"); strings.Contains(err.Error(), password) {
			t.Errorf("the error says %q", err)
		}
	}
	f.on("/token", answers(400, `{"error":"invalid_grant","error_description":"token `+refresh1+` is unknown"}`))
	_, err := f.client().Renew(t.Context(), secret.New(refresh1))
	if wantRefusal(t, err, Ended, "invalid_grant"); strings.Contains(err.Error(), refresh1) {
		t.Errorf("the error says %q", err)
	}
}

func TestRetryAfterIsBelievedUpToFifteenMinutes(t *testing.T) {
	for _, c := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"30", 30 * time.Second},
		{" 30 ", 30 * time.Second},
		{"0", 0},
		{"-5", 0},
		{"900", 15 * time.Minute},
		{"901", 15 * time.Minute},
		{"99999999999999", 15 * time.Minute},
		{"99999999999999999999999999", 0},
		{"1.5", 0},
		{"soon", 0},
		{noon.Add(time.Minute).Format(http.TimeFormat), time.Minute},
		{noon.Add(-time.Minute).Format(http.TimeFormat), 0},
		{noon.AddDate(100, 0, 0).Format(http.TimeFormat), 15 * time.Minute},
	} {
		if got := retryAfter(c.value, noon); got != c.want {
			t.Errorf("Retry-After: %q is %v, want %v", c.value, got, c.want)
		}
	}
}

func TestAnOverloadedProviderSaysWhenToComeBack(t *testing.T) {
	f := newFake(t)
	for _, status := range []int{429, 500, 503} {
		f.on("/token", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(status)
		})
		_, err := f.client().Renew(t.Context(), secret.New(refresh1))
		if w := wantWeather(t, err, fmt.Sprint("answered ", status)); w.RetryAfter != 2*time.Minute {
			t.Errorf("%d: try again after %v", status, w.RetryAfter)
		}
	}
}

func TestADateInRetryAfterIsReadByTheProvidersClock(t *testing.T) {
	f := newFake(t)
	f.clock = noon.Add(-time.Hour) // ours is an hour ahead
	f.on("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", f.clock.Add(time.Minute).Format(http.TimeFormat))
		w.WriteHeader(503)
	})
	_, err := f.client().Renew(t.Context(), secret.New(refresh1))
	if w := wantWeather(t, err, "503"); w.RetryAfter != time.Minute {
		t.Errorf("try again after %v", w.RetryAfter)
	}
}

func TestAFaultIsNamedForThePerson(t *testing.T) {
	wrap := func(err error) error { return &url.Error{Op: "Post", URL: "https://u:hunter2@x/?token=t", Err: err} }
	dial := func(err error) error { return wrap(&net.OpError{Op: "dial", Net: "tcp", Err: err}) }
	certificate := func(err error) error { return wrap(&tls.CertificateVerificationError{Err: err}) }
	for _, c := range []struct {
		err  error
		want string
	}{
		{dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), "is not a known host name here"},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "x"}), "cannot be looked up"},
		{dial(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), "did not answer in time"},
		{dial(syscall.ECONNREFUSED), "cannot be reached"},
		{wrap(&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}), "cannot be reached through the proxy"},
		{wrap(context.DeadlineExceeded), "did not answer in time"},
		{certificate(x509.UnknownAuthorityError{}), "shows a certificate of an unknown authority; name its certificate in certificateAuthority"},
		{certificate(x509.CertificateInvalidError{Reason: x509.Expired}), "shows a certificate that is expired or not yet valid; is this machine's clock right?"},
		{certificate(x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}), "shows a certificate that cannot be verified"},
		{wrap(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), "does not speak TLS 1.2 or newer"},
		{wrap(&net.OpError{Op: "remote error", Err: errors.New("tls: protocol version not supported")}), "does not speak TLS 1.2 or newer"},
		{wrap(io.EOF), "gave no proper answer"},
	} {
		if w := wantWeather(t, fault(context.Background(), "https://Login.Example.com/token", c.err), ""); w.Words != "login.example.com "+c.want {
			t.Errorf("%v is %q", c.err, w.Words)
		}
	}
}

func TestAServerThatSpeaksOnlyOldTLSIsWeather(t *testing.T) {
	f := startFake(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		s.StartTLS()
	})
	_, err := f.client().Endpoint(t.Context())
	wantWeather(t, err, "does not speak TLS 1.2 or newer")
}
