package auth

import "time"

const (
	leadFloor = 30 * time.Second // the shortest lead of a delivery that asks for nothing else
	tellFloor = 5 * time.Second  // kubectl is never told an end nearer than this
)

// plan is when to renew one token, and what to say of it meanwhile.
type plan struct {
	renew    time.Time // renew from here on
	urgent   time.Time // a request starts a renewal and waits a second for it
	pressing time.Time // a request waits for the renewal as long as it may
	tell     time.Time // the end that kubectl is told
}

// schedule plans the renewal of a token that was issued and expires at these times. idleEnd is when its refresh token dies
// unless it is renewed before, zero if unknown; floor is the shortest lead the deliveries of its clusters need; r, in [0,1),
// spreads the renewals of many.
//
// The lead is a fifth of the token's life, at least floor, at most half of it. See DESIGN, Renewal.
func schedule(issued, expires, idleEnd time.Time, floor time.Duration, r float64) plan {
	life := max(expires.Sub(issued), 0)
	lead := min(max(life/5, floor), life/2)
	p := plan{
		renew:    expires.Add(-lead - time.Duration(r*float64(lead)/4)),
		urgent:   expires.Add(-lead / 2),
		pressing: expires.Add(-lead / 4),
		tell:     expires.Add(-lead / 4),
	}
	half := idleEnd.Sub(issued) / 2
	if early := issued.Add(half - time.Duration(r*float64(half)/4)); !idleEnd.IsZero() && early.Before(p.renew) {
		p.renew = early
	}
	return p
}

// told is the end to tell kubectl at now: a margin before the real one, never less than 5 s from now (a plugin that names a
// past end is called for every request), never after the real end.
func (p plan) told(expires, now time.Time) time.Time {
	t := p.tell
	if soon := now.Add(tellFloor); t.Before(soon) {
		t = soon
	}
	if expires.Before(t) {
		t = expires
	}
	return t
}

// backoff is how long to wait after the nth failure in a row (n from 1): 1 s doubling to 5 min, with a quarter of jitter
// either way, or what the provider asked for, at most 15 min.
func backoff(n int, retryAfter time.Duration, r float64) time.Duration {
	if retryAfter > 0 {
		return min(retryAfter, 15*time.Minute)
	}
	const longest = 5 * time.Minute
	d := longest
	if n < 10 {
		d = min(time.Second<<(n-1), longest)
	}
	return time.Duration(float64(d) * (0.75 + r/2))
}
