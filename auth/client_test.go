package auth

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// guarded is a provider whose client has a secret, as it is opened with one.
type guarded struct {
	*fakeProvider
	want *string // the secret it takes
	has  secret.Text
	at   *string // its token endpoint
}

func (g guarded) refuses() error {
	g.note("as client with " + g.has.Reveal())
	if g.has.Reveal() != *g.want {
		return &oidc.Refusal{Kind: oidc.Misconfigured, Code: "invalid_client", Words: "invalid_client: wrong"}
	}
	return nil
}

func (g guarded) Endpoint(context.Context) (string, error)  { return *g.at, nil }
func (g guarded) Reach(ctx context.Context) (string, error) { return g.Endpoint(ctx) }
func (g guarded) Password(ctx context.Context, user string, password secret.Text) (oidc.Grant, error) {
	if err := g.refuses(); err != nil {
		return oidc.Grant{}, err
	}
	return g.fakeProvider.Password(ctx, user, password)
}

func (g guarded) Renew(ctx context.Context, refresh secret.Text) (oidc.Grant, error) {
	if err := g.refuses(); err != nil {
		return oidc.Grant{}, err
	}
	return g.fakeProvider.Renew(ctx, refresh)
}

func (g guarded) Revoke(ctx context.Context, refresh secret.Text) error {
	if err := g.refuses(); err != nil {
		return err
	}
	return g.fakeProvider.Revoke(ctx, refresh)
}

// client is a keeper's one account, of a confidential client, and what the provider goes by.
type client struct {
	*rig
	chain    *keychaintest.Keychain
	provider *fakeProvider
	secret   string
	endpoint string
}

func confidential(t *testing.T) *client {
	t.Helper()
	return &client{chain: &keychaintest.Keychain{}, provider: hourly(), secret: "s3cret", endpoint: "https://i/token"}
}

// start starts a keeper on what the keychain holds.
func (c *client) start(t *testing.T) {
	t.Helper()
	c.rig = unconfigured(t, c.chain, c.provider)
	c.open = func(o oidc.Config) (Provider, error) {
		return guarded{c.provider, &c.secret, o.ClientSecret, &c.endpoint}, nil
	}
	c.configure(t, "https://i")
}

func (c *client) configure(t *testing.T, issuer string) {
	t.Helper()
	must(t, c.Configure([]Account{{Name: "corp", OIDC: oidc.Config{Issuer: issuer, ClientID: "c"}, Login: []string{"password"}, Secret: true}},
		[]ClusterConfig{{Name: "prod", Account: "corp"}}))
	synctest.Wait()
}

func (c *client) restart(t *testing.T) { t.Helper(); c.stop(); c.start(t) }

func (c *client) logIn(t *testing.T, secrets ...string) *answers {
	t.Helper()
	a := &answers{passwords: []string{"password", "password", "password"}, secrets: secrets}
	must(t, c.Login(t.Context(), "corp", Wish{}, a))
	return a
}

func TestTheClientSecretIsAskedForOnceAndOutlivesRestartsAndLogOuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := confidential(t)
		c.start(t)
		defer func() { c.stop() }()
		a := c.logIn(t, "s3cret")
		if want := []ClientQuestion{{Account: "corp", Client: "c", Host: "i"}}; !reflect.DeepEqual(a.askedClient, want) {
			t.Errorf("asked %+v, want %+v", a.askedClient, want)
		}
		must(t, c.Renew(t.Context(), "corp"))
		c.restart(t)
		must(t, c.Renew(t.Context(), "corp"))
		if revoked, err := c.Logout(t.Context(), "corp"); err != nil || !revoked {
			t.Errorf("log out: %v, %v", revoked, err)
		}
		if a := c.logIn(t); len(a.askedClient) != 0 {
			t.Error("asked again after a log out")
		}
		if n := c.provider.count("as client with "); n != 0 {
			t.Errorf("%d requests without the secret", n)
		}
		kept := c.chain.Items()["corp#client"]
		if !strings.Contains(kept, `"clientSecret":"s3cret"`) || !strings.Contains(kept, `"tokenEndpoint":"https://i/token"`) {
			t.Errorf("kept %q", kept)
		}
	})
}

func TestAClientSecretThatTheProviderRefusesIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := confidential(t)
		c.start(t)
		defer func() { c.stop() }()
		if a := c.logIn(t, "wrong", "s3cret"); len(a.askedClient) != 2 || a.askedClient[1].Problem != "The provider refused the client secret" {
			t.Errorf("in the login: %+v", a.askedClient)
		}
		c.secret = "new" // somebody has changed it at the provider
		err := c.Renew(t.Context(), "corp")
		var needed *LoginNeededError
		if !errors.As(err, &needed) || needed.Reason.Code != CodeClientSecret || !strings.Contains(err.Error(), "the provider refused the client secret") {
			t.Errorf("a renewal: %v", err)
		}
		if r, err := keychain.New(c.chain, "").Load(t.Context(), "corp", keychain.Current); err != nil || r.Refresh.Empty() {
			t.Errorf("the session was thrown away: %v", err)
		}
		a := c.logIn(t, "new")
		if len(a.askedClient) != 1 || a.askedClient[0].Problem == "" {
			t.Errorf("at the next login: %+v", a.askedClient)
		}
		must(t, c.Renew(t.Context(), "corp"))

		var failed *LoginFailedError
		c.secret = "another"
		err = c.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password", "password", "password"}, secrets: []string{"x", "y", "z"}})
		if !errors.As(err, &failed) || failed.Reason.Code != CodeClientSecret {
			t.Errorf("never the right one: %v", err)
		}
		if c.chain.Items()["corp#client"] == "" || strings.Contains(c.chain.Items()["corp#client"], `"z"`) {
			t.Error("a client secret that was refused was kept")
		}
	})
}

func TestASecretGoesOnlyWhereItCameFrom(t *testing.T) {
	for name, elsewhere := range map[string]func(t *testing.T, c *client){
		"another issuer":         func(t *testing.T, c *client) { c.configure(t, "https://other") },
		"another token endpoint": func(t *testing.T, c *client) { c.endpoint = "https://i/stolen"; c.restart(t) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := confidential(t)
				c.start(t)
				defer func() { c.stop() }()
				c.logIn(t, "s3cret")
				c.provider.set(func() { c.provider.calls = nil })
				elsewhere(t, c)
				_ = c.Renew(t.Context(), "corp")
				if revoked, _ := c.Logout(t.Context(), "corp"); revoked {
					t.Error("revoked elsewhere")
				}
				if len(c.provider.revoked) != 0 || len(c.provider.calls) != 0 {
					t.Errorf("sent elsewhere: %q, revoked %d", c.provider.calls, len(c.provider.revoked))
				}
				if a := c.logIn(t, "s3cret"); len(a.askedClient) != 1 || a.askedClient[0].Problem != "" {
					t.Errorf("the next login: %+v", a.askedClient)
				}
			})
		})
	}
}

func TestARefreshTokenIsRevokedOnlyWhereItCameFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		must(t, r.Configure([]Account{{Name: "corp", OIDC: oidc.Config{Issuer: "https://other", ClientID: "c"}, Login: []string{"password"}}}, nil))
		synctest.Wait()
		if revoked, err := r.Logout(t.Context(), "corp"); revoked || err != nil || len(p.revoked) != 0 {
			t.Errorf("%v, %v: the refresh token of one issuer was sent to another", revoked, err)
		}
	})
}

func TestAMissingClientSecretLosesNoLoginThatWasCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := confidential(t)
		store := keychain.New(c.chain, "")
		r := keychain.Record{Refresh: secret.New("r1"), Issuer: "https://i", TokenEndpoint: "https://i/token", ClientID: "c", Since: time.Now()}
		must(t, store.Save(t.Context(), "corp", keychain.Pending, r))
		c.start(t)
		defer func() { c.stop() }()
		if st := c.corp(); st.Phase != LoginNeeded || st.Reason != (Reason{CodeClientSecret, noSecret}) {
			t.Errorf("%+v", st)
		}
		if kept, err := store.Load(t.Context(), "corp", keychain.Pending); err != nil || kept.Refresh.Reveal() != "r1" {
			t.Errorf("%v, %v", kept, err)
		}
	})
}

func TestAClientSecretThatIsToBeForgottenIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := confidential(t)
		c.start(t)
		defer func() { c.stop() }()
		c.logIn(t, "s3cret")
		must(t, c.ForgetClient(t.Context(), "prod"))
		if _, there := c.chain.Items()["corp#client"]; there {
			t.Error("it is still in the keychain")
		}
		if a := c.logIn(t, "s3cret"); len(a.askedClient) != 1 {
			t.Errorf("asked %d times", len(a.askedClient))
		}
	})
}

func TestAClientSecretThatTheKeychainRefusedIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := confidential(t)
		c.start(t)
		defer func() { c.stop() }()
		c.chain.Refuse(keychain.ErrUnavailable)
		c.logIn(t, "s3cret")
		if st := c.corp(); st.Phase != Valid || !st.Troubles.Has(NotStored) {
			t.Errorf("%+v", st)
		}
		_, _ = c.Logout(t.Context(), "corp")
		time.Sleep(2 * storeEvery)
		if st := c.corp(); st.Phase != LoggedOut || st.Troubles.Has(NotStored) {
			t.Errorf("nobody is logged in, and something is missed: %+v", st)
		}
		c.logIn(t)
		c.chain.Heal()
		time.Sleep(3 * storeEvery)
		if items := c.chain.Items(); items["corp#client"] == "" || items["corp"] == "" || c.corp().Troubles.Has(NotStored) {
			t.Errorf("kept %d items, %+v", len(items), c.corp())
		}
		c.restart(t)
		must(t, c.Renew(t.Context(), "corp"))
	})
}

func TestOnlyWhatLeftTheConfigurationIsErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := confidential(t)
		c.start(t)
		defer func() { c.stop() }()
		c.logIn(t, "s3cret")
		before := len(c.chain.Items())
		must(t, c.Erase(t.Context(), "corp"))
		if got := len(c.chain.Items()); got != before || before == 0 {
			t.Errorf("%d items are left of %d, and the account is configured", got, before)
		}
		must(t, c.Configure(nil, nil))
		must(t, c.Erase(t.Context(), "corp"))
		if got := c.chain.Items(); len(got) != 0 {
			t.Errorf("%d items are left", len(got))
		}
	})
}
