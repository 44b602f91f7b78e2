package provider_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

func TestLifetimesHoldForTokensIssuedFromThenOn(t *testing.T) {
	w := start(t, provider.Options{IDToken: 7 * time.Minute})
	life := func(a answer) time.Duration {
		c := w.verified(a.IDToken)
		return time.Duration(c.Expires-c.Issued) * time.Second
	}
	if got := life(w.loggedIn("alice")); got != 7*time.Minute {
		t.Errorf("an ID token lives %v, want 7m", got)
	}
	w.must(w.control.SetIDTokenLifetime(t.Context(), 3*time.Second))
	a := w.loggedIn("alice")
	if got := life(a); got != 3*time.Second || a.ExpiresIn > 3 {
		t.Errorf("an ID token lives %v (expires_in %d), want 3s", got, a.ExpiresIn)
	}
	for _, err := range []error{
		w.control.SetIDTokenLifetime(t.Context(), time.Millisecond),
		w.control.SetRefreshTokenLifetime(t.Context(), 0),
		w.control.SetGrace(t.Context(), -time.Second),
	} {
		if err == nil {
			t.Error("an impossible lifetime is no error")
		}
	}
}

func TestAnExpiredRefreshTokenIsInvalidGrant(t *testing.T) {
	w := start(t, provider.Options{RefreshToken: time.Second})
	token := w.loggedIn("alice").RefreshToken
	eventually(t, "the session to expire", func() bool { return w.onlySession().End == "expired" })
	w.refused(w.renew(token), http.StatusBadRequest, "invalid_grant")
}

func TestOutage503AnswersHTMLUntilRepaired(t *testing.T) {
	w := start(t, provider.Options{})
	token := w.loggedIn("alice").RefreshToken
	w.must(w.control.Break(t.Context(), control.Unavailable, ""))
	for _, a := range []answer{w.renew(token), w.get("/keys"), w.get("/.well-known/openid-configuration")} {
		if a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Body, "<html>") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	w.must(w.control.Repair(t.Context()))
	w.renewed(token)
}

func TestOutageDropClosesTheConnection(t *testing.T) {
	w := start(t, provider.Options{})
	token := w.loggedIn("alice").RefreshToken
	w.must(w.control.Break(t.Context(), control.Drop, ""))
	_, err := w.try(w.request(http.MethodPost, "/oauth/token", form("grant_type", "refresh_token", "refresh_token", token)))
	if err == nil {
		t.Error("there was an answer")
	}
	w.must(w.control.Repair(t.Context()))
	w.renewed(token)
}

func TestOutageHangAnswersNobodyAndEndsWithTheRepair(t *testing.T) {
	w := start(t, provider.Options{})
	w.must(w.control.Break(t.Context(), control.Hang, ""))

	impatient, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := w.try(w.request(http.MethodGet, "/keys", nil).WithContext(impatient)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a request ended with %v, want its own deadline", err)
	}

	patient := w.request(http.MethodPost, "/oauth/token", form("grant_type", "password"))
	ended := make(chan error, 1)
	go func() {
		_, err := w.try(patient)
		ended <- err
	}()
	eventually(t, "the request to be counted", func() bool { return w.countsNow().Outcome("token/password", "outage") == 1 })
	w.must(w.control.Repair(t.Context()))
	if err := <-ended; err == nil {
		t.Error("the hanging request was answered after all")
	}
	w.loggedIn("alice")
}

func TestOutageMayConcernOnePath(t *testing.T) {
	w := start(t, provider.Options{})
	w.must(w.control.Break(t.Context(), control.Unavailable, "/keys"))
	w.loggedIn("alice")
	if a := w.get("/keys"); a.Status != http.StatusServiceUnavailable {
		t.Errorf("/keys: %d", a.Status)
	}
	if err := w.control.Break(t.Context(), "flood", ""); err == nil || !strings.Contains(err.Error(), "503, hang or drop") {
		t.Errorf("an unknown mode: %v", err)
	}
}

func TestRotatedKeysSignNewTokensAndOldTokensStayGood(t *testing.T) {
	w := start(t, provider.Options{})
	before := w.loggedIn("alice").IDToken
	w.must(w.control.RotateKeys(t.Context()))
	after := w.loggedIn("alice").IDToken
	if old, young := w.verified(before), w.verified(after); old.key == young.key {
		t.Error("the key did not change")
	}
}

func TestRequestsAreCountedByWhatAndOutcome(t *testing.T) {
	w := start(t, provider.Options{})
	w.get("/.well-known/openid-configuration")
	w.login("alice", "wrong")
	a := w.loggedIn("alice")
	w.renewed(a.RefreshToken)
	w.renew(a.RefreshToken)
	w.post("/revoke", "client_id", provider.PublicClient, "token", "x")
	w.get("/nowhere")
	got := w.countsNow()
	want := control.Requests{
		"discovery":           {"ok": 1},
		"token/password":      {"ok": 1, "invalid_grant": 1},
		"token/refresh_token": {"ok": 1, "invalid_grant": 1},
		"revoke":              {"ok": 1},
		"other":               {"404": 1},
	}
	if !maps.EqualFunc(got.Requests, want, maps.Equal[map[string]int, map[string]int]) || got.Total != 7 {
		t.Errorf("counted %d: %v", got.Total, got.Requests)
	}
	if got.Of("token/password") != 2 || got.Of("keys") != 0 {
		t.Errorf("Of: %d password logins, %d key fetches", got.Of("token/password"), got.Of("keys"))
	}
	w.must(w.control.ResetCounts(t.Context()))
	if got := w.countsNow(); got.Total != 0 || len(got.Requests) != 0 {
		t.Errorf("after the reset: %v", got)
	}
}

func TestRequestsOfClustersAreCountedApart(t *testing.T) {
	w := start(t, provider.Options{})
	request := w.request(http.MethodGet, "/keys", nil)
	request.Header.Set("User-Agent", control.ClusterUserAgent)
	w.do(request)
	if got := w.countsNow(); got.Total != 0 || got.Clusters["keys"]["ok"] != 1 {
		t.Errorf("%+v", got)
	}
}

func TestSessionsAreListedOldestFirst(t *testing.T) {
	w := start(t, provider.Options{})
	w.loggedIn("bob")
	w.loggedIn("alice")
	sessions, err := w.control.Sessions(t.Context())
	w.must(err)
	want := []control.Session{
		{User: "bob@example.com", Client: provider.PublicClient, Alive: true},
		{User: "alice@example.com", Client: provider.PublicClient, Alive: true},
	}
	if !slices.Equal(sessions, want) {
		t.Errorf("%+v", sessions)
	}
}
