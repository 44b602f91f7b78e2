package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/provider"
)

func (w *world) beginDevice() answer {
	w.Helper()
	a := w.post("/device_authorization", "client_id", provider.PublicClient, "scope", allScopes)
	if a.Status != http.StatusOK || a.DeviceCode == "" || a.UserCode == "" {
		w.Fatalf("%d %s", a.Status, a.Body)
	}
	return a
}

func (w *world) poll(deviceCode string) answer {
	w.Helper()
	return w.post("/oauth/token", "grant_type", "urn:ietf:params:oauth:grant-type:device_code",
		"client_id", provider.PublicClient, "device_code", deviceCode)
}

// quick is a provider that lets devices poll as fast as a test can.
func quick() provider.Options { return provider.Options{DeviceInterval: time.Nanosecond} }

func TestDeviceLoginWaitsForThePerson(t *testing.T) {
	w := start(t, quick())
	begun := w.beginDevice()
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "authorization_pending")

	if page := w.get("/device?user_code=" + begun.UserCode); !strings.Contains(page.Body, begun.UserCode) {
		t.Errorf("the page does not know the code: %s", page.Body)
	}
	wrong := w.post("/device", "user_code", begun.UserCode, "username", "bob", "password", "wrong")
	if wrong.Status != http.StatusUnauthorized {
		t.Errorf("wrong password: %d", wrong.Status)
	}
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "authorization_pending")

	if page := w.post("/device", "user_code", strings.ToLower(begun.UserCode), "username", "bob", "password", "password"); page.Status != http.StatusOK {
		t.Fatalf("%d %s", page.Status, page.Body)
	}
	a := w.poll(begun.DeviceCode)
	if a.Status != http.StatusOK || a.RefreshToken == "" {
		t.Fatalf("%d %s", a.Status, a.Error)
	}
	if got := w.verified(a.IDToken); got.Email != "bob@example.com" || len(got.Groups) != 1 {
		t.Errorf("%+v", got)
	}
	w.renewed(a.RefreshToken)
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "access_denied") // handed out once
}

func TestDeviceLoginCanBeDenied(t *testing.T) {
	w := start(t, quick())
	begun := w.beginDevice()
	w.post("/device", "user_code", begun.UserCode, "username", "alice", "password", "password", "action", "deny")
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "access_denied")
}

func TestDeviceThatPollsTooFastIsSlowedDown(t *testing.T) {
	w := start(t, provider.Options{DeviceInterval: time.Hour})
	begun := w.beginDevice()
	if begun.Interval != 3600 {
		t.Errorf("interval is %d s, want 3600", begun.Interval)
	}
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "authorization_pending")
	w.refused(w.poll(begun.DeviceCode), http.StatusBadRequest, "slow_down")
}
