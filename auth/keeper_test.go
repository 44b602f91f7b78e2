package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestALoginLeadsToATokenThatIsRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &keychaintest.Keychain{}, hourly())
		defer r.stop()
		synctest.Wait()
		if _, err := r.Token(t.Context(), "prod"); err == nil {
			t.Fatal("a token before the login")
		}
		must(t, r.Login(t.Context(), "prod", Wish{}, &answers{passwords: []string{"password"}}))
		if st := r.corp(); st.Phase != Valid || st.Person != "alice@example.com" {
			t.Fatalf("%+v", st)
		}
		for range 10 * 60 {
			time.Sleep(time.Minute)
			if tok, err := r.Token(t.Context(), "prod"); err != nil || time.Until(tok.Expires) < 6*time.Minute {
				t.Fatalf("%v, %v left", err, time.Until(tok.Expires))
			}
		}
		if n := r.provider.count("renew"); n < 10 || n > 15 {
			t.Errorf("%d renewals in 10 hours of one-hour tokens", n)
		}
	})
}

func TestASessionIsStillThereAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, chain := hourly(), &keychaintest.Keychain{}
		r := run(t, chain, p)
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		r.stop()
		r = run(t, chain, p)
		defer r.stop()
		if _, err := r.Token(t.Context(), "prod"); err != nil {
			t.Fatal(err)
		}
		if p.count("password") != 1 || p.count("renew") != 1 {
			t.Errorf("requests: %v", p.calls)
		}
	})
}

func TestAHundredRequestsShareOneRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.slow = 2 * time.Second; p.fail = &oidc.Weather{} })
		time.Sleep(61 * time.Minute) // its renewals failed: the token is gone
		before := p.count("renew")
		p.set(func() { p.fail = nil })
		time.Sleep(6 * time.Second) // a try under way ends in 2, and is remembered for 3
		var wg sync.WaitGroup
		gone, cancel := context.WithCancel(t.Context())
		for i := range 100 {
			wg.Go(func() {
				ctx := t.Context()
				if i%2 == 0 {
					ctx = gone // half of the callers press Ctrl-C
				}
				if _, err := r.Token(ctx, "prod"); err != nil && i%2 != 0 {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		if n := p.count("renew") - before; n != 1 {
			t.Errorf("%d renewals for 100 requests", n)
		}
	})
}

func TestAWakeOrAClockJumpRenewsAtOnce(t *testing.T) {
	for _, how := range []string{"resume", "clock"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := hourly()
				clock := func() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return time.Now().Add(p.ahead) }
				r := &rig{provider: p, look: make(chan Look), ended: make(chan error, 1)}
				r.Keeper = NewKeeper(keychain.New(&keychaintest.Keychain{}, ""), clock, slog.New(slog.DiscardHandler))
				r.open = func(oidc.Config) (Provider, error) { return p, nil }
				ctx, stop := context.WithCancel(t.Context())
				go func() { r.ended <- r.Run(ctx, r.look) }()
				defer func() { stop(); <-r.ended }()
				must(t, r.Configure([]Account{{Name: "corp", Login: []string{"password"}}}, nil))
				must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
				if how == "resume" {
					r.look <- LookSleeping
				}
				synctest.Wait()                              // the keeper has planned its next look
				p.set(func() { p.ahead = 55 * time.Minute }) // 5 min are left: the machine slept, timers did not run
				synctest.Wait()
				if n := p.count("renew"); n != 0 {
					t.Fatalf("%d renewals while asleep", n)
				}
				if how == "resume" {
					r.look <- LookResumed
					time.Sleep(3 * time.Second)
				} else {
					time.Sleep(tick + 3*time.Second)
				}
				synctest.Wait()
				if n := p.count("renew"); n != 1 {
					t.Errorf("%d renewals after the %s", n, how)
				}
			})
		})
	}
}

func TestAProviderThatNeverAnswersCostsNobodyMoreThanItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.hang = true })
		time.Sleep(58 * time.Minute)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := r.Token(ctx, "prod"); err != nil || time.Since(began) > time.Second {
			t.Errorf("with a valid token: %v after %v", err, time.Since(began))
		}
		time.Sleep(3 * time.Minute)
		began = time.Now()
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var off *OfflineError
		if _, err := r.Token(ctx, "prod"); !errors.As(err, &off) || time.Since(began) > 5*time.Second {
			t.Errorf("without one: %v after %v", err, time.Since(began))
		}
	})
}

func TestThreeWrongPasswordsEndALoginAndChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &keychaintest.Keychain{}, hourly())
		defer r.stop()
		synctest.Wait()
		ask := &answers{passwords: []string{"a", "b", "c", "password"}}
		var failed *LoginFailedError
		if err := r.Login(t.Context(), "corp", Wish{}, ask); !errors.As(err, &failed) || failed.Reason.Code != CodeTooManyAttempts {
			t.Fatalf("%v", err)
		}
		if len(ask.asked) != 3 || ask.asked[0].Problem != "" || ask.asked[1].Problem == "" || ask.asked[1].User != "alice" {
			t.Errorf("asked: %+v", ask.asked)
		}
		synctest.Wait() // the keychain may answer after the person did
		if st := r.corp(); st.Phase != LoggedOut || st.LastLogin.Code != CodeTooManyAttempts || st.User != "alice" {
			t.Errorf("%+v", st)
		}
	})
}

func TestACancelledLoginLeavesEverythingAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &keychaintest.Keychain{}, hourly())
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		before := r.corp()
		done := make(chan error)
		go func() { done <- r.Login(t.Context(), "corp", Wish{}, &answers{}) }()
		synctest.Wait()
		if r.corp().Phase != LoggingIn {
			t.Fatalf("%+v", r.corp())
		}
		if _, err := r.Token(t.Context(), "prod"); err != nil {
			t.Errorf("while the dialog is open: %v", err)
		}
		r.CancelLogin("prod")
		var failed *LoginFailedError
		if err := <-done; !errors.As(err, &failed) || failed.Reason.Code != CodeCancelled {
			t.Errorf("%v", err)
		}
		after := r.corp()
		after.LastLogin, after.User, before.User = before.LastLogin, "", ""
		if after != before {
			t.Errorf("before %+v\nafter  %+v", before, after)
		}
	})
}

func TestALogOutRevokesAndForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := &keychaintest.Keychain{}
		r := run(t, chain, hourly())
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		revoked, err := r.Logout(t.Context(), "prod")
		if !revoked || err != nil || !slices.Equal(r.provider.revoked, []string{"r1"}) {
			t.Errorf("%v %v %v", revoked, err, r.provider.revoked)
		}
		if _, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Current); !errors.Is(err, keychain.ErrNone) {
			t.Errorf("the keychain still says %v", err)
		}
		if r.corp().Phase != LoggedOut {
			t.Errorf("%+v", r.corp())
		}
	})
}

func TestALogOutOfASessionThatNoKeychainKeptIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := &keychaintest.Keychain{}
		chain.Refuse(fmt.Errorf("%w: no service", keychain.ErrUnavailable))
		r := run(t, chain, hourly())
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		if revoked, err := r.Logout(t.Context(), "corp"); !revoked || err != nil {
			t.Errorf("%v %v", revoked, err)
		}
	})
}

func TestATokensEndIsPublishedThoughNothingElseChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.fail = &oidc.Weather{Words: "503", RetryAfter: 15 * time.Minute} })
		time.Sleep(time.Until(r.corp().Until) - time.Millisecond)
		synctest.Wait()
		<-r.Changed() // the outage
		before := r.Snapshot()
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		select {
		case <-r.Changed():
		default:
			t.Error("nobody was told")
		}
		if after := r.Snapshot(); after == before || after.Accounts[0] != before.Accounts[0] {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

func TestARenewalInFlightAtQuitIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, p := &keychaintest.Keychain{}, hourly()
		r := run(t, chain, p)
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.slow = 2 * time.Second })
		go func() { _ = r.Renew(t.Context(), "corp") }()
		synctest.Wait()
		r.stop()
		kept, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Current)
		if err != nil || kept.Refresh.Reveal() != "r1+" {
			t.Errorf("kept %v, %v: the provider had rotated to r1+", kept.Refresh.Reveal(), err)
		}
	})
}

func TestASecretIsNotSentWhereItDidNotComeFrom(t *testing.T) {
	record := keychain.Record{Refresh: secret.New("r"), Issuer: "https://i", TokenEndpoint: "https://i/token", ClientID: "c"}
	for _, c := range []struct {
		what string
		cut  func(*keychain.Record)
	}{
		{"issuer", func(r *keychain.Record) { r.Issuer = "https://other" }},
		{"client ID", func(r *keychain.Record) { r.ClientID = "other" }},
		{"token endpoint", func(r *keychain.Record) { r.TokenEndpoint = "https://other/token" }},
	} {
		p := &fakeProvider{latest: "r"}
		r := record
		c.cut(&r)
		a := Account{Name: "corp", OIDC: oidc.Config{Issuer: "https://i", ClientID: "c"}}
		var other *OtherEndsError
		if _, err := renew(t.Context(), a, p, keychain.Client{}, r); !errors.As(err, &other) || other.What != c.what || p.count("renew") != 0 {
			t.Errorf("%s: %v, %d requests", c.what, err, p.count("renew"))
		}
	}
}

func TestEveryCutOfTheWritesOfALoginAndTwoRenewalsLosesNoSession(t *testing.T) {
	cuts := 0
	for n := 0; ; n++ {
		over := false
		synctest.Test(t, func(t *testing.T) {
			p, chain := hourly(), &keychaintest.Keychain{}
			r := run(t, chain, p)
			must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
			chain.CutAfter(n, n%2 == 1) // the program dies after n more writes
			loginErr := r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}})
			over = loginErr == nil && r.Renew(t.Context(), "corp") == nil && r.corp().Troubles == 0
			latest := p.latest
			r.stop()
			chain.Heal()
			var kept []string
			for _, slot := range []keychain.Slot{keychain.Current, keychain.Pending} {
				if k, err := keychain.New(chain, "").Load(t.Context(), "corp", slot); err == nil {
					kept = append(kept, k.Refresh.Reveal())
				}
			}
			// What the provider takes now is in the keychain, or the program knew that it was not and said so.
			if over && !slices.Contains(kept, latest) {
				t.Errorf("cut after %d writes: the provider takes %q, the keychain holds %q", n, latest, kept)
			}
			if len(kept) == 0 {
				t.Errorf("cut after %d writes: nothing is left in the keychain", n)
			}
		})
		if cuts++; over || t.Failed() {
			break
		}
	}
	t.Logf("%d cuts", cuts)
	if cuts < 5 {
		t.Errorf("only %d cuts: the list of writes was not walked", cuts)
	}
}
