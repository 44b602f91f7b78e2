package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// provider is an OpenID Connect provider on loopback that believes every password. What it does a test may change.
type testProvider struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu      sync.Mutex
	life    time.Duration // of its tokens
	rotates bool          // each renewal yields another refresh token
	issued  int
}

func newProvider(t *testing.T) *testProvider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &testProvider{key: key, life: time.Hour}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	answer := func(path string, f func(*http.Request) any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(f(r))
		})
	}
	answer("/.well-known/openid-configuration", func(*http.Request) any {
		return map[string]any{"issuer": p.URL, "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "revocation_endpoint": p.URL + "/revoke"}
	})
	answer("/keys", func(*http.Request) any {
		point, err := key.PublicKey.Bytes() // 4, x, y
		if err != nil {
			t.Error(err)
		}
		return map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])}}}
	})
	answer("/revoke", func(*http.Request) any { return map[string]any{} })
	answer("/token", func(r *http.Request) any { return p.grant(t, r) })
	return p
}

func (p *testProvider) grant(t *testing.T, r *http.Request) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issued++
	refresh := "refresh-1"
	if p.rotates {
		refresh = fmt.Sprintf("refresh-%d", p.issued)
	}
	return map[string]any{"token_type": "Bearer", "expires_in": int(p.life.Seconds()), "access_token": "opaque", "refresh_token": refresh,
		"id_token": p.token(t, map[string]any{"iss": p.URL, "aud": "kube", "sub": "u1", "email": "alice@example.com", "jti": p.issued,
			"iat": time.Now().Unix(), "exp": time.Now().Add(p.life).Unix()})}
}

func (p *testProvider) token(t *testing.T, claims map[string]any) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "ES256", "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Error(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// set changes what the provider does from now on.
func (p *testProvider) set(change func(*testProvider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// typist answers every question at once.
type typist struct{}

func (typist) Credentials(context.Context, auth.Question) (string, secret.Text, error) {
	return "alice", secret.New("password"), nil
}
func (typist) ClientSecret(context.Context, auth.ClientQuestion) (secret.Text, error) {
	return secret.New("client secret"), nil
}
func (typist) Visit(context.Context, auth.Visit) error     { return auth.ErrNoDialog }
func (typist) Code(context.Context, auth.DeviceCode) error { return auth.ErrNoDialog }
func (typist) Offer(_ context.Context, _, _ string) error  { return auth.ErrCancelled }
