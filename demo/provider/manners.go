package provider

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/kubecreds/kubecreds/demo/control"
)

// manners are how a provider differs from plain OpenID Connect, a switch a difference. The zero value is plain.
type manners struct {
	// Lifetimes; zero: the provider's own.
	idToken, refreshToken time.Duration
	offlineToken          time.Duration // of refresh tokens of logins that asked for offline_access; zero: as the others
	grace                 time.Duration // how long after its renewal an old refresh token still works

	// How it says no, where that is not as the RFCs have it. Only if they are here does it refuse passwords altogether
	// (passwordNotOffered), bob's (secondFactor) and dave's (notEnrolled).
	refusals map[problem]refusal

	// Discovery.
	noRevocation, noDevice bool // such an endpoint is not announced
	namesItself            bool // the answer to the browser holds iss, and discovery says so (RFC 9207)

	// The code login.
	redirects []string // globs of redirect URIs; nil: any on loopback
	minState  int      // the fewest characters a state may have
	noScopes  []string // asked for one of these, it shows the person an error

	// Which logins yield a refresh token: those that ask for offline_access, unless
	refreshAlways bool              // all do,
	refreshNeeds  map[string]string // and code logins only with these authorization parameters

	// Token answers.
	noIDToken       []oidc.GrantType // grants that yield no ID token
	noScope         bool             // they do not say scope
	refreshEnds     bool             // they say refresh_expires_in, the refresh token's seconds; 0 for an offline one
	noRotation      bool             // a renewal yields no new refresh token
	verificationURL bool             // the device endpoint says verification_url, as drafts of RFC 8628 had it, at another host

	// Sessions.
	oneSession      bool          // a login ends the session before it of this user and client
	forgiving       bool          // a refresh token used again is refused, and its session lives on
	racing          time.Duration // one used again within this is taken for a renewal at the same moment, and refused as tokenRacing
	pollEndsSession bool          // a poll after the one that got the tokens ends the device's session
}

// problem is why a token request is refused: the grant and RFC 6749's or RFC 8628's code, or, below, what no such code tells apart.
// It is an error.
type problem string

func (p problem) Error() string { return string(p) }

const (
	wrongPassword  problem = "password invalid_grant"
	tokenRefused   problem = "refresh_token invalid_grant"
	codeRefused    problem = "authorization_code invalid_grant"
	devicePending  problem = "device_code authorization_pending"
	deviceSlowDown problem = "device_code slow_down"
	deviceDenied   problem = "device_code access_denied"
	deviceExpired  problem = "device_code expired_token"

	passwordNotOffered problem = "the password grant is not offered"
	secondFactor       problem = "the password is right and not enough"
	notEnrolled        problem = "the password is right and a second factor must be set up"
	tokenUnknown       problem = "the refresh token is unknown"
	tokenExpired       problem = "the refresh token has expired"
	tokenUsed          problem = "the refresh token was used before"
	tokenRacing        problem = "the refresh token is being used"
	polledAgain        problem = "the device code was used before"
)

// refusal is an answer that says no.
type refusal struct {
	status            int
	code, description string // without a code there is no body
	suberror          string // Entra ID's
}

const (
	day     = 24 * time.Hour
	forever = 400 * day
)

// kubeloginRedirects are what kubelogin's users have registered where a redirect URI must match exactly.
func kubeloginRedirects() []string {
	return []string{"http://localhost:8000", "http://localhost:18000"}
}

// allManners is the table. Dex to panva were measured at those providers, in the versions named; Keycloak to Google are written
// from the documentation of their makers, and nobody has held them against the real ones.
func allManners() map[control.Manners]manners {
	return map[control.Manners]manners{
		control.Plain: {},

		control.Dex: { // 2.45.1
			grace:        3 * time.Second,
			noRevocation: true, noScope: true, oneSession: true, forgiving: true,
			refusals: map[problem]refusal{
				wrongPassword: {status: 401, code: "access_denied", description: "Invalid username or password"},
				tokenRefused:  {status: 400, code: "invalid_request", description: "Refresh token is invalid or has already been claimed by another client."},
				tokenExpired:  {status: 400, code: "invalid_request", description: "Refresh token expired."},
			},
		},

		control.Glewlwyd: { // 2.7.5; its password grant is for confidential clients only, ours is not
			redirects:     kubeloginRedirects(),
			refreshAlways: true,
			noIDToken:     []oidc.GrantType{oidc.GrantTypeRefreshToken},
			refusals: map[problem]refusal{
				wrongPassword: {status: 403},
				tokenRefused:  {status: 400},
				codeRefused:   {status: 403, code: "invalid_code"},
				deviceExpired: {status: 400, code: "expired_token"},
			},
		},

		control.DOT: { // 1.7.0, with a grace period of 10 s
			refreshToken: forever, // the configured end is not enforced
			grace:        10 * time.Second,
			noRevocation: true, // there is an endpoint, not announced
			noDevice:     true, refreshAlways: true, forgiving: true,
			noIDToken: []oidc.GrantType{oidc.GrantTypeRefreshToken, grantTypePassword},
			refusals: map[problem]refusal{
				wrongPassword: {status: 400, code: "invalid_grant", description: "Invalid credentials given."},
				tokenRefused:  {status: 400, code: "invalid_grant"},
			},
		},

		control.Hydra: { // 2.3.0, without its grace period
			noDevice: true,
			minState: 8,
			racing:   2 * time.Second, // hydra means transactions that overlap; ours are too short to
			refusals: map[problem]refusal{
				passwordNotOffered: {status: 400, code: "invalid_request", description: "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed."},
				tokenRacing:        {status: 500, code: "server_error", description: "The authorization server encountered an unexpected condition that prevented it from fulfilling the request."},
				tokenRefused:       {status: 400, code: "invalid_grant", description: "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."},
			},
		},

		control.Panva: { // 9.13.3, as the library has it unless told otherwise
			namesItself: true, pollEndsSession: true,
			refreshNeeds: map[string]string{"prompt": "consent"},
			refusals: map[problem]refusal{
				wrongPassword: {status: 400, code: "invalid_grant", description: "grant request is invalid"},
				tokenRefused:  {status: 400, code: "invalid_grant", description: "grant request is invalid"},
				deviceExpired: {status: 400, code: "invalid_grant", description: "grant request is invalid"},
				polledAgain:   {status: 400, code: "invalid_grant", description: "grant request is invalid"},
			},
		},

		// From documentation: Server Administration Guide, "Managing user sessions" and "Offline access". As installed: "Revoke
		// Refresh Token" off, so that an old refresh token goes on working until it ends. Real ones are JWTs; ours are opaque.
		control.Keycloak: {
			idToken: 5 * time.Minute, refreshToken: 30 * time.Minute, offlineToken: 30 * day, grace: forever,
			namesItself: true, refreshAlways: true, refreshEnds: true,
			refusals: map[problem]refusal{
				wrongPassword: {status: 401, code: "invalid_grant", description: "Invalid user credentials"},
				tokenRefused:  {status: 400, code: "invalid_grant", description: "Session not active"},
				tokenExpired:  {status: 400, code: "invalid_grant", description: "Token is not active"},
				tokenUnknown:  {status: 400, code: "invalid_grant", description: "Invalid refresh token"},
			},
		},

		// From documentation: "Microsoft identity platform and OAuth 2.0 …", "Refresh tokens", "Error codes". An old refresh token
		// is not revoked by its use. Loopback redirects are to localhost, any port. That a second factor is missing comes as
		// invalid_grant (github.com/AzureAD/microsoft-authentication-library-for-go/issues/398) or as interaction_required.
		control.Entra: {
			idToken: time.Hour, refreshToken: 90 * day, grace: forever,
			noRevocation: true,
			redirects:    []string{"http://localhost:*", "http://localhost:*/"},
			refusals: map[problem]refusal{
				wrongPassword: {status: 400, code: "invalid_grant", description: "AADSTS50126: Error validating credentials due to invalid username or password."},
				secondFactor:  {status: 400, code: "invalid_grant", description: "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.", suberror: "basic_action"},
				notEnrolled:   {status: 400, code: "interaction_required", description: "AADSTS50079: Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access the resource.", suberror: "basic_action"},
				tokenRefused:  {status: 400, code: "invalid_grant", description: "AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.", suberror: "bad_token"},
				tokenExpired:  {status: 400, code: "invalid_grant", description: "AADSTS700082: The refresh token has expired due to inactivity.", suberror: "bad_token"},
				tokenUnknown:  {status: 400, code: "invalid_grant", description: "AADSTS9002313: Invalid request. Request is malformed or invalid.", suberror: "bad_token"},
				deviceDenied:  {status: 400, code: "authorization_declined", description: "AADSTS70018: The user declined the authorization request."},
			},
		},

		// From documentation: "Refresh access tokens and rotate refresh tokens", "OpenID Connect & OAuth 2.0 API".
		control.Okta: {
			idToken: time.Hour, grace: 30 * time.Second,
			redirects: kubeloginRedirects(),
			refusals: map[problem]refusal{
				wrongPassword: {status: 400, code: "invalid_grant", description: "The credentials provided were invalid."},
				tokenRefused:  {status: 400, code: "invalid_grant", description: "The refresh token is invalid or expired."},
			},
		},

		// From documentation: "OAuth 2.0 for Mobile & Desktop Apps", "OAuth 2.0 for TV and Limited-Input Device Applications"; of
		// offline_access: github.com/int128/kubelogin/issues/405. Real clients have a secret; ours may be public.
		control.Google: {
			idToken: time.Hour, refreshToken: forever,
			noScopes:      []string{oidc.ScopeOfflineAccess, scopeGroups},
			refreshAlways: true, noRotation: true, verificationURL: true,
			refreshNeeds: map[string]string{"access_type": "offline", "prompt": "consent"},
			refusals: map[problem]refusal{
				passwordNotOffered: {status: 400, code: "unsupported_grant_type", description: "Invalid grant_type: password"},
				tokenRefused:       {status: 400, code: "invalid_grant", description: "Token has been expired or revoked."},
				tokenUnknown:       {status: 400, code: "invalid_grant", description: "Bad Request"},
				codeRefused:        {status: 400, code: "invalid_grant", description: "Malformed auth code."},
				devicePending:      {status: 428, code: "authorization_pending", description: "Precondition Required"},
				deviceSlowDown:     {status: 403, code: "slow_down", description: "Forbidden"},
				deviceDenied:       {status: 403, code: "access_denied", description: "Forbidden"},
			},
		},
	}
}

// mannersOf returns the manners with this name; "" is plain.
func mannersOf(name control.Manners) (manners, error) {
	if name == "" {
		name = control.Plain
	}
	all := allManners()
	m, known := all[name]
	if !known {
		return m, fmt.Errorf("manners %q: write one of %s", name, words(slices.Sorted(maps.Keys(all))))
	}
	return m, nil
}

func words(names []control.Manners) string {
	var list []string
	for _, name := range names {
		list = append(list, string(name))
	}
	return strings.Join(list, ", ")
}

// scopeUnasked stands beside an offline_access that the client did not ask for. Neither is told to anybody.
const scopeUnasked = "unasked"

// scopes are those of a login that asked with form, with offline_access exactly where it yields a refresh token, which is how
// pkg/op is told.
func (m manners) scopes(form url.Values, code bool) []string {
	scopes := strings.Fields(form.Get("scope"))
	asked := slices.Contains(scopes, oidc.ScopeOfflineAccess)
	yields := asked || m.refreshAlways
	if code {
		for name, value := range m.refreshNeeds {
			yields = yields && slices.Contains(strings.Fields(form.Get(name)), value)
		}
	}
	switch {
	case yields && !asked:
		return append(scopes, oidc.ScopeOfflineAccess, scopeUnasked)
	case asked && !yields:
		return slices.DeleteFunc(scopes, func(s string) bool { return s == oidc.ScopeOfflineAccess })
	}
	return scopes
}

func (m manners) refuses(p problem) bool { _, listed := m.refusals[p]; return listed }

// yieldsIDToken reports whether a grant does.
func (m manners) yieldsIDToken(grant oidc.GrantType) bool {
	return !slices.Contains(m.noIDToken, grant)
}
