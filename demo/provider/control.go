package provider

import (
	"fmt"
	"net/http"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
)

// Control is the provider's part of the control API; see package control.
func (p *Provider) Control() http.Handler {
	type nothing struct{}
	mux := http.NewServeMux()
	mux.Handle("POST /revoke", control.Handle(p.revoke))
	mux.Handle("POST /outage", control.Handle(func(o control.Outage) (control.Outage, error) { return o, p.outage.set(o) }))
	mux.Handle("GET /lifetimes", control.Handle(func(nothing) (control.Lifetimes, error) { return p.storage.lifetimes(), nil }))
	mux.Handle("POST /lifetimes", control.Handle(p.storage.setLifetimes))
	mux.Handle("POST /manners", control.Handle(func(m control.MannersChoice) (control.MannersChoice, error) {
		return m, p.storage.setManners(m.Name)
	}))
	mux.Handle("POST /rotate-keys", control.Handle(func(nothing) (nothing, error) { return nothing{}, p.storage.rotateKeys() }))
	mux.Handle("GET /counts", control.Handle(func(nothing) (control.Counts, error) { return p.counts.get(), nil }))
	mux.Handle("POST /counts/reset", control.Handle(func(nothing) (nothing, error) { p.counts.reset(); return nothing{}, nil }))
	mux.Handle("GET /sessions", control.Handle(func(nothing) ([]control.Session, error) { return p.storage.list(), nil }))
	return mux
}

func (p *Provider) revoke(r control.Revocation) (control.Revocation, error) {
	u := p.storage.named(r.User)
	if u == nil {
		return r, fmt.Errorf("no user %q; write alice, bob or dave", r.User)
	}
	return control.Revocation{User: u.email, Ended: p.storage.revoke(u)}, nil
}

func (s *storage) lifetimes() control.Lifetimes {
	s.mu.Lock()
	defer s.mu.Unlock()
	return control.Lifetimes{
		IDToken:      new(control.In(s.idToken)),
		RefreshToken: new(control.In(s.refreshToken)),
		Grace:        new(control.In(s.grace)),
	}
}

// setLifetimes sets those given, all or none, and returns all.
func (s *storage) setLifetimes(l control.Lifetimes) (control.Lifetimes, error) {
	for name, given := range map[string]*control.Seconds{"idToken": l.IDToken, "refreshToken": l.RefreshToken} {
		if given != nil && *given < 1 {
			return l, fmt.Errorf("%s: %v is less than a second", name, *given)
		}
	}
	if l.Grace != nil && *l.Grace < 0 {
		return l, fmt.Errorf("grace: %v is negative", *l.Grace)
	}
	s.mu.Lock()
	change(&s.idToken, l.IDToken)
	change(&s.refreshToken, l.RefreshToken)
	change(&s.grace, l.Grace)
	s.mu.Unlock()
	return s.lifetimes(), nil
}

func change(d *time.Duration, to *control.Seconds) {
	if to != nil {
		*d = to.Duration()
	}
}
