package provider

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// token is the token endpoint. The password grant is ours, the others are pkg/op's in parts, to put manners between the parts.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	m := p.storage.mannersNow()
	grant := oidc.GrantType(r.FormValue("grant_type"))
	var exchange func(*http.Request, manners) (*oidc.AccessTokenResponse, error)
	switch grant {
	case grantTypePassword:
		exchange = p.passwordGrant
	case oidc.GrantTypeCode:
		exchange = p.codeGrant
	case oidc.GrantTypeRefreshToken:
		exchange = p.renewalGrant
	case oidc.GrantTypeDeviceCode:
		exchange = p.deviceGrant
	default:
		p.op.ServeHTTP(w, r) // which refuses it
		return
	}
	answer, err := exchange(r, m)
	if err != nil {
		m.refuse(w, r, err)
		return
	}
	writeJSON(w, p.polite(answer, grant, m))
}

// passwordRequest is a token request of RFC 6749 4.3.2.
type passwordRequest struct {
	Username     string                   `schema:"username"`
	Password     string                   `schema:"password"`
	Scopes       oidc.SpaceDelimitedArray `schema:"scope"`
	ClientID     string                   `schema:"client_id"`
	ClientSecret string                   `schema:"client_secret"`
}

// SetClientID implements op.AuthenticatedTokenRequest.
func (r *passwordRequest) SetClientID(id string) { r.ClientID = id }

// SetClientSecret implements op.AuthenticatedTokenRequest.
func (r *passwordRequest) SetClientSecret(secret string) { r.ClientSecret = secret }

func (p *Provider) passwordGrant(r *http.Request, m manners) (*oidc.AccessTokenResponse, error) {
	if m.refuses(passwordNotOffered) {
		return nil, passwordNotOffered
	}
	request := new(passwordRequest)
	if err := op.ParseAuthenticatedTokenRequest(r, p.op.Decoder(), request); err != nil {
		return nil, err
	}
	client, err := p.storage.GetClientByClientID(r.Context(), request.ClientID)
	if err != nil {
		return nil, err
	}
	if client.AuthMethod() != oidc.AuthMethodNone {
		if err := p.storage.AuthorizeClientIDSecret(r.Context(), request.ClientID, request.ClientSecret); err != nil {
			return nil, err
		}
	}
	u := p.storage.authenticate(request.Username, request.Password)
	if u == nil {
		return nil, oidc.ErrInvalidGrant().WithDescription("wrong user name or password")
	}
	if m.refuses(u.refused) {
		return nil, u.refused
	}
	login := &authRequest{user: u, authTime: time.Now()}
	login.ClientID = client.GetID()
	login.Scopes = allowedScopes(m.scopes(r.Form, false))
	login.ResponseType = oidc.ResponseTypeCode // what pkg/op gives refresh tokens to
	answer, err := op.CreateTokenResponse(r.Context(), login, client, p.op, true, "", "")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(login.Scopes, oidc.ScopeOpenID) {
		answer.IDToken = ""
	}
	return answer, nil
}

// codeGrant is op.CodeExchange up to the answer.
func (p *Provider) codeGrant(r *http.Request, _ manners) (*oidc.AccessTokenResponse, error) {
	request, err := op.ParseAccessTokenRequest(r, p.op.Decoder())
	if err != nil {
		return nil, err
	}
	if request.Code == "" {
		return nil, oidc.ErrInvalidRequest().WithDescription("code missing")
	}
	login, client, err := op.ValidateAccessTokenRequest(r.Context(), request, p.op)
	if err != nil {
		return nil, err
	}
	return op.CreateTokenResponse(r.Context(), login, client, p.op, true, request.Code, "")
}

// renewalGrant is op.RefreshTokenExchange up to the answer.
func (p *Provider) renewalGrant(r *http.Request, m manners) (*oidc.AccessTokenResponse, error) {
	request, err := op.ParseRefreshTokenRequest(r, p.op.Decoder())
	if err != nil {
		return nil, err
	}
	begun, client, err := op.ValidateRefreshTokenRequest(r.Context(), request, p.op)
	if err != nil {
		return nil, err
	}
	answer, err := op.CreateTokenResponse(r.Context(), begun, client, p.op, true, "", request.RefreshToken)
	if err == nil && m.noRotation {
		answer.RefreshToken = ""
	}
	return answer, err
}

// deviceGrant is op.DeviceAccessToken up to the answer.
func (p *Provider) deviceGrant(r *http.Request, _ manners) (*oidc.AccessTokenResponse, error) {
	id, authenticated, err := op.ClientIDFromRequest(r, p.op)
	if err != nil {
		return nil, err
	}
	if key := r.PostFormValue("client_secret"); !authenticated && key != "" { // pkg/op knows Basic only here
		if err := p.storage.AuthorizeClientIDSecret(r.Context(), id, key); err != nil {
			return nil, err
		}
		authenticated = true
	}
	request, err := op.ParseDeviceAccessTokenRequest(r, p.op)
	if err != nil {
		return nil, err
	}
	begun, err := op.CheckDeviceAuthorizationState(r.Context(), id, request.DeviceCode, p.op)
	if err != nil {
		return nil, err
	}
	client, err := p.storage.GetClientByClientID(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if authenticated != op.IsConfidentialType(client) {
		return nil, oidc.ErrInvalidClient().WithDescription("a confidential client must authenticate")
	}
	answer, err := op.CreateDeviceTokenResponse(r.Context(), begun, p.op, client)
	if err == nil {
		p.storage.gave(request.DeviceCode, answer.RefreshToken)
	}
	return answer, err
}

// tokenAnswer is a token answer with what Keycloak adds.
type tokenAnswer struct {
	*oidc.AccessTokenResponse
	RefreshExpiresIn *int64 `json:"refresh_expires_in,omitempty"`
}

// polite makes the answer to grant what manners have it.
func (p *Provider) polite(answer *oidc.AccessTokenResponse, grant oidc.GrantType, m manners) tokenAnswer {
	if !m.yieldsIDToken(grant) {
		answer.IDToken = ""
	}
	if slices.Contains(answer.Scope, scopeUnasked) {
		answer.Scope = slices.DeleteFunc(slices.Clone(answer.Scope), func(scope string) bool {
			return scope == scopeUnasked || scope == oidc.ScopeOfflineAccess
		})
	}
	if m.noScope {
		answer.Scope = nil
	}
	polite := tokenAnswer{AccessTokenResponse: answer}
	if m.refreshEnds && answer.RefreshToken != "" {
		polite.RefreshExpiresIn = new(p.storage.refreshLife(answer.RefreshToken))
	}
	return polite
}

// refuse answers a token request that failed with err: as manners have it, else as RFC 6749 5.2 does.
func (m manners) refuse(w http.ResponseWriter, r *http.Request, err error) {
	said, listed := m.refusals[m.whatIs(err, r)]
	if !listed {
		op.RequestError(w, r, err, nil)
		return
	}
	if said.code == "" {
		w.WriteHeader(said.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(said.status)
	_ = json.NewEncoder(w).Encode(struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
		Suberror    string `json:"suberror,omitempty"`
	}{said.code, said.description, said.suberror}) // fails only when the client has gone
}

// whatIs names err as finely as m has a refusal for it.
func (m manners) whatIs(err error, r *http.Request) problem {
	var p problem
	if errors.As(err, &p) && m.refuses(p) {
		return p
	}
	return problem(grantName(r.FormValue("grant_type")) + " " + string(oidc.DefaultToServerError(err, "").ErrorType))
}

// writeJSON answers 200 with v, which no cache may keep (RFC 6749 5.1).
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has gone
}
