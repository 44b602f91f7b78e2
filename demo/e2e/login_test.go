package e2e

import (
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

const wrongPassword = "Please try again: Wrong user name or password"

func TestAWrongPasswordIsAskedForAgainAndSaysSo(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		look(t, "choose", "Log in to corp…")
		asked(t)
		answer(t, "alice", "not-it")
		asked(t, wrongPassword, "Password of alice at ")
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com")
		works(t, r)
		if c := counts(t, r); c.Of("token/password") != 2 || c.Outcome("token/password", "ok") != 1 {
			t.Errorf("passwords sent: %v", c.Requests["token/password"])
		}
	})
}

func TestThreeWrongPasswordsEndTheLoginWithOneNotification(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		bus := listen(t)
		look(t, "choose", "Log in to corp…")
		asked(t)
		answer(t, "alice", "wrong-1")
		for _, wrong := range []string{"wrong-2", "wrong-3"} {
			asked(t, wrongPassword)
			answer(t, wrong)
		}
		drawn(t, "corp: login failed")
		menuSays(t, "the last login failed: the password was wrong three times", "Log in to corp…")
		unasked(t)
		if n := bus.count(t, notifyCall); n != 1 {
			t.Errorf("%d notifications, want 1", n)
		}
		if c := counts(t, r); c.Of("token/password") != 3 {
			t.Errorf("passwords sent: %v, want 3", c.Requests["token/password"])
		}
	})
}

func TestACancelledLoginLeavesEverythingAsItWas(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		bus := listen(t)
		fresh := drive.Menu(t.Context())
		look(t, "choose", "Log in to corp…")
		asked(t)
		menuSays(t, "Cancel login to corp")
		cancel(t)
		until(t, "the menu to be as before", func() bool { return drive.Menu(t.Context()) == fresh })
		if kubeconfig(r) != "" || len(keychain(t)) != 0 {
			t.Error("a login that was cancelled left something in the kubeconfig or the keychain")
		}

		logIn(t)
		loginDone(t)
		menu, kube, refresh := drive.Menu(t.Context()), kubeconfig(r), refreshToken(t)
		recount(t, r)
		look(t, "choose", "staging: *", "Re-login…")
		asked(t, "Password of alice at ")
		cancel(t)
		until(t, "the menu to be as before", func() bool { return drive.Menu(t.Context()) == menu })
		if kubeconfig(r) != kube {
			t.Error("the kubeconfig changed")
		}
		if refreshToken(t) != refresh {
			t.Error("the keychain changed")
		}
		if c := counts(t, r); c.Total != c.Of("discovery") || c.Total > 1 { // that it is there is asked before the person is
			t.Errorf("requests at the provider: %v", c.Requests)
		}
		if n := bus.count(t, notifyCall); n != 0 {
			t.Errorf("%d notifications, want none", n)
		}
	})
}
