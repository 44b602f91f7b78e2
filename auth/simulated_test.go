package auth

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

// simulation is one account, its provider and its machine over some days. All times but those handed to step are the
// provider's, which are right; the machine's clock shows ahead more.
type simulation struct {
	*testing.T
	rand *rand.Rand
	seed [2]uint64
	p    *issuer
	tally
	now, end time.Time

	// The machine.
	plan    []happening // what is still to come, in order
	asleep  bool
	ahead   time.Duration
	outages []span
	chain   [2]keychain.Record

	// The program.
	s         session
	queue     []effect
	answer    event     // of the effect under way
	ready     time.Time // when that arrives
	given     issue
	arrived   time.Time // by the machine's clock: when given came
	look      time.Time // when the world is looked at again: zero, or a moment after it changed
	due       bool      // a person is about to log in
	setAtWake func()
	unseen    time.Time // until then a clock jump may go unseen
	woke      time.Time
	granted   time.Time     // when the provider last renewed
	earliest  time.Duration // how soon after that the next renewal may come
	free      bool          // the next renewal is forced: it may come at any time
	failedAt  time.Time     // the last failed try

	waiting  bool      // a request waits
	asked    time.Time // since then
	patience time.Time // until then
}

type span struct{ from, to time.Time }

type happening struct {
	at time.Time
	do func()
}

func newSimulation(t *testing.T, m manners, days int, seed [2]uint64) *simulation {
	r := rand.New(rand.NewPCG(seed[0], seed[1]))
	w := &simulation{T: t, rand: r, seed: seed, p: &issuer{manners: m}, now: t0}
	w.end = t0.AddDate(0, 0, days)
	if days == 1 {
		w.end = t0.Add(2 * time.Hour)
	}
	office := r.IntN(10) == 0 // a machine that never sleeps
	for day := t0.Truncate(24 * time.Hour); day.Before(w.end); day = day.AddDate(0, 0, 1) {
		w.planDay(day, office)
	}
	slices.SortStableFunc(w.plan, func(a, b happening) int { return a.at.Compare(b.at) })
	slices.SortFunc(w.outages, func(a, b span) int { return a.from.Compare(b.from) })
	return w
}

// upTo is a random time of at most d.
func (w *simulation) upTo(d time.Duration) time.Duration {
	return time.Duration(w.rand.Int64N(int64(d)))
}

func (w *simulation) at(t time.Time, do func()) {
	if t.After(w.now) {
		w.plan = append(w.plan, happening{t, do})
	}
}

func (w *simulation) planDay(day time.Time, office bool) {
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	start, stop := day.Add(7*time.Hour+30*time.Minute+w.upTo(time.Hour)), day.Add(17*time.Hour+w.upTo(4*time.Hour))
	if !office && !weekend {
		w.at(start, w.wake)
		w.at(stop, w.sleep)
		if w.rand.IntN(2) == 0 { // the lid is closed over lunch
			lunch := day.Add(12*time.Hour + w.upTo(time.Hour))
			w.at(lunch, w.sleep)
			w.at(lunch.Add(w.upTo(time.Hour)), w.wake)
		}
	}
	if !weekend {
		for t := start; t.Before(stop); t = t.Add(time.Second + w.upTo(80*time.Minute)) {
			w.at(t, w.request)
			if w.rand.IntN(8) == 0 { // a burst: k9s
				for range 5 {
					t = t.Add(2 * time.Second)
					w.at(t, w.request)
				}
			}
		}
	}
	for range w.rand.IntN(4) {
		w.outage(day.Add(w.upTo(24*time.Hour)), 10*time.Second+w.upTo(3*time.Minute))
	}
	if w.rand.IntN(15) == 0 {
		w.outage(day.Add(w.upTo(24*time.Hour)), time.Hour+w.upTo(9*time.Hour))
	}
	if w.rand.IntN(6) == 0 {
		set := day.Add(8*time.Hour + w.upTo(8*time.Hour))
		ahead := w.upTo(48*time.Hour) - 24*time.Hour
		if w.rand.IntN(2) == 0 {
			ahead = w.upTo(40*time.Minute) - 20*time.Minute
		}
		w.at(set, func() { w.setClock(ahead) })
		w.at(set.Add(10*time.Minute+w.upTo(30*time.Hour)), func() { w.setClock(0) })
	}
	if w.rand.IntN(5) == 0 {
		w.at(day.Add(8*time.Hour+w.upTo(8*time.Hour)), w.restart)
	}
	if w.rand.IntN(20) == 0 {
		w.at(day.Add(8*time.Hour+w.upTo(8*time.Hour)), w.revokeSession)
	}
	if w.rand.IntN(10) == 0 {
		w.at(day.Add(8*time.Hour+w.upTo(8*time.Hour)), w.renewNow)
	}
}

func (w *simulation) outage(from time.Time, d time.Duration) {
	w.outages = append(w.outages, span{from, from.Add(d)})
}

// up reports whether the provider answers at t.
func (w *simulation) up(t time.Time) bool {
	for _, o := range w.outages {
		if o.from.After(t) {
			break
		}
		if t.Before(o.to) {
			return false
		}
	}
	return true
}

// upBetween reports whether the provider answered all the time.
func (w *simulation) upBetween(from, to time.Time) bool {
	for _, o := range w.outages {
		if o.from.After(to) {
			break
		}
		if o.to.After(from) {
			return false
		}
	}
	return true
}

// clock is what the machine's clock shows.
func (w *simulation) clock() time.Time { return w.now.Add(w.ahead) }

func (w *simulation) run() {
	w.restart()
	w.person()
	for w.now.Before(w.end) {
		t, do := w.next()
		if t.Before(w.now) {
			w.Fatalf("time runs backwards: %v, %v", w.now, t)
		}
		w.now = t
		do()
		w.turn()
	}
}

// next is what happens next.
func (w *simulation) next() (time.Time, func()) {
	t, do := w.end, func() {}
	sooner := func(at time.Time, f func()) {
		if at.Before(t) {
			t, do = at, f
		}
	}
	if len(w.plan) > 0 {
		sooner(w.plan[0].at, func() {
			f := w.plan[0].do
			w.plan = w.plan[1:]
			f()
		})
	}
	if w.asleep && w.answer == nil {
		return t, do
	}
	if w.answer != nil {
		sooner(w.ready, w.arrive)
	}
	if !w.look.IsZero() {
		sooner(w.look, func() { w.look = time.Time{}; w.feed(looked{again: true}) })
	}
	if at := w.deadline(); !at.IsZero() {
		sooner(at, func() {})
	}
	if w.waiting {
		sooner(w.patience, w.answerRequest)
	}
	return t, do
}

// deadline is when the keeper looks at the session by itself; zero: nothing is planned.
func (w *simulation) deadline() time.Time {
	at := w.s.deadline()
	switch {
	case at.IsZero() || w.asleep:
		return time.Time{}
	case !at.After(w.clock()): // it looked, and nothing came of it: it looks again in tick
		return w.now.Add(tick)
	}
	return at.Add(-w.ahead)
}

// turn is the keeper's: deadlines are compared after everything that happened. A look that would find nothing is left out.
func (w *simulation) turn() {
	if at := w.s.deadline(); !w.asleep && w.look.IsZero() && !at.IsZero() && !at.After(w.clock()) {
		w.feed(looked{})
	}
	if w.s.phase(w.clock()) == LoginNeeded && !w.s.busy {
		w.ended()
	}
}

func (w *simulation) feed(e event) {
	before := w.s.busy
	var do []effect
	w.s, do = step(w.s, e, w.clock())
	w.queue = append(w.queue, do...)
	w.pump()
	if before && !w.s.busy && w.waiting {
		w.answerRequest()
	}
}

// pump starts the next effect.
func (w *simulation) pump() {
	switch {
	case w.answer != nil:
	case len(w.queue) > 0:
		e := w.queue[0]
		w.queue = w.queue[1:]
		var takes time.Duration
		w.answer, takes = w.perform(e)
		w.ready = w.now.Add(takes)
	case w.s.busy:
		w.s, _ = step(w.s, settled{}, w.clock())
	}
}

func (w *simulation) arrive() {
	e := w.answer
	w.answer = nil
	if g, ok := e.(granted); ok && g.err == nil { // made when the answer is there: its times are this clock's
		g.grant = w.given.grant(w.clock())
		w.arrived, e = w.clock(), g
	}
	w.feed(e)
	if v, ok := e.(verified); ok {
		w.checkClock(v)
	}
}

func (w *simulation) perform(e effect) (event, time.Duration) {
	const quick = 20 * time.Millisecond
	switch e := e.(type) {
	case doLoad:
		return loaded{current: w.chain[keychain.Current], pending: w.chain[keychain.Pending]}, quick
	case doStore:
		w.chain[e.slot] = e.record
		return stored{e, nil}, quick
	case doForget:
		w.chain[e.slot] = keychain.Record{}
		return forgotten{}, quick
	case doVerify:
		return verified{of: e.of, token: w.p.token(w.given, w.arrived), claims: alice, r: w.rand.Float64()}, quick
	case doRevoke:
		w.p.revoke(e.record.Refresh.Reveal())
		return revoked{}, quick
	case doRenew:
		return w.renewal(e)
	}
	w.Fatalf("%T", e)
	return nil, 0
}

func (w *simulation) renewal(e doRenew) (event, time.Duration) {
	if !w.up(w.now) {
		w.failed++
		w.failedAt = w.now
		weather := &oidc.Weather{Words: "down"}
		if w.rand.IntN(4) == 0 {
			weather.RetryAfter = w.upTo(20 * time.Minute)
		}
		takes := 10 * time.Millisecond
		if w.rand.IntN(3) == 0 {
			takes = 15 * time.Second
		}
		return granted{of: e.of, err: weather, r: w.rand.Float64()}, takes
	}
	takes := 100*time.Millisecond + w.upTo(1900*time.Millisecond)
	given, err := w.p.renew(e.record.Refresh.Reveal(), w.now)
	if err != nil {
		w.failedAt = w.now
		return granted{of: e.of, err: err, r: w.rand.Float64()}, takes
	}
	w.renewals++
	if gap := w.now.Sub(w.granted); !w.free && gap < w.earliest {
		w.early++
		w.Logf("%s: renewed %v after the last time, not before %v", w.p.name, gap, w.earliest)
	}
	if w.free {
		w.forced++
	}
	w.given = given
	w.wasGranted()
	return granted{of: e.of, r: w.rand.Float64()}, takes
}

// wasGranted notes when the next renewal may come: DESIGN, Renewal.
func (w *simulation) wasGranted() {
	w.granted, w.free = w.now, w.now.Before(w.unseen)
	lead := min(max(w.p.life/5, leadFloor), w.p.life/2)
	w.earliest = w.p.life - lead*5/4
	if w.given.left > 0 {
		w.earliest = min(w.earliest, w.given.left/2*3/4)
	}
}
