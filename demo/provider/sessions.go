package provider

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/kubecreds/kubecreds/demo/control"
)

// session is what a login with offline_access begins: a family of refresh tokens, each got with the one before.
type session struct {
	user     *user
	client   string
	audience []string
	scopes   []string
	authTime time.Time
	offline  bool   // offline_access was asked for
	newest   string // the refresh token that has not been renewed yet
	expires  time.Time
	renewals int
	end      string // why it is over; "" while it is not
}

// refreshToken is one of a session's, old ones included: their reuse must be noticed.
type refreshToken struct {
	session *session
	expires time.Time
	renewed time.Time // when its successor was issued; zero for the newest
}

// accessToken is what the userinfo endpoint wants. It dies with its session.
type accessToken struct {
	session *session // nil if the login was without offline_access
	user    *user
	client  string
	scopes  []string
	expires time.Time
}

// The ends of a session, as control.Session names them.
const (
	endRevoked   = "revoked"
	endLoggedOut = "logged out"
	endReused    = "reused"
	endExpired   = "expired"
	endReplaced  = "replaced"
)

// redeem returns the refresh token called value if it may be renewed now. One that was renewed before, longer ago than the grace
// period, is taken for stolen and ends its session (RFC 9700 4.14.2), if manners do not forgive. The error is a problem. s.mu is
// held.
func (s *storage) redeem(value string, now time.Time) (*refreshToken, error) {
	token, known := s.refreshTokens[value]
	if !known {
		return nil, tokenUnknown
	}
	if token.session.end != "" {
		return nil, tokenRefused
	}
	if since := now.Sub(token.renewed); !token.renewed.IsZero() && since >= s.grace {
		if since < s.manners.racing {
			return nil, tokenRacing
		}
		if !s.manners.forgiving {
			token.session.finish(endReused)
		}
		return nil, tokenUsed
	}
	if !now.Before(token.expires) {
		return nil, tokenExpired
	}
	return token, nil
}

// renew returns the session of the refresh token called value, which then has a new one, and no new one if value was already
// renewed within the grace period. s.mu is held.
func (s *storage) renew(value string, now time.Time) (*session, error) {
	token, err := s.redeem(value, now)
	if err != nil {
		return nil, err
	}
	token.session.renewals++
	if token.renewed.IsZero() && !s.manners.noRotation {
		token.renewed = now
		s.issueRefreshToken(token.session, now)
	}
	return token.session, nil
}

// begin makes the session that request's login begins. s.mu is held.
func (s *storage) begin(request op.IDTokenRequest, now time.Time) (*session, error) {
	u := s.bySubject(request.GetSubject())
	if u == nil {
		return nil, errors.New("no such user")
	}
	begun := &session{
		user:     u,
		client:   request.GetClientID(),
		audience: request.GetAudience(),
		scopes:   request.GetScopes(),
		authTime: request.GetAuthTime(),
		offline:  !slices.Contains(request.GetScopes(), scopeUnasked),
	}
	if s.manners.oneSession {
		s.end(u, begun.client, endReplaced)
	}
	s.sessions = append(s.sessions, begun)
	s.issueRefreshToken(begun, now)
	return begun, nil
}

func (s *storage) issueRefreshToken(of *session, now time.Time) {
	life := s.refreshToken
	if of.offline {
		life = cmp.Or(s.manners.offlineToken, life)
	}
	of.newest = rand.Text()
	of.expires = now.Add(life)
	s.refreshTokens[of.newest] = &refreshToken{session: of, expires: of.expires}
}

func (s *storage) issueAccessToken(of *session, request op.IDTokenRequest, now time.Time) (id string, expires time.Time) {
	for id, token := range s.accessTokens {
		if !now.Before(token.expires) {
			delete(s.accessTokens, id)
		}
	}
	id, expires = rand.Text(), now.Add(s.idToken)
	s.accessTokens[id] = &accessToken{of, s.bySubject(request.GetSubject()), request.GetClientID(), request.GetScopes(), expires}
	return id, expires
}

func (s *storage) usableAccessToken(id string) (accessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, known := s.accessTokens[id]
	if !known || !time.Now().Before(token.expires) || token.session != nil && token.session.end != "" {
		return accessToken{}, errors.New("the access token is unknown, expired or revoked")
	}
	return *token, nil
}

// CreateAccessToken implements op.AuthStorage: the tokens of a login without offline_access.
func (s *storage) CreateAccessToken(_ context.Context, request op.TokenRequest) (string, time.Time, error) {
	login, ok := request.(op.IDTokenRequest)
	if !ok {
		return "", time.Time{}, oidc.ErrUnsupportedGrantType()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, expires := s.issueAccessToken(nil, login, time.Now())
	return id, expires, nil
}

// CreateAccessAndRefreshTokens implements op.AuthStorage: the tokens of a login with offline_access (current is "") and of a
// renewal. It looks at current once more, because TokenRequestByRefreshToken let go of the lock since.
func (s *storage) CreateAccessAndRefreshTokens(_ context.Context, request op.TokenRequest, current string) (string, string, time.Time, error) {
	login, ok := request.(op.IDTokenRequest)
	if !ok {
		return "", "", time.Time{}, oidc.ErrUnsupportedGrantType()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var of *session
	var err error
	if current == "" {
		of, err = s.begin(login, now)
	} else {
		of, err = s.renew(current, now)
	}
	if err != nil {
		return "", "", time.Time{}, oidc.ErrInvalidGrant().WithParent(err)
	}
	id, expires := s.issueAccessToken(of, login, now)
	return id, of.newest, expires, nil
}

// TokenRequestByRefreshToken implements op.AuthStorage. pkg/op answers its error as invalid_grant.
func (s *storage) TokenRequestByRefreshToken(_ context.Context, value string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, err := s.redeem(value, time.Now())
	if err != nil {
		return nil, err
	}
	of := token.session
	return &renewal{of.user.subject, of.client, of.audience, of.scopes, of.authTime}, nil
}

// GetRefreshTokenInfo implements op.AuthStorage.
func (s *storage) GetRefreshTokenInfo(_ context.Context, _, value string) (subject, id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, known := s.refreshTokens[value]
	if !known {
		return "", "", op.ErrInvalidRefreshToken
	}
	return token.session.user.subject, value, nil
}

// RevokeToken implements op.AuthStorage: a refresh token ends its session (RFC 7009 2.1), an access token only itself.
func (s *storage) RevokeToken(_ context.Context, value, _, client string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token, known := s.refreshTokens[value]; known {
		if token.session.client != client {
			return oidc.ErrInvalidClient().WithDescription("the token is another client's")
		}
		token.session.finish(endLoggedOut)
	}
	if token, known := s.accessTokens[value]; known && token.client == client {
		delete(s.accessTokens, value)
	}
	return nil
}

// TerminateSession implements op.AuthStorage: RP-initiated logout.
func (s *storage) TerminateSession(_ context.Context, subject, client string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(s.bySubject(subject), client, endLoggedOut)
	return nil
}

// end ends the sessions of u and client. s.mu is held.
func (s *storage) end(u *user, client, why string) {
	for _, of := range s.sessions {
		if of.user == u && of.client == client {
			of.finish(why)
		}
	}
}

// refreshLife returns how many seconds the refresh token called value has left, 0 if that is an offline one, whose end is not told.
func (s *storage) refreshLife(value string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, known := s.refreshTokens[value]
	if !known || token.session.offline {
		return 0
	}
	return int64(time.Until(token.expires).Round(time.Second).Seconds())
}

// revoke ends all sessions of u and returns how many were alive.
func (s *storage) revoke(u *user) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	for _, of := range s.sessions {
		if of.user == u && of.whyOver(time.Now()) == "" {
			of.finish(endRevoked)
			ended++
		}
	}
	return ended
}

// list returns every session, oldest first.
func (s *storage) list() []control.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	all := []control.Session{} // [] in JSON, not null
	for _, of := range s.sessions {
		end := of.whyOver(now)
		all = append(all, control.Session{User: of.user.email, Client: of.client, Renewals: of.renewals, Alive: end == "", End: end})
	}
	return all
}

// finish ends the session, for the first reason given.
func (of *session) finish(why string) {
	if of.end == "" {
		of.end = why
	}
}

// whyOver returns why the session cannot be renewed at now, "" if it can.
func (of *session) whyOver(now time.Time) string {
	if of.end == "" && !now.Before(of.expires) {
		return endExpired
	}
	return of.end
}

// renewal is what a refresh token stands for. It implements op.RefreshTokenRequest.
type renewal struct {
	subject, client  string
	audience, scopes []string
	authTime         time.Time
}

func (r *renewal) GetAMR() []string            { return []string{"pwd"} }
func (r *renewal) GetAudience() []string       { return r.audience }
func (r *renewal) GetAuthTime() time.Time      { return r.authTime }
func (r *renewal) GetClientID() string         { return r.client }
func (r *renewal) GetScopes() []string         { return r.scopes }
func (r *renewal) GetSubject() string          { return r.subject }
func (r *renewal) SetCurrentScopes(s []string) { r.scopes = s }
