package auth

import (
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
)

// What happens to the machine, and what its person does.

func (w *simulation) sleep() {
	w.asleep, w.waiting, w.look = true, false, time.Time{}
	if w.now.Before(w.unseen) {
		w.unseen = w.end
	}
}

func (w *simulation) wake() {
	w.asleep, w.woke = false, w.now
	w.look = w.now.Add(time.Second + w.upTo(2*time.Second))
	if w.unseen == w.end {
		w.unseen = w.look.Add(time.Second)
	}
	if set := w.setAtWake; set != nil {
		w.setAtWake = nil
		w.at(w.now.Add(10*time.Second+w.upTo(time.Minute)), set)
		w.sortPlan()
	}
}

// setClock sets the machine's clock. The keeper sees that after half a minute at most.
func (w *simulation) setClock(ahead time.Duration) {
	switch {
	case w.asleep: // a clock is set when the network is there again
		w.setAtWake = func() { w.setClock(ahead) }
		return
	case w.ahead == ahead:
		return
	}
	w.feed(looked{}) // the last look before the jump: the keeper looks every half minute, which is left out here
	w.jumps++
	w.ahead, w.free = ahead, true
	w.look = w.now.Add(time.Second + w.upTo(tick+2*time.Second))
	w.unseen = w.look.Add(time.Second)
}

func (w *simulation) restart() {
	if w.asleep || w.answer != nil {
		return // it ends when what is under way has ended: left out
	}
	w.restarts++
	w.s, w.waiting, w.free = session{account: "corp", serial: w.s.serial}, false, true
	w.feed(started{})
}

func (w *simulation) renewNow() {
	if w.asleep {
		return
	}
	w.free = true
	w.feed(looked{force: true})
}

func (w *simulation) revokeSession() {
	for i := range w.p.logins {
		if w.p.logins[i].dead == "" {
			w.p.logins[i].dead = "revoked"
		}
	}
}

// person logs in, as soon as the provider answers.
func (w *simulation) person() {
	if w.asleep || !w.up(w.now) || w.answer != nil {
		w.at(w.now.Add(10*time.Minute), w.person)
		w.sortPlan()
		return
	}
	w.due = false
	w.feed(loginBegun{})
	w.logins++
	w.given, w.arrived = w.p.login(w.now), w.clock()
	w.wasGranted()
	w.feed(entered{grant: w.given.grant(w.clock()), record: keychain.Record{Issuer: "https://i"}})
}

func (w *simulation) sortPlan() {
	last := w.plan[len(w.plan)-1]
	i := len(w.plan) - 1
	for ; i > 0 && last.at.Before(w.plan[i-1].at); i-- {
		w.plan[i] = w.plan[i-1]
	}
	w.plan[i] = last
}

// ended looks into why a login is needed, and logs in again.
func (w *simulation) ended() {
	if w.due || w.s.entering {
		return
	}
	l, _, generation := w.p.find(w.s.record.Refresh.Reveal())
	switch {
	case l.dead == "idle" && !w.couldRenew(l.used.Add(w.p.idle/2), l.used.Add(w.p.idle)):
		w.idle++
	case l.dead == "absolute":
		w.absolute++
	case l.dead == "revoked":
		w.revoked++
	default:
		w.lost++
		w.Logf("%s, seed %v: lost at %v: the provider says %q of generation %d of %d; %+v", w.p.name, w.seed, w.now, l.dead, generation, l.latest, w.s.ended)
	}
	w.due = true
	w.at(w.now.Add(time.Second+w.upTo(20*time.Minute)), w.person)
	w.sortPlan()
}

// couldRenew reports whether, between two times, the machine was awake and the provider up for so long that a renewal was
// certain.
func (w *simulation) couldRenew(from, to time.Time) bool {
	return w.p.announces && w.woke.Before(from) && w.upBetween(from.Add(-15*time.Minute), to)
}

// request is kubectl asking for a token.
func (w *simulation) request() {
	if w.asleep || w.waiting || w.due {
		return
	}
	w.requests++
	w.asked, w.patience = w.now, w.now.Add(5*time.Second)
	a := w.s.answer(w.clock())
	if a.better {
		w.feed(wanted{})
		a = w.s.answer(w.clock())
	}
	if a.wait > 0 && w.s.busy {
		w.waiting = true
		w.waited++
		if a.wait < forever {
			w.patience = w.now.Add(a.wait)
		}
		return
	}
	w.check(a)
}

func (w *simulation) answerRequest() {
	a := w.s.answer(w.clock())
	if w.now.Before(w.patience) && a.wait > 0 && w.s.busy {
		return
	}
	w.waiting = false
	w.longest = max(w.longest, w.now.Sub(w.asked))
	w.check(a)
}

// check looks at what a request was given.
func (w *simulation) check(a reply) {
	calm := w.upBetween(w.now.Add(-20*time.Minute), w.now) && w.s.ended == (Reason{})
	if a.err != nil {
		w.refused++
		if calm && w.s.known && !w.s.busy && w.p.takes(w.s.record.Refresh.Reveal(), w.now) {
			w.hungry++
			w.Logf("%s: %v at %v", w.p.name, a.err, w.now)
		}
		return
	}
	if now := w.clock(); a.token.Tell.Before(now) || a.token.Tell.After(a.token.Expires) {
		w.endless++
	}
	left := w.p.life - w.now.Sub(w.given.at)
	margin := min(max(w.p.life/5, leadFloor), w.p.life/2) / 4
	switch {
	case left >= margin:
	case calm && w.s.healthy():
		w.thin++
		w.Logf("%s: %v left at %v (by our clock %v), promised %v", w.p.name, left, w.now, a.token.Expires.Sub(w.clock()), margin)
	}
}

// checkClock holds what is said of the clock against the truth.
func (w *simulation) checkClock(v verified) {
	if w.s.of(v.of) == nil && !w.s.record.Since.Equal(v.of.since) {
		return
	}
	wrong := w.ahead.Abs() > clockBears+2*time.Second
	if wrong {
		w.wrongClock++
	}
	if right := w.ahead.Abs() < clockBears-2*time.Second; wrong && !w.s.troubles.Has(ClockWrong) || right && w.s.troubles.Has(ClockWrong) {
		w.Errorf("the clock is %v ahead, and the troubles are %v", w.ahead, w.s.troubles)
	}
}
