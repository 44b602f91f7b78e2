package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Client steers the demo's servers. Each method is one request; its error names what was asked and what the server answered.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of the control API at base, such as http://127.0.0.1:8081.
func New(base string) *Client {
	return &Client{base: base, http: &http.Client{Timeout: 10 * time.Second}}
}

// Open reads dir/servers.json, which the servers command wrote, and returns it with a client of its control API.
func Open(dir string) (Servers, *Client, error) {
	data, err := os.ReadFile(filepath.Join(dir, "servers.json"))
	if err != nil {
		return Servers{}, nil, err
	}
	var s Servers
	if err := json.Unmarshal(data, &s); err != nil {
		return Servers{}, nil, fmt.Errorf("%s: %w", filepath.Join(dir, "servers.json"), err)
	}
	return s, New(s.Control), nil
}

// Revoke ends all sessions of user ("alice" or "alice@example.com") and returns how many were alive: their next renewal is
// answered 400 invalid_grant. Tokens already issued stay valid until they expire, as API servers do not ask the provider.
func (c *Client) Revoke(ctx context.Context, user string) (ended int, err error) {
	r := Revocation{User: user}
	err = c.do(ctx, http.MethodPost, "/revoke", r, &r)
	return r.Ended, err
}

// Break makes the provider fail as mode says, for requests whose path contains path ("" for all), until Repair or the next Break.
func (c *Client) Break(ctx context.Context, mode Mode, path string) error {
	return c.do(ctx, http.MethodPost, "/outage", Outage{Mode: mode, Path: path}, nil)
}

// Repair ends an outage.
func (c *Client) Repair(ctx context.Context) error { return c.Break(ctx, None, "") }

// SetManners makes the provider behave as another one from now on, with its lifetimes and grace period. Sessions stay.
func (c *Client) SetManners(ctx context.Context, name Manners) error {
	return c.do(ctx, http.MethodPost, "/manners", MannersChoice{Name: name}, nil)
}

// SetIDTokenLifetime sets how long ID and access tokens issued from now on live; at least a second.
func (c *Client) SetIDTokenLifetime(ctx context.Context, d time.Duration) error {
	return c.setLifetimes(ctx, Lifetimes{IDToken: new(In(d))})
}

// SetRefreshTokenLifetime sets how long refresh tokens issued from now on live; at least a second.
func (c *Client) SetRefreshTokenLifetime(ctx context.Context, d time.Duration) error {
	return c.setLifetimes(ctx, Lifetimes{RefreshToken: new(In(d))})
}

// SetGrace sets how long after a renewal the old refresh token still works (it yields the session's newest one again). Later, its
// use ends the session. Zero: at once.
func (c *Client) SetGrace(ctx context.Context, d time.Duration) error {
	return c.setLifetimes(ctx, Lifetimes{Grace: new(In(d))})
}

func (c *Client) setLifetimes(ctx context.Context, l Lifetimes) error {
	return c.do(ctx, http.MethodPost, "/lifetimes", l, nil)
}

// RotateKeys makes the provider sign with a new key from now on. The old ones stay published.
func (c *Client) RotateKeys(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/rotate-keys", nil, nil)
}

// Counts returns the provider's count of requests since the start or the last ResetCounts.
func (c *Client) Counts(ctx context.Context) (Counts, error) {
	var counts Counts
	err := c.do(ctx, http.MethodGet, "/counts", nil, &counts)
	return counts, err
}

// ResetCounts sets the provider's counts to zero.
func (c *Client) ResetCounts(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/counts/reset", nil, nil)
}

// Sessions returns every session since the start, oldest first.
func (c *Client) Sessions(ctx context.Context) ([]Session, error) {
	var sessions []Session
	err := c.do(ctx, http.MethodGet, "/sessions", nil, &sessions)
	return sessions, err
}

// ClusterCounts returns an API server's count of requests since the start or the last ResetClusterCounts.
func (c *Client) ClusterCounts(ctx context.Context, cluster string) (ClusterCounts, error) {
	var counts ClusterCounts
	err := c.do(ctx, http.MethodGet, clusterPath(cluster, "counts"), nil, &counts)
	return counts, err
}

// ResetClusterCounts sets an API server's counts to zero.
func (c *Client) ResetClusterCounts(ctx context.Context, cluster string) error {
	return c.do(ctx, http.MethodPost, clusterPath(cluster, "counts/reset"), nil, nil)
}

// RejectTokens makes an API server answer 401 to every token while on.
func (c *Client) RejectTokens(ctx context.Context, cluster string, on bool) error {
	return c.do(ctx, http.MethodPost, clusterPath(cluster, "reject"), Rejection{Reject: on}, nil)
}

// AddNamespace adds a namespace to a cluster, which its open watches then see.
func (c *Client) AddNamespace(ctx context.Context, cluster, name string) error {
	return c.do(ctx, http.MethodPost, clusterPath(cluster, "namespaces"), Namespace{Name: name}, nil)
}

func clusterPath(cluster, what string) string {
	return "/clusters/" + url.PathEscape(cluster) + "/" + what
}

// do sends in as JSON, unless it is nil, and reads the answer into out, unless it is nil.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(answer))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}
