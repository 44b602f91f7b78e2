package auth

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

// The fault suite. A person logs in, the session is renewed twice, the person logs in again, the session is renewed twice
// more; one thing goes wrong on the way, and at one effect the program dies. Afterwards a new program, from what the keychain holds,
// must have the session, unless the provider really ended it. Every manner, every thing that can go wrong at every effect, and
// every cut are tried with each other.

var faultManners = []manners{
	{name: "rotates, ends the session on reuse", rotates: true, family: true},
	{name: "the same with a minute's grace", rotates: true, family: true, grace: time.Minute},
	{name: "Dex", rotates: true, single: true, weak: true},
	{name: "no rotation"},
	{name: "no refresh token in the answer", omits: true},
	{name: "no ID token on renewal", rotates: true, family: true, noIDToken: true},
	{name: "500 when crowded", rotates: true, crowded: time.Second},
	{name: "sliding end, announced", rotates: true, family: true, idle: 90 * time.Minute, announces: true},
}

// mishap is what goes wrong at one effect.
type mishap uint8

const (
	nothing     mishap = iota
	unreachable        // a request does not reach the provider
	unanswered         // a request reaches it, and the answer is lost
	untrusted          // a token does not verify
	refused            // the keychain refuses one write
	refuses            // the keychain refuses from here on, until the program dies
)

// cut is how the program dies at an effect.
type cut uint8

const (
	whole  cut = iota
	before     // before the effect did anything
	after      // when it was done, before its answer arrived
)

// faultRun is one run.
type faultRun struct {
	p     *issuer
	chain [2]keychain.Record
	s     session
	now   time.Time
	queue []effect
	given issue // what the last grant came with

	wrong   mishap
	wrongAt int
	cut     cut
	cutAt   int
	ran     int  // effects so far; a login's request counts as one
	dead    bool // the program
	had     bool // the keychain has held a session
	window  bool // an answer of the provider was lost before it could be written
	healed  bool
}

// next counts an effect and says what happens at it.
func (w *faultRun) next() (m mishap, dies cut) {
	w.ran++
	if w.healed {
		return nothing, whole
	}
	if w.wrongAt == w.ran || w.wrong == refuses && w.ran > w.wrongAt {
		m = w.wrong
	}
	if w.cutAt == w.ran {
		dies = w.cut
	}
	return m, dies
}

func (w *faultRun) feed(e event) {
	if w.dead {
		return
	}
	var do []effect
	w.s, do = step(w.s, e, w.now)
	w.queue = append(w.queue, do...)
}

// run runs effects until there are none, as the keeper does.
func (w *faultRun) run() {
	for len(w.queue) > 0 && !w.dead {
		e := w.queue[0]
		w.queue = w.queue[1:]
		m, dies := w.next()
		if dies == before {
			w.die(e)
			return
		}
		answer := w.perform(e, m)
		if dies != whole {
			w.die(e)
			return
		}
		w.feed(answer)
	}
	if !w.dead && w.s.busy {
		w.feed(settled{})
	}
}

// die ends the program at e. What the provider gave is in the window if it was on its way, or arrived and was not yet written.
func (w *faultRun) die(e effect) {
	w.dead = true
	switch e := e.(type) {
	case doRenew:
		w.window = true
	case doStore:
		kept := e.record.Refresh.Equal(w.chain[keychain.Current].Refresh) || e.record.Refresh.Equal(w.chain[keychain.Pending].Refresh)
		w.window = w.window || !kept && !w.s.status(w.now).Troubles.Has(NotStored)
	}
}

func (w *faultRun) perform(e effect, m mishap) event {
	switch e := e.(type) {
	case doLoad:
		return loaded{current: w.chain[keychain.Current], pending: w.chain[keychain.Pending]}
	case doRenew:
		if m == unreachable {
			return granted{of: e.of, err: &oidc.Weather{}}
		}
		given, err := w.p.renew(e.record.Refresh.Reveal(), w.now)
		if m == unanswered {
			w.window = w.window || err == nil
			err = &oidc.Weather{}
		}
		if err != nil {
			return granted{of: e.of, err: err}
		}
		w.given = given
		return granted{of: e.of, grant: given.grant(w.now)}
	case doStore:
		if m == refused || m == refuses {
			return stored{e, errors.New("refused")}
		}
		w.chain[e.slot], w.had = e.record, true
		return stored{e, nil}
	case doVerify:
		switch {
		case m == unreachable, m == unanswered:
			return verified{of: e.of, err: &oidc.Weather{}}
		case !w.given.idToken:
			return verified{of: e.of, err: oidc.ErrNoIDToken}
		case m == untrusted:
			return verified{of: e.of, err: &oidc.Untrusted{}}
		}
		return verified{of: e.of, token: w.p.token(w.given, w.now), claims: alice}
	case doForget:
		if m == refused || m == refuses {
			return forgotten{errors.New("refused")}
		}
		w.chain[e.slot] = keychain.Record{}
		return forgotten{}
	case doRevoke:
		if m != unreachable {
			w.p.revoke(e.record.Refresh.Reveal())
		}
		return revoked{}
	}
	panic(fmt.Sprintf("%T", e))
}

// login is a person's login: its request is an effect too.
func (w *faultRun) login() {
	if w.dead {
		return
	}
	w.feed(loginBegun{})
	m, dies := w.next()
	if m == unreachable || dies == before {
		w.dead = dies == before
		w.feed(loginFailed{reason: Reason{Code: CodeUnreachable}})
		return
	}
	w.given = w.p.login(w.now)
	if m == unanswered || dies != whole {
		w.window, w.dead = true, dies != whole
		w.feed(loginFailed{reason: Reason{Code: CodeUnreachable}})
		return
	}
	w.window = false // what came before is replaced
	w.feed(entered{grant: w.given.grant(w.now), record: keychain.Record{Issuer: "https://i"}})
	w.run()
}

// pass lets time pass up to the next deadline and a little more, at most d.
func (w *faultRun) pass(d time.Duration) {
	end := w.now.Add(d)
	for !w.dead && w.now.Before(end) {
		next := w.s.deadline()
		if next.IsZero() || next.After(end) {
			next = end
		}
		if next.Sub(w.now) < time.Second {
			next = w.now.Add(time.Second)
		}
		w.now = next
		w.feed(looked{})
		w.run()
	}
}

func (w *faultRun) restart() {
	w.s, w.queue, w.dead = session{account: "corp"}, nil, false
	w.feed(started{})
	w.run()
}

// play is the life that is cut.
func (w *faultRun) play() {
	w.restart()
	w.login()
	w.pass(100 * time.Minute) // two renewals
	w.login()
	w.pass(100 * time.Minute)
}

// verdict is "" if all is well.
func (w *faultRun) verdict() string {
	told := w.s.status(w.now).Troubles.Has(NotStored)
	cutShort := !w.chain[keychain.Pending].Refresh.Empty()
	w.healed = true
	w.restart()
	w.pass(2 * time.Minute)
	st := w.s.status(w.now)
	held := w.s.record.Refresh.Reveal()
	if held == "" {
		held = w.s.candidate.Refresh.Reveal()
	}
	alive := w.p.takes(held, w.now) && (st.Phase == Valid && st.Until.After(w.now) || w.p.noIDToken && st.Reason.Code == CodeNoIDToken)
	switch {
	case alive, !w.had && (w.window || len(w.p.logins) == 0):
		return ""
	case w.window && (w.p.rotates || w.p.single) && w.p.grace == 0:
		return "window"
	case told:
		return "told"
	case w.p.noIDToken && (cutShort || held == ""):
		return "no ID token" // the login's token is gone with the program, and nothing brings another
	}
	return fmt.Sprintf("lost: phase %v %v, held %q, reused %d", st.Phase, st.Reason, held, w.p.reused)
}

func TestEveryCutOfEveryFaultLeavesASessionOrTheProviderEndedIt(t *testing.T) {
	total := 0
	for _, m := range faultManners {
		m.life = time.Hour
		counts := map[string]int{}
		newRun := func(wrong mishap, wrongAt int, c cut, cutAt int) *faultRun {
			return &faultRun{p: &issuer{manners: m}, now: t0, wrong: wrong, wrongAt: wrongAt, cut: c, cutAt: cutAt}
		}
		clean := newRun(nothing, 0, whole, 0)
		clean.play()
		for wrong := nothing; wrong <= refuses; wrong++ {
			for wrongAt := 1; wrongAt <= clean.ran && (wrong != nothing || wrongAt == 1); wrongAt++ {
				full := newRun(wrong, wrongAt, whole, 0)
				full.play()
				for cutAt := 1; cutAt <= full.ran+1; cutAt++ {
					if raceDetector && (cutAt+wrongAt)%8 != 0 {
						continue // there is no race to be found here, and it takes ten times as long
					}
					for _, c := range []cut{before, after} {
						w := newRun(wrong, wrongAt, c, cutAt)
						w.play()
						v := w.verdict()
						counts[v]++
						total++
						if v != "" && v != "window" && v != "told" && v != "no ID token" {
							t.Errorf("%s: mishap %d at effect %d, cut %d at effect %d: %s", m.name, wrong, wrongAt, c, cutAt, v)
						}
					}
				}
			}
		}
		t.Logf("%-36s %2d effects: %5d sessions live; the answer had not arrived %4d; the person was told %4d; its token was the only one %d", m.name, clean.ran, counts[""], counts["window"], counts["told"], counts["no ID token"])
		if m.grace > 0 && counts["window"] > 0 {
			t.Errorf("%s: lost in spite of the grace", m.name)
		}
	}
	t.Logf("%d runs", total)
}
