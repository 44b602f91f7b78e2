package provider

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// discovery is pkg/op's discovery document with the password grant added, as manners have it.
func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	m := p.storage.mannersNow()
	document := struct {
		*oidc.DiscoveryConfiguration
		NamesItself bool `json:"authorization_response_iss_parameter_supported,omitempty"` // RFC 9207 3
	}{op.CreateDiscoveryConfig(r.Context(), p.op, p.storage), m.namesItself}
	document.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
	if m.noDevice {
		document.DeviceAuthorizationEndpoint = ""
	} else {
		document.GrantTypesSupported = append(document.GrantTypesSupported, oidc.GrantTypeDeviceCode)
	}
	if !m.refuses(passwordNotOffered) {
		document.GrantTypesSupported = append(document.GrantTypesSupported, grantTypePassword)
	}
	if m.noRevocation {
		document.RevocationEndpoint, document.RevocationEndpointAuthMethodsSupported = "", nil
	}
	document.ScopesSupported = slices.DeleteFunc(scopes(), func(scope string) bool { return slices.Contains(m.noScopes, scope) })
	writeJSON(w, document)
}

// authorize is the authorization endpoint: pkg/op's, with the scopes that manners make of those asked for.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	m := p.storage.mannersNow()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, scope := range strings.Fields(r.Form.Get("scope")) {
		if slices.Contains(m.noScopes, scope) {
			p.show(w, http.StatusBadRequest, page{Title: loginTitle, Error: "Error 400: invalid_scope: " + scope, Done: true})
			return
		}
	}
	setScopes(r, m.scopes(r.Form, true))
	p.naming(w, r)
}

// naming lets pkg/op answer, and adds iss to an answer that goes back to the client (RFC 9207), if manners say so.
func (p *Provider) naming(w http.ResponseWriter, r *http.Request) {
	p.op.ServeHTTP(w, r)
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil || !p.storage.mannersNow().namesItself {
		return
	}
	query := back.Query()
	if query.Has("code") || query.Has("error") {
		query.Set("iss", p.issuer)
		back.RawQuery = query.Encode()
		w.Header().Set("Location", back.String())
	}
}

// authorizeDevice is the device authorization endpoint (RFC 8628 3.1): pkg/op's, with the scopes and the spelling of manners.
func (p *Provider) authorizeDevice(w http.ResponseWriter, r *http.Request) {
	m := p.storage.mannersNow()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	setScopes(r, m.scopes(r.Form, false))
	held := &heldAnswer{header: w.Header(), status: http.StatusOK}
	p.op.ServeHTTP(held, r)
	body := held.body.Bytes()
	if m.verificationURL {
		body = bytes.Replace(body, []byte(`"verification_uri":`), []byte(`"verification_url":`), 1)
		body = bytes.ReplaceAll(body, []byte(`"https://127.0.0.1:`), []byte(`"https://localhost:`))
	}
	w.WriteHeader(held.status)
	_, _ = w.Write(body) // fails only when the client has gone
}

// setScopes makes scopes those that r asks for, wherever pkg/op looks.
func setScopes(r *http.Request, scopes []string) {
	if len(scopes) == 0 && !r.Form.Has("scope") {
		return // none were asked for, and none is added
	}
	joined := []string{strings.Join(scopes, " ")}
	r.Form["scope"] = joined
	if r.PostForm.Has("scope") {
		r.PostForm["scope"] = joined
	}
}
