package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/drive"
)

const failedLogin = "the last login failed: provider unreachable"

func TestALoginWithoutTheProviderSaysSoAndAsksForNoPassword(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		menuSays(t, "not logged in")
		var told []string
		for _, mode := range []control.Mode{control.Unavailable, control.Drop, control.Hang} {
			must(t, r.Control.Break(t.Context(), mode, ""))
			look(t, "choose", "Log in to corp…")
			if mode == control.Hang { // the last failure shows until this one is known
				menuSays(t, "Cancel login to corp")
			}
			told = append(told, "corp: login failed: Provider unreachable.")
			if err := drive.Until(t.Context(), 30*time.Second, "the login to fail", func() bool {
				return strings.Contains(drive.Menu(t.Context()), failedLogin) && w.told(len(told))
			}); err != nil {
				t.Fatalf("%s: %v; the menu says:\n%s", mode, err, drive.Menu(t.Context()))
			}
			w.saw(t, 0, 0, told...)
		}

		must(t, r.Control.Repair(t.Context()))
		logIn(t)
		works(t, r)
		menuLacks(t, 10*time.Second, failedLogin)

		r.StopAgent()
		r.StopServers() // connections are refused from now on
		must(t, r.StartAgent(r.Program("kubecreds")))
		menuSays(t, "provider unreachable, trying again at ")
		look(t, "choose", "prod-eu: *", "Re-login…")
		until(t, "the login to fail", func() bool { return w.told(len(told) + 1) })
		w.saw(t, 1, 0, append(told, told[0])...)
	})
}

func TestAProviderThatGoesDownUnderTheDialogIsReportedAndNobodyIsAskedAgain(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		look(t, "choose", "Log in to corp…")
		_, err := drive.Dialog(t.Context(), "corp: ")
		must(t, err)
		must(t, r.Control.Break(t.Context(), control.Unavailable, ""))
		must(t, drive.Answer(t.Context(), "alice", "password"))
		menuSays(t, failedLogin)
		w.saw(t, 1, 0, "corp: login failed: Provider unreachable.")
		if sessions, err := r.Control.Sessions(t.Context()); err != nil || len(sessions) != 0 {
			t.Errorf("sessions %+v, %v", sessions, err)
		}

		must(t, r.Control.Repair(t.Context()))
		cliLogIn(t, r)
		works(t, r)
	})
}

func TestAnOutageIsNoticedInTheMenuOnlyWhileTheTokenIsGood(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		logIn(t)
		works(t, r) // the API servers have the provider's keys from now on
		for _, mode := range []control.Mode{control.Unavailable, control.Drop} {
			must(t, r.Control.Break(t.Context(), mode, ""))
			expect(t, "renew", r.Creds(t.Context(), "", "renew"), 4, "corp: provider unreachable: ", "; trying again at ")
			menuSays(t, ", provider unreachable")
			menu := drive.Menu(t.Context())
			for _, words := range []string{"2 of 2 clusters ready", "prod-eu: valid until ", "staging: valid until "} {
				if !strings.Contains(menu, words) {
					t.Errorf("%s: the menu lacks %q:\n%s", mode, words, menu)
				}
			}
			handsOut(t, r, "staging")
			expect(t, "status", r.Creds(t.Context(), "", "status", "prod-eu"), 0)
			works(t, r)

			must(t, r.Control.Repair(t.Context()))
			menuLacks(t, 60*time.Second, "provider unreachable")
		}
		menuSays(t, "valid until ")
		works(t, r)
		w.saw(t, 1, 0)
		survived(t, r)
	})
}

func TestWithoutTokenAndProviderKubectlEndsSoonAndSaysWhyOnce(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t, "--id-token=10s")
		logIn(t)
		began := time.Now()
		pods(t, r, 0)
		usual := time.Since(began)
		for _, mode := range []control.Mode{control.Unavailable, control.Hang} {
			must(t, r.Control.Break(t.Context(), mode, ""))
			menuLacks(t, 60*time.Second, "valid until ")
			if mode != control.Hang { // there the first renewal still waits for its answer
				menuSays(t, "provider unreachable, trying again")
			}

			const answered = 9 * time.Second // 5.5 s, and what a busy machine needs to start a program; a request takes 15
			began := time.Now()
			expect(t, "get-token", r.Creds(t.Context(), "", "get-token", "--cluster", "prod-eu"), 4, "corp: provider unreachable", "; trying again at ")
			if took := time.Since(began); took > answered || mode == control.Hang && took < 4*time.Second {
				t.Errorf("%s: the first get-token took %s", mode, took)
			}
			began = time.Now()
			for range 4 { // the same parent: this test
				expect(t, "get-token", r.Creds(t.Context(), "", "get-token", "--cluster", "prod-eu"), 4)
			}
			if took := time.Since(began); took > answered {
				t.Errorf("%s: four more of the same parent took %s", mode, took)
			}

			began = time.Now()
			line := pods(t, r, 1)
			if took := time.Since(began); took > 8*time.Second+usual {
				t.Errorf("%s: a cold kubectl took %s; with a token %s", mode, took, usual)
			} else {
				t.Logf("%s: a cold kubectl took %s; with a token %s", mode, took, usual)
			}
			if n := strings.Count(line, "kubecreds: corp: provider unreachable"); n != 1 {
				t.Errorf("%s: our line %d times: %q", mode, n, line)
			}
			expect(t, "status", r.Creds(t.Context(), "", "status", "corp"), 4)

			must(t, r.Control.Repair(t.Context()))
			must(t, drive.MenuSays(t.Context(), 90*time.Second, "valid until "))
			pods(t, r, 0)
		}
		w.saw(t, 1, 0)
		survived(t, r)
	})
}

// told reports whether n notifications have been shown.
func (w *witness) told(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.shown) >= n
}

// pods runs kubectl get pods without what earlier ones cached, and returns what stands on its stderr.
func pods(t *testing.T, r *drive.Rig, status int) string {
	t.Helper()
	got := r.Kubectl(t.Context(), "--cache-dir", t.TempDir(), "--context", "prod-eu", "get", "pods")
	if got.Status != status {
		t.Errorf("kubectl get pods: exit status %d, not %d; stderr %q", got.Status, status, got.Err)
	}
	return got.Err
}

// survived checks that alice's first and only session is alive at the provider.
func survived(t *testing.T, r *drive.Rig) {
	t.Helper()
	sessions, err := r.Control.Sessions(t.Context())
	if err != nil || len(sessions) != 1 || !sessions[0].Alive {
		t.Errorf("sessions at the provider: %+v, %v", sessions, err)
	}
}
