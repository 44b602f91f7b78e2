package auth

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// edited is the account of run with another line in its configuration.
func edited() []Account {
	return []Account{{Name: "corp", OIDC: oidc.Config{Issuer: "https://i", ClientID: "c"}, Login: []string{"password"}, Username: "alice"}}
}

func TestAnAccountThatIsEditedDuringItsRenewalWaitsForTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.slow = 2 * time.Second })
		go func() { _ = r.Renew(t.Context(), "corp") }()
		synctest.Wait() // the provider has the refresh token, and will take no other after it than the one it sends back
		must(t, r.Configure(edited(), []ClusterConfig{{Name: "prod", Account: "corp"}}))
		time.Sleep(10 * time.Second)
		if _, err := r.Token(t.Context(), "prod"); err != nil || r.corp().Phase != Valid {
			t.Errorf("%v, %+v: the old refresh token was sent beside its renewal", err, r.corp())
		}
		if n := p.count("renew"); n != 2 {
			t.Errorf("%d renewals, want that which was under way and one of the account as edited", n)
		}
	})
}

// Another account at the same issuer, say, changes how this one is asked for, and nothing of its session: not even one that the
// keychain does not keep.
func TestASessionGoesOnWhereOnlyItsNextLoginIsConfiguredOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, p := &keychaintest.Keychain{}, hourly()
		r := run(t, chain, p)
		defer r.stop()
		chain.Refuse(keychain.ErrUnavailable)
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		before := r.corp()
		asked := edited()
		asked[0].Username = ""
		asked[0].Login, asked[0].Browser, asked[0].Shared = []string{"browser"}, []string{"firefox"}, true
		must(t, r.Configure(asked, []ClusterConfig{{Name: "prod", Account: "corp"}}))
		if after := r.corp(); after.Phase != Valid || after.Serial != before.Serial {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if n := p.count("renew"); n != 0 {
			t.Errorf("%d renewals, want none", n)
		}
	})
}

func TestTheRenewalOfAnAccountThatLeftIsStoredBeforeTheProgramEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, p := &keychaintest.Keychain{}, hourly()
		r := run(t, chain, p)
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.slow = 2 * time.Second })
		go func() { _ = r.Renew(t.Context(), "corp") }()
		synctest.Wait()
		must(t, r.Configure(nil, nil))
		r.stop()
		if kept, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Current); err != nil || kept.Refresh.Reveal() != "r1+" {
			t.Errorf("kept %q, %v: the provider had rotated to r1+", kept.Refresh.Reveal(), err)
		}
	})
}

// late is a person who edits the configuration while the provider answers their login.
type late struct {
	*fakeProvider
	edit func()
}

func (l late) Password(ctx context.Context, user string, password secret.Text) (oidc.Grant, error) {
	g, err := l.fakeProvider.Password(ctx, user, password)
	l.edit()
	return g, err
}

func TestALoginWhoseAccountWasEditedMeanwhileIsRevoked(t *testing.T) {
	for name, accounts := range map[string][]Account{"edited": edited(), "removed": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chain, p := &keychaintest.Keychain{}, hourly()
				r := run(t, chain, p)
				defer r.stop()
				r.open = func(oidc.Config) (Provider, error) {
					return late{p, func() { must(t, r.Configure(accounts, nil)) }}, nil
				}
				must(t, r.Configure([]Account{{Name: "corp", OIDC: oidc.Config{Issuer: "https://other", ClientID: "c"}, Login: []string{"password"}}}, nil))
				err := r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}})
				var failed *LoginFailedError
				if !errors.As(err, &failed) || failed.Reason.Code != CodeCancelled {
					t.Errorf("the login: %v", err)
				}
				synctest.Wait()
				if !slices.Equal(p.revoked, []string{"r1"}) || len(chain.Items()) != 0 {
					t.Errorf("revoked %q, kept %d items: the provider has a session that nobody here knows of", p.revoked, len(chain.Items()))
				}
			})
		})
	}
}
