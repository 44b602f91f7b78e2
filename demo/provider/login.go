package provider

import (
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"
)

const loginTitle = "Log in to the demo's provider"

// showLogin is GET /login?request=ID, to which the authorization endpoint redirects.
func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("request")
	p.storage.mu.Lock()
	request, err := p.storage.authRequest(id)
	p.storage.mu.Unlock()
	if err != nil {
		p.show(w, http.StatusBadRequest, page{Title: loginTitle, Error: err.Error(), Done: true})
		return
	}
	p.show(w, http.StatusOK, page{Title: loginTitle, Request: id, Username: request.LoginHint})
}

// login is POST /login with request, username and password. It redirects back to the authorization endpoint, which redirects to
// the client with a code; a wrong password shows the form again, with status 401.
func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	id, name := r.PostFormValue("request"), r.PostFormValue("username")
	u := p.storage.authenticate(name, r.PostFormValue("password"))
	if u == nil {
		p.show(w, http.StatusUnauthorized, page{Title: loginTitle, Error: "Wrong user name or password.", Request: id, Username: name})
		return
	}
	if err := p.storage.finishLogin(id, u); err != nil {
		p.show(w, http.StatusBadRequest, page{Title: loginTitle, Error: err.Error(), Done: true})
		return
	}
	http.Redirect(w, r, op.AuthCallbackURL(p.op)(r.Context(), id), http.StatusSeeOther)
}
