package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/config"
)

// accessRig is an agent whose account corp is logged in at a provider on loopback, and opens the cluster prod, an API server there.
type accessRig struct {
	*Agent
	provider *issuer
	api      *apiServer

	mu     sync.Mutex
	passed time.Duration // on the agent's own clock; the keeper's is real
}

func newAccessRig(t *testing.T) *accessRig {
	t.Helper()
	r := &accessRig{provider: newIssuer(t), api: newAPIServer(t)}
	k := auth.NewKeeper(keychain.New(&keychaintest.Keychain{}, ""), time.Now, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = k.Run(ctx, nil) })
	t.Cleanup(func() { stop(); running.Wait(); r.work.Wait() })
	cl := config.Cluster{Name: "prod", Account: "corp", Server: r.api.URL, CertificateAuthorityData: r.api.ca(), Delivery: config.Exec}
	noError(t, k.Configure(
		r.accounts(),
		[]auth.ClusterConfig{{Name: cl.Name, Account: cl.Account, Server: cl.Server, Delivery: "exec"}},
	))
	r.Agent = New(Parts{Keeper: k, Now: r.now, Log: slog.New(slog.DiscardHandler)})
	r.config = &config.Config{Accounts: []config.Account{{Name: "corp", Issuer: r.provider.URL, ClientID: "kubernetes"}}, Clusters: []config.Cluster{cl}}
	r.spawn = func(f func(context.Context)) { r.work.Go(func() { f(ctx) }) }
	r.examineWait = time.Minute // on a slow machine too
	noError(t, k.Login(ctx, "corp", auth.Wish{}, alice{}))
	return r
}

func (r *accessRig) accounts() []auth.Account {
	return []auth.Account{{Name: "corp", OIDC: oidc.Config{Issuer: r.provider.URL, ClientID: "kubernetes"}, Login: []string{"password"}}}
}

func (r *accessRig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.passed)
}

// pass lets time pass for the agent.
func (r *accessRig) pass(d time.Duration) { r.mu.Lock(); defer r.mu.Unlock(); r.passed += d }

func (r *accessRig) prod() auth.Cluster { c, _ := r.Keeper.Snapshot().Cluster("prod"); return c }

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// alice is an asker that knows her password.
type alice struct{ auth.Asker }

func (alice) Credentials(context.Context, auth.Question) (string, secret.Text, error) {
	return "alice", secret.New("password"), nil
}

// issuer is an OpenID Connect provider on loopback whose tokens live an hour.
type issuer struct {
	*httptest.Server
	key      *ecdsa.PrivateKey
	down     atomic.Bool
	renewals atomic.Int32 // that were asked for
	issued   atomic.Int32
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	noError(t, err)
	p := &issuer{key: key}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("grant_type") == "refresh_token" {
		p.renewals.Add(1)
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case p.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/openid-configuration":
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q,"jwks_uri":%q}`, p.URL, p.URL+"/token", p.URL+"/keys")
	case r.URL.Path == "/keys":
		x, y := make([]byte, 32), make([]byte, 32)
		_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","x":%q,"y":%q}]}`,
			b64(p.key.X.FillBytes(x)), b64(p.key.Y.FillBytes(y)))
	case r.URL.Path == "/token":
		n := p.issued.Add(1)
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"refresh_token":"r%d","id_token":%q}`, n, p.token(n))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *issuer) token(n int32) string {
	claims, _ := json.Marshal(map[string]any{
		"iss": p.URL, "aud": "kubernetes", "sub": "1", "email": "alice@example.com", "jti": n,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	})
	signed := b64([]byte(`{"alg":"ES256"}`)) + "." + b64(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, _ := ecdsa.Sign(rand.Reader, p.key, sum[:])
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + b64(signature)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// apiServer is an API server on loopback, that answers every question with one status.
type apiServer struct {
	*httptest.Server
	asked atomic.Int32

	mu      sync.Mutex
	status  int
	refuses string // the one token that is answered 401
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{status: http.StatusCreated}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *apiServer) ca() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

func (s *apiServer) answer(status int) { s.mu.Lock(); defer s.mu.Unlock(); s.status = status }

func (s *apiServer) refuse(token string) { s.mu.Lock(); defer s.mu.Unlock(); s.refuses = token }

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.mu.Lock()
	status := s.status
	if r.Header.Get("Authorization") == "Bearer "+s.refuses {
		status = http.StatusUnauthorized
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status == http.StatusCreated {
		_, _ = io.WriteString(w, `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"alice@example.com","groups":["dev"]}}}`)
		return
	}
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q,"code":%d}`, http.StatusText(status), status)
}
