package provider_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/kubecreds/kubecreds/demo/ca"
	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// world is a running provider, a client that trusts it, and its control API.
type world struct {
	*testing.T
	*provider.Provider
	control   *control.Client
	http      *http.Client  // follows no redirect
	authority *ca.Authority // of the provider's certificate
}

func start(t *testing.T, o provider.Options) *world {
	t.Helper()
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	o.CA = authority
	p, err := provider.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	api := httptest.NewServer(p.Control())
	t.Cleanup(api.Close)
	return &world{t, p, control.New(api.URL), trusting(t, authority), authority}
}

func trusting(t *testing.T, authority *ca.Authority) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.RootCAs = authority.Pool()
	t.Cleanup(transport.CloseIdleConnections)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Transport:     transport,
		Jar:           jar,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what an endpoint said.
type answer struct {
	Status   int
	Location *url.URL // of a redirect
	Body     string

	IDToken      string `json:"id_token"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
	Error        string `json:"error"`

	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Interval   int    `json:"interval"`
}

func (w *world) do(request *http.Request) answer {
	w.Helper()
	a, err := w.try(request)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *world) try(request *http.Request) (answer, error) {
	response, err := w.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	_ = json.Unmarshal(body, &a) // pages are not JSON
	a.Status, a.Body = response.StatusCode, string(body)
	a.Location, _ = response.Location()
	return a, nil
}

func (w *world) request(method, path string, form url.Values) *http.Request {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, w.Issuer()+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request
}

func (w *world) get(path string) answer {
	w.Helper()
	return w.do(w.request(http.MethodGet, path, nil))
}

// post sends a form given as name, value, name, value…
func (w *world) post(path string, pairs ...string) answer {
	w.Helper()
	return w.do(w.request(http.MethodPost, path, form(pairs...)))
}

func form(pairs ...string) url.Values {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Set(pair[0], pair[1])
	}
	return values
}

const allScopes = "openid email profile groups offline_access"

func (w *world) login(name, password string) answer {
	w.Helper()
	return w.post("/oauth/token", "grant_type", "password", "client_id", provider.PublicClient,
		"username", name, "password", password, "scope", allScopes)
}

// loggedIn is the answer of a login that must succeed.
func (w *world) loggedIn(name string) answer {
	w.Helper()
	a := w.login(name, "password")
	if a.Status != http.StatusOK || a.RefreshToken == "" {
		w.Fatalf("login of %s: %d %s", name, a.Status, a.Error)
	}
	return a
}

func (w *world) renew(refreshToken string) answer {
	w.Helper()
	return w.post("/oauth/token", "grant_type", "refresh_token", "client_id", provider.PublicClient, "refresh_token", refreshToken)
}

// renewed is the answer of a renewal that must succeed.
func (w *world) renewed(refreshToken string) answer {
	w.Helper()
	a := w.renew(refreshToken)
	if a.Status != http.StatusOK || a.RefreshToken == "" || a.IDToken == "" {
		w.Fatalf("renewal: %d %s", a.Status, a.Error)
	}
	return a
}

// refused fails the test unless a is an OAuth error with this status and code.
func (w *world) refused(a answer, status int, code string) {
	w.Helper()
	if a.Status != status || a.Error != code {
		w.Errorf("answer %d %q, want %d %q", a.Status, a.Error, status, code)
	}
	if a.IDToken+a.AccessToken+a.RefreshToken != "" {
		w.Error("a refusal carries a token")
	}
}

type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	Nonce    string   `json:"nonce"`
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
	Name     string   `json:"name"`
	Username string   `json:"preferred_username"`
	Groups   []string `json:"groups"`
	key      string   // ID of the key that signed
}

// verified checks an ID token against the published keys and returns its claims.
func (w *world) verified(token string) claims {
	w.Helper()
	signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		w.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(w.get("/keys").Body), &keys); err != nil {
		w.Fatal(err)
	}
	id := signed.Signatures[0].Header.KeyID
	if len(keys.Key(id)) != 1 {
		w.Fatalf("key %q is not published", id)
	}
	payload, err := signed.Verify(keys.Key(id)[0])
	if err != nil {
		w.Fatal(err)
	}
	c := claims{key: id}
	if err := json.Unmarshal(payload, &c); err != nil {
		w.Fatal(err)
	}
	if c.Issuer != w.Issuer() {
		w.Errorf("iss is %q, want %q", c.Issuer, w.Issuer())
	}
	return c
}

// must fails the test on an error of the control API.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) countsNow() control.Counts {
	w.Helper()
	counts, err := w.control.Counts(w.Context())
	w.must(err)
	return counts
}

func (w *world) onlySession() control.Session {
	w.Helper()
	sessions, err := w.control.Sessions(w.Context())
	w.must(err)
	if len(sessions) != 1 {
		w.Fatalf("%d sessions, want 1: %v", len(sessions), sessions)
	}
	return sessions[0]
}

// eventually fails the test unless ok becomes true within 15 seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
