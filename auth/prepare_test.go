package auth

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// noting is a provider whose renewals are written down between what is done with the keychain.
type noting struct {
	*fakeProvider
	chain *keychaintest.Preparing
}

func (n noting) Renew(ctx context.Context, refresh secret.Text) (oidc.Grant, error) {
	n.chain.Note("renew")
	return n.fakeProvider.Renew(ctx, refresh)
}

// still is a provider whose renewals leave the refresh token as it is.
type still struct{ noting }

func (s still) Renew(_ context.Context, refresh secret.Text) (oidc.Grant, error) {
	s.chain.Note("renew")
	return oidc.Grant{Refresh: refresh}, nil
}

func TestNothingIsPreparedWhereTheProviderKeepsTheRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := &keychaintest.Preparing{}
		r := runOn(t, chain, still{noting{hourly(), chain}})
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		before := len(chain.Calls())
		must(t, r.Renew(t.Context(), "corp"))
		must(t, r.Renew(t.Context(), "corp"))
		if got, want := chain.Calls()[before:], []string{"prepare corp", "renew", "close", "renew"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q: a process for nothing", got, want)
		}
	})
}

func TestTheKeychainIsReadyBeforeARenewalIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		fail   error
		locked bool
		want   []string
	}{
		"and keeps its answer":             {nil, false, []string{"prepare corp", "renew", "write"}},
		"and is let go of when refused":    {&oidc.Refusal{Kind: oidc.Ended}, false, []string{"prepare corp", "renew", "close"}},
		"and in weather":                   {&oidc.Weather{}, false, []string{"prepare corp", "renew", "close"}},
		"or the session goes on in memory": {nil, true, []string{"prepare corp", "renew", "do"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chain, p := &keychaintest.Preparing{}, hourly()
				r := runOn(t, chain, noting{p, chain})
				defer r.stop()
				must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
				before := len(chain.Calls())
				p.set(func() { p.fail = c.fail })
				if c.locked {
					chain.Lock()
				}
				_ = r.Renew(t.Context(), "corp")
				if got := chain.Calls()[before:]; !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
				if c.locked && (r.corp().Phase != Valid || !r.corp().Troubles.Has(NotStored|KeychainLocked)) {
					t.Errorf("%+v", r.corp())
				}
			})
		})
	}
}
