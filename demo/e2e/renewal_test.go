package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestKubectlGoesOnWorkingAndEachRenewalIsOneRequest(t *testing.T) {
	t.Parallel()
	onDesktop(t, func(t *testing.T) {
		const life = 8 * time.Second // renewed when 3 to 4 s are over
		r := start(t, "--id-token="+life.String())
		logIn(t)
		loginDone(t)
		bus := listen(t)
		recount(t, r)
		began, first := time.Now(), token(t, r)
		for time.Since(began) < 5*life/2 {
			works(t, r)
		}
		c, passed := counts(t, r), time.Since(began)
		renewals := c.Of("token/refresh_token")
		if fewest, most := int(passed/life), int(passed/(3*time.Second))+1; renewals < fewest || renewals > most {
			t.Errorf("%d renewals in %s, want %d to %d", renewals, passed, fewest, most)
		}
		if c.Total != renewals {
			t.Errorf("%d renewals cost %d requests: %v", renewals, c.Total, c.Requests)
		}
		if token(t, r) == first {
			t.Error("the token is still the first one")
		}
		unasked(t)
		if n := bus.count(t, notifyCall); n != 0 {
			t.Errorf("%d notifications, want none", n)
		}
	})
}

func TestGetTokenWithAValidTokenAsksNeitherProviderNorKeychain(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		logIn(t)
		loginDone(t)
		bus := listen(t)
		recount(t, r)
		for range 20 {
			token(t, r)
		}
		if c := counts(t, r); c.Total != 0 {
			t.Errorf("20 get-token cost requests at the provider: %v", c.Requests)
		}
		if n := bus.count(t, keychainCall); n != 0 {
			t.Errorf("20 get-token cost %d calls of the keychain", n)
		}
		// What was counted can be counted: a renewal costs one request and writes to the keychain.
		look(t, "choose", "Renew all now")
		until(t, "the keychain to be written to", func() bool { return bus.count(t, keychainCall) > 0 })
		if c := counts(t, r); c.Total != 1 || c.Of("token/refresh_token") != 1 {
			t.Errorf("a renewal cost %v, want one request", c.Requests)
		}
	})
}

func TestOnlyTheFirstRenewalAfterAStartAsksForDiscoveryAndKeys(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		logIn(t)
		r.StopAgent()
		recount(t, r)
		must(t, r.StartAgent(r.Program("kubecreds")))
		menuSays(t, "2 of 2 clusters ready")
		if c := counts(t, r); c.Total != 3 || c.Of("discovery") != 1 || c.Of("token/refresh_token") != 1 || c.Of("keys") != 1 {
			t.Errorf("the first renewal cost %v, want discovery, token and keys", c.Requests)
		}
		recount(t, r)
		for n := 1; n <= 3; n++ {
			expect(t, "renew", r.Creds(t.Context(), "", "renew", "corp"), 0)
			if c := counts(t, r); c.Total != n || c.Of("token/refresh_token") != n {
				t.Errorf("%d more renewals cost %v", n, c.Requests)
			}
		}
	})
}

func TestTheTokenIsRenewedRightAfterTheMachineResumes(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := startWithClock(t)
		logIn(t)
		recount(t, r)
		look(t, "suspend")
		setAhead(t, r, 4*time.Minute) // of the token's five
		look(t, "resume")
		resumed := time.Now()
		must(t, drive.Until(t.Context(), patience, "a renewal", func() bool { return counts(t, r).Of("token/refresh_token") > 0 }))
		if took := time.Since(resumed); took > 10*time.Second { // 3, and what a busy machine needs; without the signal 30
			t.Errorf("renewed %s after the machine resumed", took)
		}
		works(t, r)
		if c := counts(t, r); c.Total != 1 {
			t.Errorf("requests at the provider: %v, want one renewal", c.Requests)
		}
	})
}

func TestAJumpOfTheClockIsNoticedWithinHalfAMinute(t *testing.T) {
	t.Parallel()
	onDesktop(t, func(t *testing.T) {
		r := startWithClock(t)
		logIn(t)
		recount(t, r)
		setAhead(t, r, 4*time.Minute)
		must(t, drive.Until(t.Context(), 40*time.Second, "a renewal", func() bool { return counts(t, r).Of("token/refresh_token") > 0 }))
		works(t, r)
		if c := counts(t, r); c.Total != 1 {
			t.Errorf("requests at the provider: %v, want one renewal", c.Requests)
		}
	})
}

// startWithClock is start of a kubecreds whose clock a test sets.
func startWithClock(t *testing.T) *drive.Rig {
	t.Helper()
	r := servers(t)
	startAgent(t, r, filepath.Join(bin, "e2e", "kubecreds"))
	return r
}

// setAhead sets that kubecreds' clock ahead of this machine's.
func setAhead(t *testing.T, r *drive.Rig, ahead time.Duration) {
	t.Helper()
	file := filepath.Join(r.Home, "e2e-clock-ahead")
	must(t, os.WriteFile(file+".new", []byte(ahead.String()), 0o600))
	must(t, os.Rename(file+".new", file))
}
