package provider

import (
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// user is a person who can log in, by e-mail address or by what stands before its @.
type user struct {
	subject, email, name, password string
	groups                         []string
	refused                        problem // of the right password, where manners list it; "": none
}

func users() []*user {
	return []*user{
		{"70001", "alice@example.com", "Alice Example", "password", []string{"developers", "oncall"}, ""},
		{"70002", "bob@example.com", "Bob Example", "password", []string{"viewers"}, secondFactor},
		{"70003", "dave@example.com", "Dave Example", "password", []string{"viewers"}, notEnrolled},
	}
}

func (u *user) login() string { return strings.TrimSuffix(u.email, "@example.com") }

// claims sets what scopes let a client know of u.
func (u *user) claims(info *oidc.UserInfo, scopes []string) {
	info.Subject = u.subject
	if slices.Contains(scopes, oidc.ScopeEmail) {
		info.Email = u.email
		info.EmailVerified = true
	}
	if slices.Contains(scopes, oidc.ScopeProfile) {
		info.Name = u.name
		info.PreferredUsername = u.login()
	}
	if slices.Contains(scopes, scopeGroups) {
		info.AppendClaims("groups", u.groups)
	}
}

// named returns the user who logs in as name, or nil.
func (s *storage) named(name string) *user {
	for _, u := range s.users {
		if name == u.email || name == u.login() {
			return u
		}
	}
	return nil
}

func (s *storage) bySubject(subject string) *user {
	for _, u := range s.users {
		if subject == u.subject {
			return u
		}
	}
	return nil
}

// authenticate returns the user with this name and password, or nil.
func (s *storage) authenticate(name, password string) *user {
	u := s.named(name)
	if u == nil || subtle.ConstantTimeCompare([]byte(u.password), []byte(password)) == 0 {
		return nil
	}
	return u
}
