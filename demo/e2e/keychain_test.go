package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// unlockKeychain clicks `Unlock keychain…` and types the keychain's password into the prompt that this opens.
func unlockKeychain(t *testing.T) {
	t.Helper()
	look(t, "choose", "Unlock keychain…")
	_, err := drive.Dialog(t.Context(), "Unlock Login Keyring")
	must(t, err)
	must(t, drive.Answer(t.Context(), "desktop"))
}

func TestWithoutAKeychainASessionLivesInMemory(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		livesInMemory(t, "no keychain service runs in this session")
	}, "--keyring", "none")
}

func TestWithoutADefaultCollectionASessionLivesInMemory(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		livesInMemory(t, "it has no default collection")
	}, "--keyring", "empty")
}

// livesInMemory logs in where the keychain cannot be used, for which why stands.
func livesInMemory(t *testing.T, why string) {
	w := observe(t)
	r := start(t)
	menuSays(t, "the keychain cannot be used (")
	expect(t, "get-token", r.GetToken(t.Context(), "prod-eu"), 5, "corp: ", why)
	expect(t, "status", r.Creds(t.Context(), "", "status", "prod-eu"), 5)
	w.saw(t, 0, 0)

	logIn(t)
	menuSays(t, "not kept: the keychain refused it")
	works(t, r)
	expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)
	handsOut(t, r, "prod-eu")
	w.saw(t, 1, 0, "corp: session not kept: The keychain refused it. It works until kubecreds ends")

	got := r.Creds(t.Context(), "", "logout")
	expect(t, "logout", got, 0)
	if got.Out != "corp: logged out\n" {
		t.Errorf("logout says %q", got.Out)
	}
	menuSays(t, "not logged in")
}

func TestAKeychainThatIsLockedAtTheStartIsUnlockedWhenAPersonAsks(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		logIn(t)
		works(t, r)
		r.StopAgent()
		look(t, "keyring-lock")
		must(t, r.StartAgent(r.Program("kubecreds")))

		menuSays(t, "prod-eu: keychain locked")
		expect(t, "get-token", r.GetToken(t.Context(), "prod-eu"), 5, "corp: the keychain is locked")
		expect(t, "status", r.Creds(t.Context(), "", "status", "staging"), 5)
		if status := r.Creds(t.Context(), "", "status"); !strings.Contains(status.Out, "keychain locked") {
			t.Errorf("status: %q", status.Out)
		}
		if got := r.Kubectl(t.Context(), "--context", "prod-eu", "get", "pods"); got.Status == 0 || strings.Count(got.Err, "the keychain is locked") != 1 {
			t.Errorf("kubectl: %+v", got)
		}
		w.saw(t, 1, 0, "The keychain is locked")

		unlockKeychain(t)
		menuSays(t, "logged in as alice@example.com")
		works(t, r)
		w.saw(t, 1, 1, "The keychain is locked")
		survived(t, r)
	})
}

func TestALoginWithALockedKeychainLivesInMemoryUntilItIsUnlocked(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		menuSays(t, "prod-eu: keychain locked")
		cliLogIn(t, r)
		menuSays(t, "not kept: keychain locked")
		works(t, r)
		w.saw(t, 0, 0, "The keychain is locked")

		unlockKeychain(t)
		menuLacks(t, 30*time.Second, "not kept")
		restarted(t, r)
		w.saw(t, 0, 1, "The keychain is locked")
	}, "--keyring", "locked")
}

func TestASessionGoesOnInMemoryWhileTheKeychainIsLockedAndIsStoredAfterwards(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		r := start(t)
		must(t, r.Control.SetGrace(t.Context(), 0)) // an old refresh token would end the session
		logIn(t)
		for _, unlock := range []func(*testing.T){
			unlockKeychain,
			func(t *testing.T) { // by somebody else; kubecreds looks again when the machine wakes
				look(t, "keyring-unlock")
				look(t, "resume")
			},
		} {
			look(t, "keyring-lock")
			for range 2 {
				expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)
			}
			menuSays(t, "not kept: keychain locked")
			works(t, r)
			unlock(t)
			menuLacks(t, 30*time.Second, "keychain locked")
			restarted(t, r)
		}
		w.saw(t, 1, 1, "The keychain is locked", "The keychain is locked")
	})
}

// restarted starts kubecreds anew and checks that the session is there, without a dialog.
func restarted(t *testing.T, r *drive.Rig) {
	t.Helper()
	r.StopAgent()
	must(t, r.StartAgent(r.Program("kubecreds")))
	menuSays(t, "logged in as alice@example.com")
	works(t, r)
	survived(t, r)
}
