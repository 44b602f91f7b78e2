package oidc

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// keysEvery is how often keys are fetched at most: a token with a key ID that nobody knows makes go-oidc fetch them.
const keysEvery = time.Minute

// newKeys returns the provider's signing keys: fetched at first use, kept in memory, fetched again for a token that none of
// them verifies.
func (p *Provider) newKeys(address string) oidc.KeySet {
	client := *p.client
	client.Transport = &gate{next: p.client.Transport, now: p.now}
	return oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), &client), address)
}

// gate lets one successful request through in keysEvery, and makes *Weather of what is no success.
type gate struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	last time.Time // of the last success
}

// RoundTrip implements http.RoundTripper.
func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	now := g.now().Round(0)
	g.mu.Lock()
	since := now.Sub(g.last)
	g.mu.Unlock()
	if since >= 0 && since < keysEvery { // a clock that was set back closes no gate
		return nil, &Weather{Words: r.URL.Host + " signs with a key it did not show a moment ago", RetryAfter: keysEvery - since}
	}
	resp, err := g.next.RoundTrip(r)
	if err != nil || resp.StatusCode/100 == 3 {
		return resp, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, (&answer{status: resp.StatusCode, header: resp.Header}).weather(r.URL.String(), now)
	}
	g.mu.Lock()
	g.last = now
	g.mu.Unlock()
	return resp, nil
}

// witness notes how the check of one token's signature went: go-oidc's verifier turns that into mere text.
type witness struct {
	keys    oidc.KeySet
	payload []byte // what was signed; nil: the signature was not checked, or not found good
	err     error
}

// VerifySignature implements oidc.KeySet.
func (w *witness) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	w.payload, w.err = w.keys.VerifySignature(ctx, jwt)
	return w.payload, w.err
}

// problem says why there is no payload: *Untrusted, or *Weather where the keys could not be had.
func (w *witness) problem(ctx context.Context, address string) error {
	var weather *Weather
	switch {
	case w.err == nil:
		return &Untrusted{Check: "form", Words: "it is no JWT signed with a public key's algorithm"}
	case errors.As(w.err, &weather):
		return weather
	case errors.Unwrap(w.err) != nil: // go-oidc wraps what went wrong with fetching keys, and nothing else
		return fault(ctx, address, w.err)
	}
	return &Untrusted{Check: "signature", Words: "none of the provider's keys signed it"}
}
