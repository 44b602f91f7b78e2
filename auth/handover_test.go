package auth

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestAnotherProgramsSessionIsStoredAndRenewedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := &keychaintest.Keychain{}
		p := hourly()
		p.latest = "theirs"
		r := run(t, chain, p)
		defer r.stop()
		rotated, err := r.TakeOver(t.Context(), "corp", secret.New("theirs"))
		if err != nil || !rotated || r.corp().Phase != Valid || r.corp().Person != alice.Person {
			t.Fatalf("%v %v %+v", rotated, err, r.corp())
		}
		kept, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Current)
		if err != nil || kept.Refresh.Reveal() != "theirs+" || kept.Issuer != "https://i" || kept.TokenEndpoint != "https://i/token" || kept.Subject != alice.Subject {
			t.Errorf("%+v %v", kept, err)
		}
		if _, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Pending); !errors.Is(err, keychain.ErrNone) {
			t.Errorf("the pending record is left: %v", err)
		}
		time.Sleep(3 * time.Hour) // it goes on like any
		if _, err := r.Token(t.Context(), "prod"); err != nil {
			t.Error(err)
		}
		if _, err := r.TakeOver(t.Context(), "corp", secret.New("another")); !errors.Is(err, ErrLoggedIn) || r.corp().Phase != Valid {
			t.Errorf("%v %+v", err, r.corp())
		}
	})
}

func TestASessionThatIsOverIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := &keychaintest.Keychain{}
		r := run(t, chain, hourly())
		defer r.stop()
		var needed *LoginNeededError
		if _, err := r.TakeOver(t.Context(), "corp", secret.New("old")); !errors.As(err, &needed) {
			t.Errorf("%v", err)
		}
		if _, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Pending); !errors.Is(err, keychain.ErrNone) {
			t.Errorf("it is kept: %v", err)
		}
	})
}

func TestASessionTakenInBadWeatherIsKeptAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		p.latest, p.fail = "theirs", &oidc.Weather{Words: "i does not answer"}
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		var offline *OfflineError
		if _, err := r.TakeOver(t.Context(), "corp", secret.New("theirs")); !errors.As(err, &offline) {
			t.Fatalf("%v", err)
		}
		p.set(func() { p.fail = nil })
		time.Sleep(time.Hour)
		if r.corp().Phase != Valid {
			t.Errorf("%+v", r.corp())
		}
	})
}

func TestASessionThatIsHandedOverIsForgottenAndNotRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, p := &keychaintest.Keychain{}, hourly()
		r := run(t, chain, p)
		defer r.stop()
		if token, refresh, err := r.HandOver(t.Context(), "corp"); err != nil || !token.Empty() || !refresh.Empty() {
			t.Errorf("of nobody: %v", err)
		}
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		token, refresh, err := r.HandOver(t.Context(), "corp")
		if err != nil || token.Reveal() != "t" || refresh.Reveal() != "r1" {
			t.Errorf("%q %q %v", token.Reveal(), refresh.Reveal(), err)
		}
		if len(p.revoked) > 0 || r.corp().Phase != LoggedOut {
			t.Errorf("revoked %q, %+v", p.revoked, r.corp())
		}
		if _, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Current); !errors.Is(err, keychain.ErrNone) {
			t.Errorf("%v", err)
		}
		rotated, err := r.TakeOver(t.Context(), "corp", refresh) // and back again
		if err != nil || !rotated || r.corp().Phase != Valid {
			t.Errorf("%v %v %+v", rotated, err, r.corp())
		}
	})
}

func TestAnotherProgramsClientSecretIsKeptBeforeItIsForgottenThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := &keychaintest.Keychain{}
		r := run(t, chain, hourly())
		defer r.stop()
		must(t, r.Identify(t.Context(), "corp", secret.New("hush")))
		kept, err := keychain.New(chain, "").LoadClient(t.Context(), "corp")
		if err != nil || kept.Secret.Reveal() != "hush" || kept.Issuer != "https://i" || kept.TokenEndpoint != "https://i/token" || kept.ClientID != "c" {
			t.Errorf("%+v %v", kept, err)
		}
		if client, err := r.ClientSecret(t.Context(), "corp"); err != nil || client.Reveal() != "hush" {
			t.Errorf("%q %v", client.Reveal(), err)
		}
	})
}
