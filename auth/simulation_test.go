package auth

import (
	"math/rand/v2"
	"testing"
	"time"
)

// simulated are the kinds of accounts of the simulation. Those with lives of seconds are simulated for two hours only.
var simulated = []struct {
	manners
	accounts int
	days     int
}{
	{manners{name: "10 s", life: 10 * time.Second, rotates: true, family: true}, 5, 1},
	{manners{name: "1 min, idle 5 min", life: time.Minute, rotates: true, family: true, idle: 5 * time.Minute, announces: true}, 5, 1},
	{manners{name: "5 min, idle 30 min", life: 5 * time.Minute, rotates: true, family: true, idle: 30 * time.Minute, announces: true}, 10, 30},
	{manners{name: "5 min, idle 12 h", life: 5 * time.Minute, idle: 12 * time.Hour, announces: true}, 5, 30},
	{manners{name: "15 min", life: 15 * time.Minute, rotates: true, family: true}, 30, 30},
	{manners{name: "1 h", life: time.Hour, rotates: true, family: true}, 340, 30},
	{manners{name: "1 h, idle 30 min", life: time.Hour, rotates: true, family: true, idle: 30 * time.Minute, announces: true}, 100, 30},
	{manners{name: "1 h, session of 10 h", life: time.Hour, rotates: true, family: true, max: 10 * time.Hour, announces: true}, 100, 30},
	{manners{name: "1 h, Dex, idle 16 h", life: time.Hour, rotates: true, idle: 16 * time.Hour, single: true, weak: true}, 100, 30},
	{manners{name: "8 h, idle 12 h, session of 3 days", life: 8 * time.Hour, idle: 12 * time.Hour, max: 72 * time.Hour, announces: true}, 100, 30},
	{manners{name: "24 h", life: 24 * time.Hour, rotates: true, family: true}, 205, 30},
}

// tally is what the simulation counts.
type tally struct {
	logins, renewals, forced, failed, restarts, jumps int
	requests, waited, refused                         int
	idle, absolute, revoked                           int
	lost, early, thin, hungry, endless, wrongClock    int
	longest                                           time.Duration
}

func (t *tally) add(u tally) {
	for _, p := range []struct{ to, from *int }{
		{&t.logins, &u.logins}, {&t.renewals, &u.renewals}, {&t.forced, &u.forced}, {&t.failed, &u.failed},
		{&t.restarts, &u.restarts}, {&t.jumps, &u.jumps}, {&t.requests, &u.requests}, {&t.waited, &u.waited},
		{&t.refused, &u.refused}, {&t.idle, &u.idle}, {&t.absolute, &u.absolute},
		{&t.revoked, &u.revoked}, {&t.lost, &u.lost}, {&t.early, &u.early}, {&t.thin, &u.thin},
		{&t.hungry, &u.hungry}, {&t.endless, &u.endless}, {&t.wrongClock, &u.wrongClock},
	} {
		*p.to += *p.from
	}
	t.longest = max(t.longest, u.longest)
}

func TestAThousandAccountsLiveThroughThirtyDays(t *testing.T) {
	began := time.Now()
	share := 1
	if testing.Short() || raceDetector {
		share = 10
	}
	var all tally
	accounts := 0
	t.Logf("%-34s %8s %6s %8s %6s %6s %8s %6s %5s | %5s %5s %5s | %4s %5s %4s %6s", "provider", "accounts", "logins",
		"renewals", "forced", "failed", "requests", "waited", "wait", "idle", "abs.", "rev.", "lost", "early", "thin", "hungry")
	line := func(name string, n int, c tally) {
		t.Logf("%-34s %8d %6d %8d %6d %6d %8d %6d %5.1f | %5d %5d %5d | %4d %5d %4d %6d", name, n, c.logins, c.renewals, c.forced,
			c.failed, c.requests, c.waited, c.longest.Seconds(), c.idle, c.absolute, c.revoked, c.lost, c.early, c.thin, c.hungry)
	}
	for kind, k := range simulated {
		var sum tally
		n := max(k.accounts/share, 2)
		for i := range n {
			w := newSimulation(t, k.manners, k.days, [2]uint64{uint64(kind), uint64(i)})
			w.run()
			sum.add(w.tally)
		}
		line(k.name, n, sum)
		all.add(sum)
		accounts += n
	}
	line("all", accounts, all)
	t.Logf("%d restarts, %d clock jumps, %d renewals by a clock that was wrong; %v",
		all.restarts, all.jumps, all.wrongClock, time.Since(began).Round(time.Millisecond))
	switch {
	case all.lost > 0:
		t.Errorf("%d sessions were lost that the provider would have renewed", all.lost)
	case all.early > 0:
		t.Errorf("%d renewals came before their time", all.early)
	case all.thin > 0:
		t.Errorf("%d tokens were handed out below the promised margin", all.thin)
	case all.hungry > 0:
		t.Errorf("%d requests got nothing though the provider answered", all.hungry)
	case all.endless > 0:
		t.Errorf("%d times kubectl was told a past end, or one after the token's", all.endless)
	case all.renewals == 0 || all.idle == 0 || all.absolute == 0 || all.revoked == 0 || all.wrongClock == 0 || all.forced == 0:
		t.Error("the simulation did not meet what it is about")
	}
}

func TestAHundredAccountsDueInTheSameSecondAreSpread(t *testing.T) {
	for _, idle := range []time.Duration{0, 30 * time.Minute} {
		m := manners{life: time.Hour, idle: idle, announces: true, rotates: true}
		draw := rand.New(rand.NewPCG(1, 2))
		due := map[int64]int{}
		for range 100 {
			p := &issuer{manners: m}
			given := p.login(t0)
			s, _ := play(session{known: true}, t0, loginBegun{}, entered{grant: given.grant(t0)}, stored{},
				verified{of: lineage{true, t0}, token: p.token(given, t0), claims: alice, r: draw.Float64()}, settled{})
			due[s.deadline().Unix()]++
		}
		most := 0
		for _, n := range due {
			most = max(most, n)
		}
		if len(due) < 50 || most > 5 {
			t.Errorf("idle limit %v: a hundred renewals in %d different seconds, %d in one", idle, len(due), most)
		}
	}
}
