package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// authRequestLife is how long a person has to log in, and a client to redeem its code.
const authRequestLife = 10 * time.Minute

// authRequest is a login under way, by code or by password. It implements op.AuthRequest. Those in the storage are never handed
// out, only copies.
type authRequest struct {
	oidc.AuthRequest // what the client asked for
	id               string
	made             time.Time
	user             *user // nil until the person has logged in
	authTime         time.Time
}

func (r *authRequest) GetID() string          { return r.id }
func (r *authRequest) GetACR() string         { return "" }
func (r *authRequest) GetAMR() []string       { return []string{"pwd"} }
func (r *authRequest) GetAudience() []string  { return []string{r.ClientID} }
func (r *authRequest) GetAuthTime() time.Time { return r.authTime }
func (r *authRequest) GetClientID() string    { return r.ClientID }
func (r *authRequest) GetNonce() string       { return r.Nonce }
func (r *authRequest) GetScopes() []string    { return r.Scopes }
func (r *authRequest) Done() bool             { return r.user != nil }

func (r *authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	if r.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

func (r *authRequest) GetSubject() string {
	if r.user == nil {
		return ""
	}
	return r.user.subject
}

var errNoAuthRequest = errors.New("this login is unknown or has expired; begin again")

// CreateAuthRequest implements op.AuthStorage.
func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if len(asked.Prompt) == 1 && asked.Prompt[0] == oidc.PromptNone {
		return nil, oidc.ErrLoginRequired() // nobody stays logged in at this provider's page
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(asked.State) < s.manners.minState {
		return nil, &oidc.Error{ErrorType: "invalid_state", Description: "The state is missing or has too few characters."}
	}
	now := time.Now()
	for id, old := range s.authRequests {
		if now.Sub(old.made) > authRequestLife {
			delete(s.authRequests, id)
		}
	}
	request := &authRequest{AuthRequest: *asked, id: rand.Text(), made: now}
	s.authRequests[request.id] = request
	return request.copy(), nil
}

func (r *authRequest) copy() *authRequest {
	c := *r
	return &c
}

// AuthRequestByID implements op.AuthStorage.
func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authRequest(id)
}

func (s *storage) authRequest(id string) (*authRequest, error) {
	request, known := s.authRequests[id]
	if !known || time.Since(request.made) > authRequestLife {
		return nil, errNoAuthRequest
	}
	return request.copy(), nil
}

// AuthRequestByCode implements op.AuthStorage. A code works once (RFC 6749 4.1.2).
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.codes[code]
	delete(s.codes, code)
	return s.authRequest(id)
}

// SaveAuthCode implements op.AuthStorage.
func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest implements op.AuthStorage.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.authRequests, id)
	return nil
}

// finishLogin notes that u has logged in for the request called id.
func (s *storage) finishLogin(id string, u *user) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, known := s.authRequests[id]
	if !known {
		return errNoAuthRequest
	}
	request.user, request.authTime = u, time.Now()
	return nil
}
