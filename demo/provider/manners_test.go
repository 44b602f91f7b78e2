package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// fixed is a redirect URI that all manners allow.
const fixed = "http://localhost:8000"

// polite is a provider with manners, which it was given while it ran.
func polite(t *testing.T, m control.Manners) *world {
	t.Helper()
	w := start(t, quick())
	w.must(w.control.SetManners(t.Context(), m))
	return w
}

// answered is a, for people: "400 invalid_grant: Token is not active".
func answered(a answer) string {
	s := fmt.Sprint(a.Status)
	for _, name := range []string{"error", "error_description", "suberror"} {
		if words, ok := members(a)[name].(string); ok {
			s += map[string]string{"error": " ", "error_description": ": ", "suberror": " / "}[name] + words
		}
	}
	return s
}

// members is the JSON object that was answered.
func members(a answer) map[string]any {
	var all map[string]any
	_ = json.Unmarshal([]byte(a.Body), &all) // no body has no members
	return all
}

// begun is a code login as alice with the parameters that every provider here wants for a refresh token; pairs change them.
func (w *world) begun(m control.Manners, pairs ...string) answer {
	w.Helper()
	scope := allScopes
	if m == control.Google {
		scope = "openid email"
	}
	all := append([]string{"redirect_uri", fixed, "prompt", "consent", "access_type", "offline", "scope", scope}, pairs...)
	a := w.post("/oauth/token", "grant_type", "authorization_code", "client_id", provider.PublicClient,
		"code", w.code(all...).Get("code"), "redirect_uri", fixed, "code_verifier", verifier)
	if a.Status != http.StatusOK {
		w.Fatalf("login: %s", answered(a))
	}
	return a
}

func TestEveryMannersRefuseInTheirOwnWords(t *testing.T) {
	const panva = "400 invalid_grant: grant request is invalid"
	const dex = "400 invalid_request: Refresh token is invalid or has already been claimed by another client."
	const hydra = "400 invalid_grant: The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
	const okta = "400 invalid_grant: The refresh token is invalid or expired."
	const google = "400 invalid_grant: Token has been expired or revoked."
	for _, c := range []struct {
		manners                           control.Manners
		password                          string // a wrong one
		used, revoked, expired, forgotten string // refresh tokens; used: "200": goes on working
		goesOn                            bool   // after the use of an old token the new one still works
	}{
		{control.Plain, "400 invalid_grant: wrong user name or password", "400 invalid_grant", "400 invalid_grant", "400 invalid_grant", "400 invalid_grant", false},
		{control.Dex, "401 access_denied: Invalid username or password", dex, dex, "400 invalid_request: Refresh token expired.", dex, true},
		{control.Glewlwyd, "403", "400", "400", "400", "400", false},
		{control.DOT, "400 invalid_grant: Invalid credentials given.", "400 invalid_grant", "400 invalid_grant", "400 invalid_grant", "400 invalid_grant", true},
		{control.Hydra, "400 invalid_request: The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.", hydra, hydra, hydra, hydra, false},
		{control.Panva, panva, panva, panva, panva, panva, false},
		{control.Keycloak, "401 invalid_grant: Invalid user credentials", "200", "400 invalid_grant: Session not active", "400 invalid_grant: Token is not active", "400 invalid_grant: Invalid refresh token", true},
		{control.Entra, "400 invalid_grant: AADSTS50126: Error validating credentials due to invalid username or password.", "200",
			"400 invalid_grant: AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. / bad_token",
			"400 invalid_grant: AADSTS700082: The refresh token has expired due to inactivity. / bad_token",
			"400 invalid_grant: AADSTS9002313: Invalid request. Request is malformed or invalid. / bad_token", true},
		{control.Okta, "400 invalid_grant: The credentials provided were invalid.", okta, okta, okta, okta, false},
		{control.Google, "400 unsupported_grant_type: Invalid grant_type: password", "200", google, google, "400 invalid_grant: Bad Request", true},
	} {
		t.Run(string(c.manners), func(t *testing.T) {
			t.Parallel()
			w := polite(t, c.manners)
			is := func(what, got, want string) {
				if got != want {
					t.Errorf("%s: %s, want %s", what, got, want)
				}
			}
			is("a wrong password", answered(w.login("alice", "wrong")), c.password)
			is("an unknown refresh token", answered(w.renew("unknown")), c.forgotten)

			first := w.begun(c.manners).RefreshToken
			second := first
			if a := w.renew(first); a.Status != http.StatusOK {
				t.Fatalf("renewal: %s", answered(a))
			} else if a.RefreshToken != "" {
				second = a.RefreshToken
			}
			if c.used != "200" {
				w.must(w.control.SetGrace(t.Context(), 0))
			}
			used := w.renew(first)
			for used.Status == http.StatusInternalServerError { // hydra: for a moment it is a renewal at the same time
				<-time.After(50 * time.Millisecond)
				used = w.renew(first)
			}
			is("a used refresh token", answered(used), c.used)
			if got := w.renew(second).Status == http.StatusOK; got != c.goesOn {
				t.Errorf("after that the session goes on: %v, want %v", got, c.goesOn)
			}

			revoked := w.begun(c.manners).RefreshToken
			_, err := w.control.Revoke(t.Context(), "alice")
			w.must(err)
			is("a revoked session", answered(w.renew(revoked)), c.revoked)

			w.must(w.control.SetRefreshTokenLifetime(t.Context(), time.Second))
			scope := "openid offline_access"
			if c.manners == control.Keycloak || c.manners == control.Google { // an offline token lives on; there is no such scope
				scope = "openid"
			}
			expired := w.begun(c.manners, "scope", scope).RefreshToken
			eventually(t, "the end of all sessions", func() bool {
				sessions, err := w.control.Sessions(t.Context())
				w.must(err)
				return !slices.ContainsFunc(sessions, func(s control.Session) bool { return s.Alive })
			})
			is("an expired refresh token", answered(w.renew(expired)), c.expired)
		})
	}
}

func TestDiscoveryAnnouncesWhatTheMannersOffer(t *testing.T) {
	w := start(t, provider.Options{})
	for m, want := range map[control.Manners]string{
		control.Plain:    "revocation device password",
		control.Dex:      "device password",
		control.Glewlwyd: "revocation device password",
		control.DOT:      "password",
		control.Hydra:    "revocation",
		control.Panva:    "revocation device password iss",
		control.Keycloak: "revocation device password iss",
		control.Entra:    "device password",
		control.Okta:     "revocation device password",
		control.Google:   "revocation device",
	} {
		w.must(w.control.SetManners(t.Context(), m))
		document := w.get("/.well-known/openid-configuration")
		var got []string
		add := func(word string, there bool) {
			if there {
				got = append(got, word)
			}
		}
		add("revocation", members(document)["revocation_endpoint"] != nil)
		add("device", members(document)["device_authorization_endpoint"] != nil)
		add("password", slices.Contains(grants(t, document.Body), "password"))
		add("iss", members(document)["authorization_response_iss_parameter_supported"] == true)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", m, got, want)
		}
	}
}

func TestAnswersHoldWhatTheMannersGive(t *testing.T) {
	w := start(t, provider.Options{})
	for m, want := range map[control.Manners]string{
		control.Plain:    "id_token refresh_token scope",
		control.Dex:      "id_token refresh_token",
		control.Glewlwyd: "refresh_token scope",
		control.DOT:      "refresh_token scope",
		control.Hydra:    "id_token refresh_token scope",
		control.Panva:    "id_token refresh_token scope",
		control.Keycloak: "id_token refresh_token scope refresh_expires_in",
		control.Entra:    "id_token refresh_token scope",
		control.Okta:     "id_token refresh_token scope",
		control.Google:   "id_token scope",
	} {
		w.must(w.control.SetManners(t.Context(), m))
		login := w.begun(m)
		if login.IDToken == "" || login.RefreshToken == "" {
			t.Errorf("%s: a login yields %v", m, members(login))
		}
		renewal := members(w.renew(login.RefreshToken))
		var got []string
		for _, name := range []string{"id_token", "refresh_token", "scope", "refresh_expires_in"} {
			if _, there := renewal[name]; there {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: a renewal yields %v, want %s", m, got, want)
		}
	}
}

func TestALoginYieldsARefreshTokenWhereTheMannersHaveIt(t *testing.T) {
	w := start(t, provider.Options{})
	for _, c := range []struct {
		manners                     control.Manners
		scope, prompt, access, with string
	}{
		{control.Plain, "openid offline_access", "", "", "refresh token"},
		{control.Plain, "openid", "consent", "offline", "none"},
		{control.Panva, "openid offline_access", "", "", "none"},
		{control.Panva, "openid offline_access", "login consent", "", "refresh token"},
		{control.Panva, "openid", "consent", "", "none"},
		{control.Keycloak, "openid", "", "", "refresh token"},
		{control.Glewlwyd, "openid", "", "", "refresh token"},
		{control.DOT, "openid", "", "", "refresh token"},
		{control.Google, "openid", "", "", "none"},
		{control.Google, "openid", "", "offline", "none"}, // as at every login but the first
		{control.Google, "openid", "consent", "offline", "refresh token"},
	} {
		w.must(w.control.SetManners(t.Context(), c.manners))
		a := w.begun(c.manners, "scope", c.scope, "prompt", c.prompt, "access_type", c.access)
		if (a.RefreshToken != "") != (c.with == "refresh token") {
			t.Errorf("%+v: %v", c, a.RefreshToken != "")
		}
		if c.scope == "openid" && members(a)["scope"] != "openid" {
			t.Errorf("%+v: the answer's scope is %v", c, members(a)["scope"])
		}
	}
}

func TestDexHasOneRefreshTokenAUserAndClient(t *testing.T) {
	w := polite(t, control.Dex)
	first, bob := w.loggedIn("alice").RefreshToken, w.loggedIn("bob").RefreshToken
	second := w.loggedIn("alice").RefreshToken
	w.refused(w.renew(first), http.StatusBadRequest, "invalid_request")
	w.renewed(second)
	w.renewed(bob)
}

func TestHydraAnswers500ToRenewalsAtTheSameMoment(t *testing.T) {
	w := polite(t, control.Hydra)
	first := w.begun(control.Hydra).RefreshToken
	second := w.renewed(first).RefreshToken
	w.refused(w.renew(first), http.StatusInternalServerError, "server_error")
	w.renewed(second)
}

func TestHydraWantsAStateOfEightCharacters(t *testing.T) {
	w := polite(t, control.Hydra)
	if a := w.authorize("state", "1234567"); a.Location == nil || a.Location.Query().Get("error") != "invalid_state" {
		t.Errorf("%d %v", a.Status, a.Location)
	}
	if a := w.authorize("state", "12345678"); a.Location == nil || a.Location.Path != "/login" {
		t.Errorf("%d %v", a.Status, a.Location)
	}
}

func TestPanvaEndsTheSessionOfADeviceThatPollsAgain(t *testing.T) {
	w := polite(t, control.Panva)
	begun := w.beginDevice()
	w.post("/device", "user_code", begun.UserCode, "username", "alice", "password", "password")
	token := w.poll(begun.DeviceCode).RefreshToken
	token = w.renewed(token).RefreshToken
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "invalid_grant")
	w.refused(w.renew(token), http.StatusBadRequest, "invalid_grant")
}

func TestTheAnswerToTheBrowserNamesTheIssuerWhereDiscoverySaysSo(t *testing.T) {
	w := start(t, provider.Options{})
	for m, want := range map[control.Manners]string{control.Plain: "", control.Panva: w.Issuer(), control.Keycloak: w.Issuer()} {
		w.must(w.control.SetManners(t.Context(), m))
		failed := w.authorize("prompt", "none")
		for what, query := range map[string]url.Values{"code": w.code(), "error": failed.Location.Query()} {
			if query.Get("iss") != want || !query.Has(what) || query.Get("state") != "state-12345678" {
				t.Errorf("%s: %s came with iss %q, want %q", m, what, query.Get("iss"), want)
			}
		}
	}
}

func TestRedirectsAreAsStrictAsTheManners(t *testing.T) {
	w := start(t, provider.Options{})
	for m, want := range map[control.Manners][]string{
		control.Plain:    {"http://localhost:8000", "http://localhost:8000/", "http://localhost:18000", "http://localhost:4711", "http://127.0.0.1:4711/callback"},
		control.Glewlwyd: {"http://localhost:8000", "http://localhost:18000"},
		control.Okta:     {"http://localhost:8000", "http://localhost:18000"},
		control.Entra:    {"http://localhost:8000", "http://localhost:8000/", "http://localhost:18000", "http://localhost:4711"},
	} {
		w.must(w.control.SetManners(t.Context(), m))
		var got []string
		for _, uri := range []string{"http://localhost:8000", "http://localhost:8000/", "http://localhost:18000", "http://localhost:4711", "http://127.0.0.1:4711/callback"} {
			if a := w.authorize("redirect_uri", uri); a.Location != nil && a.Location.Path == "/login" {
				got = append(got, uri)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s allows %v, want %v", m, got, want)
		}
	}
}

func TestKeycloakSaysWhenARefreshTokenEndsUnlessItIsAnOfflineOne(t *testing.T) {
	w := polite(t, control.Keycloak)
	for scope, want := range map[string][2]float64{"openid": {1790, 1800}, "openid offline_access": {0, 0}} {
		a := w.begun(control.Keycloak, "scope", scope)
		for range 2 { // a renewal moves the end
			if got, said := members(a)["refresh_expires_in"].(float64); !said || got < want[0] || got > want[1] {
				t.Errorf("%s: refresh_expires_in is %v, want %v", scope, got, want)
			}
			if a.ExpiresIn > 300 || a.ExpiresIn < 290 {
				t.Errorf("expires_in is %d, want 300", a.ExpiresIn)
			}
			a = w.renewed(a.RefreshToken)
		}
	}
}

func TestEntraWantsASecondFactorOfBobAndDave(t *testing.T) {
	w := polite(t, control.Entra)
	for name, want := range map[string]string{"bob": "400 invalid_grant: AADSTS50076: ", "dave": "400 interaction_required: AADSTS50079: "} {
		if s := answered(w.login(name, "password")); !strings.HasPrefix(s, want) || !strings.HasSuffix(s, " / basic_action") {
			t.Errorf("%s: %s, want %s…", name, s, want)
		}
	}
	w.refused(w.login("bob", "wrong"), http.StatusBadRequest, "invalid_grant")
	w.loggedIn("alice")
}

func TestGoogleSpellsTheDeviceGrantInItsOwnWay(t *testing.T) {
	w := polite(t, control.Google)
	begun := w.post("/device_authorization", "client_id", provider.PublicClient, "scope", "openid email")
	said := members(begun)
	elsewhere := strings.Replace(w.Issuer(), "127.0.0.1", "localhost", 1) + "/device"
	if said["verification_url"] != elsewhere || said["verification_uri"] != nil {
		t.Errorf("%v", said)
	}
	w.refused(w.poll(begun.DeviceCode), http.StatusPreconditionRequired, "authorization_pending")
	w.post("/device", "user_code", begun.UserCode, "username", "alice", "password", "password")
	if a := w.poll(begun.DeviceCode); a.RefreshToken == "" || a.IDToken == "" {
		t.Errorf("%s", answered(a))
	}
}

func TestGoogleKnowsNoOfflineAccess(t *testing.T) {
	w := polite(t, control.Google)
	if a := w.authorize("scope", "openid offline_access"); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "invalid_scope") {
		t.Errorf("%d %v", a.Status, a.Location)
	}
}

func TestMannersBringTheirLifetimesUnlessTheProviderWasStartedWithSome(t *testing.T) {
	life := func(w *world) int {
		w.must(w.control.SetManners(t.Context(), control.Okta))
		return w.loggedIn("alice").ExpiresIn
	}
	if got := life(start(t, provider.Options{})); got < 3590 || got > 3600 {
		t.Errorf("expires_in is %d, want 3600", got)
	}
	if got := life(start(t, provider.Options{IDToken: time.Minute})); got > 60 {
		t.Errorf("expires_in is %d, want 60", got)
	}
}

func TestUnknownMannersAreAnErrorAndChangeNothing(t *testing.T) {
	w := polite(t, control.Dex)
	if err := w.control.SetManners(t.Context(), "polite"); err == nil || !strings.Contains(err.Error(), "dex, dot, entra, glewlwyd") {
		t.Errorf("error %v", err)
	}
	w.refused(w.login("alice", "wrong"), http.StatusUnauthorized, "access_denied")
}
