package provider

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/kubecreds/kubecreds/demo/control"
)

// storage is all the provider remembers, in memory. It implements op.Storage and op.DeviceAuthorizationStorage; the methods stand
// in the files of their subjects.
type storage struct {
	users          []*user // never changes
	options        Options // neither do these: what the provider was started with
	deviceInterval time.Duration

	mu            sync.Mutex // guards what follows
	manners       manners
	idToken       time.Duration
	refreshToken  time.Duration
	grace         time.Duration
	keys          []signingKey // the last one signs
	authRequests  map[string]*authRequest
	codes         map[string]string // code -> ID of an authRequest
	sessions      []*session        // in order of their login
	refreshTokens map[string]*refreshToken
	accessTokens  map[string]*accessToken
	devices       map[string]*device // by device code
}

var (
	_ op.Storage                    = (*storage)(nil)
	_ op.DeviceAuthorizationStorage = (*storage)(nil)
)

func newStorage(o Options) (*storage, error) {
	key, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	s := &storage{
		users:          users(),
		options:        o,
		deviceInterval: cmp.Or(o.DeviceInterval, 5*time.Second),
		keys:           []signingKey{key},
		authRequests:   make(map[string]*authRequest),
		codes:          make(map[string]string),
		refreshTokens:  make(map[string]*refreshToken),
		accessTokens:   make(map[string]*accessToken),
		devices:        make(map[string]*device),
	}
	return s, s.setManners(o.Manners)
}

// setManners gives the provider other manners, with their lifetimes and grace period, from now on. Lifetimes that it was started
// with are kept.
func (s *storage) setManners(name control.Manners) error {
	m, err := mannersOf(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manners = m
	s.idToken = cmp.Or(s.options.IDToken, m.idToken, 5*time.Minute)
	s.refreshToken = cmp.Or(s.options.RefreshToken, m.refreshToken, 12*time.Hour)
	s.grace = m.grace
	return nil
}

// mannersNow returns the manners of a request that begins now.
func (s *storage) mannersNow() manners {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.manners
}

// Health implements op.Storage.
func (s *storage) Health(context.Context) error { return nil }

// SetUserinfoFromScopes implements op.OPStorage: the claims of an ID token.
func (s *storage) SetUserinfoFromScopes(_ context.Context, info *oidc.UserInfo, subject, _ string, scopes []string) error {
	u := s.bySubject(subject)
	if u == nil {
		return errors.New("no such user")
	}
	u.claims(info, scopes)
	return nil
}

// SetUserinfoFromToken implements op.OPStorage: the answer of the userinfo endpoint.
func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, tokenID, _, _ string) error {
	token, err := s.usableAccessToken(tokenID)
	if err != nil {
		return err
	}
	token.user.claims(info, token.scopes)
	return nil
}

// SetIntrospectionFromToken implements op.OPStorage: the answer of the introspection endpoint (RFC 7662).
func (s *storage) SetIntrospectionFromToken(_ context.Context, answer *oidc.IntrospectionResponse, tokenID, _, _ string) error {
	token, err := s.usableAccessToken(tokenID)
	if err != nil {
		return err
	}
	info := new(oidc.UserInfo)
	token.user.claims(info, token.scopes)
	answer.SetUserInfo(info)
	answer.Scope = token.scopes
	answer.ClientID = token.client
	answer.Expiration = oidc.FromTime(token.expires)
	return nil
}

// GetPrivateClaimsFromScopes implements op.OPStorage: the claims of a JWT access token, which no client here gets.
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID implements op.OPStorage: keys of clients, which have none.
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errors.New("clients have no keys here")
}

// ValidateJWTProfileScopes implements op.OPStorage: scopes of the JWT profile grant, which no client here may use.
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, oidc.ErrUnauthorizedClient()
}
