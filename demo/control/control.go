// Package control is how a test, or curl, steers the demo's servers while they run: end a session, break the provider, shorten
// lifetimes, count requests. It holds the messages of the control API and a client for it. The API is plain HTTP on loopback,
// JSON in and out, and shows no token.
package control

import "time"

// Mode is a way for the provider to be broken.
type Mode string

// The modes of an Outage.
const (
	None        Mode = "none" // works
	Unavailable Mode = "503"  // answers 503 Service Unavailable with a page of HTML, as a load balancer does
	Hang        Mode = "hang" // takes the request and never answers; when the mode changes, closes the connection
	Drop        Mode = "drop" // closes the connection (RST) instead of answering
)

// Outage is the body of POST /outage.
type Outage struct {
	Mode Mode   `json:"mode"`
	Path string `json:"path,omitempty"` // breaks only requests whose URL path contains it; "" breaks all
}

// Manners name the provider whose ways the demo's provider has; package provider says what they are.
type Manners string

// All Manners.
const (
	Plain    Manners = "plain" // as the standards have it
	Dex      Manners = "dex"
	Glewlwyd Manners = "glewlwyd"
	DOT      Manners = "dot" // Django OAuth Toolkit
	Hydra    Manners = "hydra"
	Panva    Manners = "panva" // panva/node-oidc-provider
	Keycloak Manners = "keycloak"
	Entra    Manners = "entra" // Microsoft Entra ID
	Okta     Manners = "okta"
	Google   Manners = "google"
)

// MannersChoice is the body of POST /manners. Lifetimes and grace period become those of the manners, but for lifetimes that the
// provider was started with.
type MannersChoice struct {
	Name Manners `json:"name"`
}

// Seconds is a duration that is a number of seconds in JSON.
type Seconds float64

// In returns d as Seconds.
func In(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// Duration returns s as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Lifetimes is the body of POST /lifetimes, where absent fields keep their value, and the answer of GET /lifetimes. They count
// for tokens issued from then on; the grace period counts at once.
type Lifetimes struct {
	IDToken      *Seconds `json:"idToken,omitempty"`      // of ID and access tokens; at least 1
	RefreshToken *Seconds `json:"refreshToken,omitempty"` // of each refresh token, counted from its own issue; at least 1
	Grace        *Seconds `json:"grace,omitempty"`        // how long after its renewal an old refresh token still works
}

// Revocation is the body of POST /revoke, and its answer.
type Revocation struct {
	User  string `json:"user"`            // alice or alice@example.com
	Ended int    `json:"ended,omitempty"` // in the answer: how many sessions were alive until now
}

// Session is what a login with offline_access begins. GET /sessions lists all since the start, oldest first.
type Session struct {
	User     string `json:"user"` // e-mail address
	Client   string `json:"client"`
	Renewals int    `json:"renewals"`
	Alive    bool   `json:"alive"`         // a renewal would succeed
	End      string `json:"end,omitempty"` // why it is over: "revoked", "logged out", "reused", "expired", "replaced"
}

// Requests counts requests by what was asked (discovery, keys, authorize, login, token/password, token/authorization_code,
// token/refresh_token, token/device_code, device_authorization, device, userinfo, revoke, ...) and, under that, by outcome: "ok", an
// OAuth error code such as "invalid_grant", "outage", or an HTTP status such as "404".
type Requests map[string]map[string]int

// ClusterUserAgent is what the demo's API servers call themselves when they ask the provider, so that their requests are counted
// apart.
const ClusterUserAgent = "kubecreds-demo-api-server"

// Counts is the answer of GET /counts. A request is counted before its answer can reach the client.
type Counts struct {
	Total    int      `json:"total"` // of clients; without what the demo's API servers fetch
	Requests Requests `json:"requests"`
	Clusters Requests `json:"clusters"` // the same for requests of the demo's API servers: discovery and keys
	// Answering is how many requests have come and are not answered to the last byte, which the client may not have read yet.
	Answering int `json:"answering"`
}

// Of returns how many requests asked for what, whatever the outcome: Of("token/refresh_token").
func (c Counts) Of(what string) int {
	n := 0
	for _, times := range c.Requests[what] {
		n += times
	}
	return n
}

// Outcome returns how many requests asked for what and ended so: Outcome("token/password", "invalid_grant").
func (c Counts) Outcome(what, outcome string) int { return c.Requests[what][outcome] }

// ClusterCounts is the answer of GET /clusters/NAME/counts.
type ClusterCounts struct {
	Requests     int `json:"requests"`     // all but health checks
	Unauthorized int `json:"unauthorized"` // of these, answered 401
	Forbidden    int `json:"forbidden"`    // of these, answered 403
	Watches      int `json:"watches"`      // watches open now
}

// Rejection is the body of POST /clusters/NAME/reject: while it is on, the API server answers 401 to every token.
type Rejection struct {
	Reject bool `json:"reject"`
}

// Namespace is the body of POST /clusters/NAME/namespaces, which adds it, so that open watches see it.
type Namespace struct {
	Name string `json:"name"`
}

// Servers is servers.json: what runs where. The servers command writes it when everything in it answers.
type Servers struct {
	Issuer               string    `json:"issuer"`
	CertificateAuthority string    `json:"certificateAuthority"` // path of the PEM file that signed every server here
	Control              string    `json:"control"`              // URL of the control API
	Config               string    `json:"config"`               // path of a kubecreds configuration for all this
	Clusters             []Cluster `json:"clusters"`
}

// Cluster is one API server of Servers.
type Cluster struct {
	Name   string `json:"name"`
	Server string `json:"server"` // URL
}
