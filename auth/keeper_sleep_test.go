package auth

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

func TestNoRenewalStartsBetweenANetworkChangeAndASleepThatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.fail = &oidc.Weather{RetryAfter: 15 * time.Minute} })
		_ = r.Renew(t.Context(), "corp")
		before := p.count("renew")
		r.look <- LookNetwork
		r.look <- LookSleeping
		time.Sleep(5 * time.Second)
		if n := p.count("renew") - before; n != 0 {
			t.Errorf("%d renewals while falling asleep", n)
		}
		r.look <- LookResumed
		time.Sleep(900 * time.Millisecond)
		if n := p.count("renew") - before; n != 0 {
			t.Errorf("%d renewals before the network can be up", n)
		}
		time.Sleep(3 * time.Second)
		if n := p.count("renew") - before; n != 1 {
			t.Errorf("%d renewals after the wake", n)
		}
	})
}

func TestWhatFallsDueWhileTheMachineIsAboutToSleepWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.fail = &oidc.Weather{RetryAfter: 10 * time.Second} })
		_ = r.Renew(t.Context(), "corp")
		before := p.count("renew")
		r.look <- LookSleeping
		time.Sleep(40 * time.Second)
		if n := p.count("renew") - before; n != 0 {
			t.Errorf("%d renewals between the two", n)
		}
	})
}

func TestAClockThatIsSetMakesWhatFailedBeTriedAgain(t *testing.T) {
	for _, set := range []time.Duration{50 * time.Minute, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			p := hourly()
			r := &rig{provider: p, look: make(chan Look), ended: make(chan error, 1)}
			clock := func() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return time.Now().Add(p.ahead) }
			r.Keeper = NewKeeper(keychain.New(&keychaintest.Keychain{}, ""), clock, slog.New(slog.DiscardHandler))
			r.open = func(oidc.Config) (Provider, error) { return p, nil }
			go func() { r.ended <- r.Run(t.Context(), r.look) }()
			must(t, r.Configure([]Account{{Name: "corp", Login: []string{"password"}}}, nil))
			must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
			p.set(func() { p.fail = &oidc.Refusal{Kind: oidc.Ended} })
			_ = r.Renew(t.Context(), "corp")
			time.Sleep(time.Second)
			before := p.count("renew")
			p.set(func() { p.ahead = set })
			time.Sleep(tick + 4*time.Second)
			if n := p.count("renew") - before; n != 1 {
				t.Errorf("set by %v: %d renewals", set, n)
			}
		})
	}
}

func TestALidThatClosesInTheMiddleOfARenewalLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, p := &keychaintest.Keychain{}, hourly()
		r := run(t, chain, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.slow = 2 * time.Second })
		go func() { _ = r.Renew(t.Context(), "corp") }()
		synctest.Wait()
		r.look <- LookSleeping
		if !r.Busy() {
			t.Error("nothing says that sleep must be held back")
		}
		time.Sleep(3 * time.Second)
		kept, err := keychain.New(chain, "").Load(t.Context(), "corp", keychain.Current)
		if r.Busy() || err != nil || kept.Refresh.Reveal() != "r1+" {
			t.Errorf("before the machine sleeps: busy %v, kept %q, %v", r.Busy(), kept.Refresh.Reveal(), err)
		}

		p.set(func() { p.slow, p.hang = 0, true }) // and now the connection dies in the sleep
		r.look <- LookResumed
		go func() { _ = r.Renew(t.Context(), "corp") }()
		synctest.Wait()
		r.look <- LookSleeping
		time.Sleep(40 * time.Second)
		p.set(func() { p.hang = false })
		before := p.count("renew")
		r.look <- LookResumed
		time.Sleep(4 * time.Second)
		if n := p.count("renew") - before; n != 1 || r.corp().Phase != Valid {
			t.Errorf("after the wake: %d renewals, %+v", n, r.corp())
		}
	})
}

func TestAFlockOfNetworkChangesIsOneTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hourly()
		r := run(t, &keychaintest.Keychain{}, p)
		defer r.stop()
		must(t, r.Login(t.Context(), "corp", Wish{}, &answers{passwords: []string{"password"}}))
		p.set(func() { p.fail = &oidc.Weather{RetryAfter: 15 * time.Minute} })
		_ = r.Renew(t.Context(), "corp")
		before, began := p.count("renew"), time.Now()
		for range 9 {
			r.look <- LookNetwork
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(3*time.Second - time.Since(began))
		synctest.Wait()
		if n := p.count("renew") - before; n != 1 {
			t.Errorf("%d renewals", n)
		}
	})
}
