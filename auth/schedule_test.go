package auth

import (
	"testing"
	"time"
)

func TestTheLeadIsAFifthOfTheLifeWithinItsBounds(t *testing.T) {
	issued := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		life, floor, lead time.Duration
	}{
		{10 * time.Second, 30 * time.Second, 5 * time.Second},
		{5 * time.Minute, 30 * time.Second, time.Minute},
		{5 * time.Minute, 90 * time.Second, 90 * time.Second},
		{time.Hour, 30 * time.Second, 12 * time.Minute},
		{24 * time.Hour, 30 * time.Second, 4*time.Hour + 48*time.Minute},
		{0, 30 * time.Second, 0},
		{-time.Hour, 30 * time.Second, 0},
	} {
		end := issued.Add(c.life)
		p := schedule(issued, end, time.Time{}, c.floor, 0)
		if got := end.Sub(p.renew); got != c.lead {
			t.Errorf("life %v, floor %v: lead %v, want %v", c.life, c.floor, got, c.lead)
		}
		if got := end.Sub(p.urgent); got != c.lead/2 {
			t.Errorf("life %v: urgent with %v left, want %v", c.life, got, c.lead/2)
		}
		if got := end.Sub(p.pressing); got != c.lead/4 {
			t.Errorf("life %v: pressing with %v left, want %v", c.life, got, c.lead/4)
		}
		early := schedule(issued, end, time.Time{}, c.floor, 0.999)
		if d := p.renew.Sub(early.renew); d < 0 || d > c.lead/4 {
			t.Errorf("life %v: spread by %v, want at most a quarter of the lead", c.life, d)
		}
	}
}

func TestAnIdleLimitBringsTheRenewalForward(t *testing.T) {
	issued := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	p := schedule(issued, issued.Add(time.Hour), issued.Add(30*time.Minute), leadFloor, 0)
	if want := issued.Add(15 * time.Minute); !p.renew.Equal(want) {
		t.Errorf("renew at %v, want before half of the idle limit has passed: %v", p.renew, want)
	}
	p = schedule(issued, issued.Add(time.Hour), issued.Add(12*time.Hour), leadFloor, 0)
	if want := issued.Add(48 * time.Minute); !p.renew.Equal(want) {
		t.Errorf("renew at %v, want %v: the idle limit is far", p.renew, want)
	}
}

func TestKubectlIsToldAnEndBeforeTheRealOneAndNeverAPastOne(t *testing.T) {
	issued := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	end := issued.Add(5 * time.Minute)
	p := schedule(issued, end, time.Time{}, leadFloor, 0)
	for _, c := range []struct{ left, told time.Duration }{
		{5 * time.Minute, 5*time.Minute - 15*time.Second},
		{18 * time.Second, 5 * time.Second},
		{10 * time.Second, 5 * time.Second},
		{3 * time.Second, 3 * time.Second},
	} {
		now := end.Add(-c.left)
		if got := p.told(end, now).Sub(now); got != c.told {
			t.Errorf("%v left: told %v, want %v", c.left, got, c.told)
		}
	}
}

func TestBackoffDoublesToFiveMinutesAndObeysRetryAfter(t *testing.T) {
	for _, c := range []struct {
		n     int
		after time.Duration
		want  time.Duration
	}{
		{1, 0, time.Second}, {2, 0, 2 * time.Second}, {9, 0, 256 * time.Second}, {10, 0, 5 * time.Minute}, {500, 0, 5 * time.Minute},
		{1, time.Minute, time.Minute}, {1, 24 * time.Hour, 15 * time.Minute},
	} {
		if got := backoff(c.n, c.after, 0.5); got != c.want {
			t.Errorf("failure %d, Retry-After %v: %v, want %v", c.n, c.after, got, c.want)
		}
		for _, r := range []float64{0, 0.999} {
			if got := backoff(c.n, 0, r); got < c.want*3/4 && c.after == 0 || got > c.want*5/4 && c.after == 0 {
				t.Errorf("failure %d with r=%v: %v is more than a quarter off %v", c.n, r, got, c.want)
			}
		}
	}
}
