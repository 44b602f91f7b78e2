package review

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

const bearer = "eyJhbGciOiJSUzI1NiJ9.very.secret"

// certificate makes a self-signed certificate of a server, and the PEM that vouches for it.
func certificate(t *testing.T, from, to time.Time, names ...string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Prod CA"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// serve starts an API server that answers so, with a certificate that is good.
func serve(t *testing.T, answer http.HandlerFunc) Server {
	t.Helper()
	cert, ca := certificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "127.0.0.1")
	return Server{URL: serveWith(t, cert, answer), CA: ca}
}

func serveWith(t *testing.T, cert tls.Certificate, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(answer)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func whoIs(user string) string {
	return `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"` + user + `","groups":["dev","system:authenticated"]}}}`
}

func status(code, reason, message string) string {
	return `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"` + message + `","reason":"` + reason + `","code":` + code + `}`
}

func TestAnAPIServerSaysWhoTheBearerIs(t *testing.T) {
	var got *http.Request
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		says(http.StatusCreated, whoIs("alice@example.com"))(w, r)
	})
	s.URL += "/k8s/clusters/c-1/" // as behind Rancher
	p, err := Ask(t.Context(), s, secret.New(bearer))
	if err != nil || p.User != "alice@example.com" || strings.Join(p.Groups, " ") != "dev system:authenticated" {
		t.Errorf("%+v, %v", p, err)
	}
	if got.Method != http.MethodPost || got.URL.Path != "/k8s/clusters/c-1/apis/authentication.k8s.io/v1/selfsubjectreviews" || got.Header.Get("Authorization") != "Bearer "+bearer {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
}

func TestEachAnswerIsReadForWhatItMeans(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   Kind
		words  string
		said   string
	}{
		"401": {says(401, status("401", "Unauthorized", "Unauthorized")), Rejected, "does not accept the token", ""},
		"401 that says why": {says(401, status("401", "Unauthorized", "token\\nexpired\\u202e")), Rejected,
			"does not accept the token", "token expired"},
		"401 that sends the token back": {says(401, status("401", "Unauthorized", "no such token: "+bearer)), Rejected, "does not accept", ""},
		"401 of a proxy":                {says(401, "<html>"), Rejected, "does not accept the token", ""},
		"403": {says(403, status("403", "Forbidden", "selfsubjectreviews is forbidden: User alice cannot create")), Forbidden,
			"accepts the token", "selfsubjectreviews is forbidden: User alice cannot create"},
		"403 of a firewall":        {says(403, "<html>"), NotKubernetes, "no Kubernetes API server", ""},
		"404 of an old one":        {says(404, status("404", "NotFound", "not found")), Forbidden, "1.28", ""},
		"404 of whatever":          {says(404, "404 page not found"), NotKubernetes, "no Kubernetes API server answered, or one older than 1.28", ""},
		"429":                      {says(429, status("429", "TooManyRequests", "slow down")), Failing, "it answered 429", "slow down"},
		"503":                      {says(503, "<html>"), Failing, "it answered 503 Service Unavailable", ""},
		"200 of whatever":          {says(200, "<html>"), NotKubernetes, "no Kubernetes API server", ""},
		"200 and other JSON":       {says(200, `{"username":"alice"}`), NotKubernetes, "without a user name", ""},
		"a user without a name":    {says(201, whoIs("")), NotKubernetes, "without a user name", ""},
		"nobody":                   {says(201, whoIs("system:anonymous")), NotKubernetes, "took the token away", ""},
		"a user called as a token": {says(201, whoIs(bearer)), NotKubernetes, "sent the token back", ""},
		"more than 1 MiB":          {says(201, whoIs(strings.Repeat("a", maxAnswer))), NotKubernetes, "no Kubernetes API server", ""},
		"a redirect":               {http.RedirectHandler("https://elsewhere.example.com/", http.StatusTemporaryRedirect).ServeHTTP, NotKubernetes, "redirects", ""},
		"a connection that breaks": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Unreachable, "no proper answer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var times atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				times.Add(1)
				w.Header().Set("Retry-After", "0")
				c.answer(w, r)
			})
			_, err := Ask(t.Context(), s, secret.New(bearer))
			expect(t, err, c.kind, c.words)
			if p := err.(*Problem); p.Said != c.said {
				t.Errorf("said %q, want %q", p.Said, c.said)
			}
			if times.Load() != 1 {
				t.Errorf("asked %d times", times.Load())
			}
		})
	}
}

func expect(t *testing.T, err error, kind Kind, words string) {
	t.Helper()
	if err == nil || KindOf(err) != kind || !strings.Contains(err.Error(), words) || len([]rune(err.Error())) > 200 {
		t.Errorf("%s: %v; want %s: …%s…", KindOf(err), err, kind, words)
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the error holds the token: %v", err)
	}
}

func TestNoTokenIsSentToWhoCannotShowAGoodCertificate(t *testing.T) {
	hour := time.Hour
	now := time.Now()
	never := func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it was sent %v", r.Header) }
	for name, c := range map[string]struct {
		from, to time.Time
		host     string
		ca       string // own, other, none, bad
		words    string
	}{
		"another authority":          {now.Add(-hour), now.Add(hour), "127.0.0.1", "other", `signed by "CN=Prod CA", whom the cluster's certificateAuthority does not vouch for`},
		"not the system's authority": {now.Add(-hour), now.Add(hour), "127.0.0.1", "none", "whom the system's certificates do not vouch for"},
		"expired":                    {now.Add(-2 * hour), now.Add(-hour), "127.0.0.1", "own", "only; is this machine's clock right?"},
		"not yet valid":              {now.Add(hour), now.Add(2 * hour), "127.0.0.1", "own", "only; is this machine's clock right?"},
		"another host":               {now.Add(-hour), now.Add(hour), "prod.example.com", "own", "is for prod.example.com, not for 127.0.0.1"},
		"no certificate in the file": {now.Add(-hour), now.Add(hour), "127.0.0.1", "bad", "certificateAuthority holds no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			cert, own := certificate(t, c.from, c.to, c.host)
			_, other := certificate(t, now.Add(-hour), now.Add(hour), "127.0.0.1")
			s := Server{URL: serveWith(t, cert, never), CA: map[string][]byte{"own": own, "other": other, "bad": []byte("?")}[c.ca]}
			_, err := Ask(t.Context(), s, secret.New(bearer))
			expect(t, err, Certificate, c.words)
		})
	}
}

func TestAnAPIServerBehindATunnelIsKnownByItsOwnName(t *testing.T) {
	cert, ca := certificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "prod.example.com")
	s := Server{URL: serveWith(t, cert, says(http.StatusCreated, whoIs("alice"))), CA: ca, Name: "prod.example.com"}
	if _, err := Ask(t.Context(), s, secret.New(bearer)); err != nil {
		t.Error(err)
	}
	s.Name = "staging.example.com"
	_, err := Ask(t.Context(), s, secret.New(bearer))
	expect(t, err, Certificate, "is for prod.example.com, not for staging.example.com")
}

func TestWhoDoesNotAnswerIsUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "https://" + listener.Addr().String()
	_ = listener.Close()
	_, err = Ask(t.Context(), Server{URL: closed}, secret.New(bearer))
	expect(t, err, Unreachable, "nobody listens there")

	gone := make(chan struct{})
	hangs := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	defer close(gone)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = Ask(ctx, hangs, secret.New(bearer))
	expect(t, err, Unreachable, "did not answer in time")
}

func TestNoTokenIsSentWithoutTLS(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it was sent %v", r.Header) }))
	defer plain.Close()
	_, err := Ask(t.Context(), Server{URL: plain.URL}, secret.New(bearer))
	expect(t, err, Unreachable, "")
	_, err = Ask(t.Context(), Server{URL: strings.Replace(plain.URL, "http:", "https:", 1)}, secret.New(bearer))
	expect(t, err, NotKubernetes, "does not speak TLS")
}
