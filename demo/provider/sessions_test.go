package provider_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

func TestRenewalGivesANewRefreshTokenEachTime(t *testing.T) {
	w := start(t, provider.Options{})
	seen := map[string]bool{}
	token := w.loggedIn("alice").RefreshToken
	for range 3 {
		if seen[token] {
			t.Fatal("a refresh token came twice")
		}
		seen[token] = true
		a := w.renewed(token)
		if got := w.verified(a.IDToken); got.Email != "alice@example.com" || len(got.Groups) != 2 {
			t.Errorf("the renewed ID token says %+v", got)
		}
		token = a.RefreshToken
	}
	want := control.Session{User: "alice@example.com", Client: provider.PublicClient, Renewals: 3, Alive: true}
	if got := w.onlySession(); got != want {
		t.Errorf("session %+v, want %+v", got, want)
	}
}

func TestReuseOfARenewedTokenEndsItsSession(t *testing.T) {
	w := start(t, provider.Options{})
	first := w.loggedIn("alice").RefreshToken
	second := w.renewed(first).RefreshToken
	w.refused(w.renew(first), http.StatusBadRequest, "invalid_grant")
	w.refused(w.renew(second), http.StatusBadRequest, "invalid_grant")
	if got := w.onlySession(); got.Alive || got.End != "reused" {
		t.Errorf("session %+v", got)
	}
}

func TestReuseLeavesOtherSessionsAlone(t *testing.T) {
	w := start(t, provider.Options{})
	robbed, other := w.loggedIn("alice").RefreshToken, w.loggedIn("alice").RefreshToken
	w.renewed(robbed)
	w.refused(w.renew(robbed), http.StatusBadRequest, "invalid_grant")
	w.renewed(other)
}

func TestWithinTheGracePeriodAnOldTokenYieldsTheNewestAgain(t *testing.T) {
	w := start(t, provider.Options{})
	w.must(w.control.SetGrace(t.Context(), time.Hour))
	first := w.loggedIn("alice").RefreshToken
	second := w.renewed(first).RefreshToken
	if again := w.renewed(first).RefreshToken; again != second {
		t.Error("the old token yielded another one than the newest")
	}
	third := w.renewed(second).RefreshToken
	if third == second {
		t.Error("the newest was not renewed")
	}
	w.must(w.control.SetGrace(t.Context(), 0))
	w.refused(w.renew(second), http.StatusBadRequest, "invalid_grant")
	w.refused(w.renew(third), http.StatusBadRequest, "invalid_grant")
}

func TestOfRenewalsAtTheSameMomentOneWins(t *testing.T) {
	w := start(t, provider.Options{})
	token := w.loggedIn("alice").RefreshToken
	const racers = 4
	answers := make(chan answer, racers)
	for range racers {
		request := w.request(http.MethodPost, "/oauth/token",
			form("grant_type", "refresh_token", "client_id", provider.PublicClient, "refresh_token", token))
		go func() {
			a, err := w.try(request)
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	won := 0
	for range racers {
		switch a := <-answers; {
		case a.Status == http.StatusOK:
			won++
		case a.Error != "invalid_grant":
			t.Errorf("%d %s", a.Status, a.Error)
		}
	}
	if won != 1 {
		t.Errorf("%d renewals succeeded, want 1", won)
	}
	if got := w.onlySession(); got.Alive || got.Renewals != 1 {
		t.Errorf("session %+v", got)
	}
}

func TestLogoutByRFC7009EndsTheSessionAndItsAccessToken(t *testing.T) {
	w := start(t, provider.Options{})
	a := w.loggedIn("alice")
	userinfo := func() int {
		request := w.request(http.MethodGet, "/userinfo", nil)
		request.Header.Set("Authorization", "Bearer "+a.AccessToken)
		return w.do(request).Status
	}
	if status := userinfo(); status != http.StatusOK {
		t.Fatalf("userinfo before: %d", status)
	}
	if gone := w.post("/revoke", "client_id", provider.PublicClient, "token", a.RefreshToken, "token_type_hint", "refresh_token"); gone.Status != http.StatusOK {
		t.Fatalf("revoke: %d %s", gone.Status, gone.Body)
	}
	w.refused(w.renew(a.RefreshToken), http.StatusBadRequest, "invalid_grant")
	if status := userinfo(); status < http.StatusBadRequest {
		t.Errorf("userinfo afterwards: %d", status)
	}
	if got := w.onlySession(); got.Alive || got.End != "logged out" {
		t.Errorf("session %+v", got)
	}
	if again := w.post("/revoke", "client_id", provider.PublicClient, "token", "unknown"); again.Status != http.StatusOK {
		t.Errorf("revoking an unknown token: %d, want 200 (RFC 7009 2.2)", again.Status)
	}
}

func TestAClientCannotRevokeAnothersToken(t *testing.T) {
	w := start(t, provider.Options{})
	token := w.loggedIn("alice").RefreshToken
	a := w.post("/revoke", "client_id", provider.ConfidentialClient, "client_secret", provider.ConfidentialSecret, "token", token)
	w.refused(a, http.StatusUnauthorized, "invalid_client")
	w.renewed(token)
}

func TestControlRevokesAllSessionsOfOneUser(t *testing.T) {
	w := start(t, provider.Options{})
	alice, laptop, bob := w.loggedIn("alice"), w.loggedIn("alice"), w.loggedIn("bob")
	for _, want := range []int{2, 0} {
		ended, err := w.control.Revoke(t.Context(), "alice@example.com")
		w.must(err)
		if ended != want {
			t.Errorf("%d sessions ended, want %d", ended, want)
		}
	}
	w.refused(w.renew(alice.RefreshToken), http.StatusBadRequest, "invalid_grant")
	w.refused(w.renew(laptop.RefreshToken), http.StatusBadRequest, "invalid_grant")
	w.renewed(bob.RefreshToken)
	w.loggedIn("alice") // may log in again
	if _, err := w.control.Revoke(t.Context(), "carol"); err == nil {
		t.Error("an unknown user is no error")
	}
}
