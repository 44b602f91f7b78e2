package auth

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// manners are how a provider treats sessions.
type manners struct {
	name      string
	life      time.Duration // of its tokens
	idle, max time.Duration // after how long without a renewal, and at all, a session ends; 0: never
	announces bool          // it says when the refresh token ends
	rotates   bool          // each renewal replaces the refresh token
	family    bool          // a replaced refresh token that comes again ends the session
	grace     time.Duration // so long after its replacement an old one still gets the new one
	single    bool          // a login ends the sessions before it
	weak      bool          // it refuses with 400 invalid_request
	omits     bool          // its renewals name no refresh token
	noIDToken bool          // its renewals bring no ID token
	crowded   time.Duration // renewals that follow the last one sooner are answered with 500
}

// issuer is a provider whose clock is the caller's. A refresh token reads "login.generation".
type issuer struct {
	manners
	logins []grantedLogin
	last   time.Time
	reused int // replaced refresh tokens that came again
}

type grantedLogin struct {
	began, used, rotated time.Time
	latest               int
	dead                 string // why, if it is
}

// issue is what the provider gives: by its own clock.
type issue struct {
	refresh string
	left    time.Duration // until the refresh token ends; 0: it does not say
	idToken bool
	at      time.Time
}

func (p *issuer) login(at time.Time) issue {
	for i := range p.logins {
		if p.single && p.logins[i].dead == "" {
			p.logins[i].dead = "replaced"
		}
	}
	p.logins = append(p.logins, grantedLogin{began: at, used: at})
	return p.issue(len(p.logins)-1, at, true)
}

func (p *issuer) issue(login int, at time.Time, idToken bool) issue {
	l := &p.logins[login]
	i := issue{refresh: strconv.Itoa(login) + "." + strconv.Itoa(l.latest), idToken: idToken, at: at}
	if p.announces {
		i.left = p.idle
		if rest := l.began.Add(p.max).Sub(at); p.max > 0 && (p.idle == 0 || rest < p.idle) {
			i.left = rest
		}
	}
	return i
}

func (p *issuer) find(refresh string) (l *grantedLogin, login, generation int) {
	a, b, _ := strings.Cut(refresh, ".")
	login, _ = strconv.Atoi(a)
	generation, _ = strconv.Atoi(b)
	return &p.logins[login], login, generation
}

// end ends what has run out by at, and says why it is over; "" if it is not.
func (p *issuer) end(l *grantedLogin, at time.Time) string {
	switch {
	case l.dead != "":
	case p.idle > 0 && at.Sub(l.used) > p.idle:
		l.dead = "idle"
	case p.max > 0 && at.Sub(l.began) >= p.max:
		l.dead = "absolute"
	}
	return l.dead
}

func (p *issuer) renew(refresh string, at time.Time) (issue, error) {
	crowded := p.crowded > 0 && at.Sub(p.last) < p.crowded
	p.last = at
	if crowded {
		return issue{}, &oidc.Weather{Words: "500"}
	}
	no := &oidc.Refusal{Kind: oidc.Ended, Words: "over", Weak: p.weak}
	l, login, generation := p.find(refresh)
	if p.end(l, at) != "" {
		return issue{}, no
	}
	if generation < l.latest {
		if generation == l.latest-1 && at.Sub(l.rotated) <= p.grace {
			return p.issue(login, at, !p.noIDToken), nil
		}
		if p.reused++; p.family {
			l.dead = "reuse"
		}
		return issue{}, no
	}
	l.used = at
	if p.rotates {
		l.latest, l.rotated = l.latest+1, at
	}
	i := p.issue(login, at, !p.noIDToken)
	if p.omits {
		i.refresh = refresh // as oidc.Renew has it
	}
	return i, nil
}

// takes reports whether the provider would renew a session with refresh.
func (p *issuer) takes(refresh string, at time.Time) bool {
	if refresh == "" {
		return false
	}
	l, _, generation := p.find(refresh)
	return p.end(l, at) == "" && (generation == l.latest || generation == l.latest-1 && at.Sub(l.rotated) <= p.grace)
}

func (p *issuer) revoke(refresh string) {
	l, _, _ := p.find(refresh)
	l.dead = "revoked"
}

// grant is the issue as it arrives where the clock shows now.
func (i issue) grant(now time.Time) oidc.Grant {
	g := oidc.Grant{Refresh: secret.New(i.refresh), Date: i.at}
	if i.left > 0 {
		g.RefreshEnds = now.Add(i.left)
	}
	return g
}

// token is what oidc makes of the issue: its times by the clock that showed now when it arrived.
func (p *issuer) token(i issue, now time.Time) oidc.Token {
	return oidc.Token{Value: secret.New(fmt.Sprint("token of ", i.refresh)), Issued: now, Expires: now.Add(p.life)}
}
