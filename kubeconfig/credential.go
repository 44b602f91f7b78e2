package kubeconfig

import (
	"errors"
	"fmt"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// LoggedOut stands for a token where there is none: with an empty one kubectl would ask for a user name and a password.
const LoggedOut = "logged-out"

// Credential is a way for kubectl to get a cluster's token without our plugin: a TokenFile, a Token or an AuthProvider.
type Credential interface {
	check() error
	into(u *api.AuthInfo)
}

// TokenFile names the file that holds the token, of which client-go takes notice within a minute. See WriteTokenFile.
type TokenFile struct{ Path string }

func (t TokenFile) check() error {
	if !filepath.IsAbs(t.Path) || filepath.Clean(t.Path) != t.Path {
		return fmt.Errorf("the token file's path %s is not absolute and clean", t.Path)
	}
	return nil
}

func (t TokenFile) into(u *api.AuthInfo) { u.TokenFile = t.Path }

// Token is the token itself. An empty one becomes the word LoggedOut.
type Token struct{ Value secret.Text }

func (Token) check() error { return nil }

func (t Token) into(u *api.AuthInfo) {
	u.Token = LoggedOut
	if !t.Value.Empty() {
		u.Token = t.Value.Reveal()
	}
}

// AuthProvider is kubectl's own OpenID Connect client. What is empty is left out: without an ID token and a refresh token
// kubectl says that there is none.
type AuthProvider struct {
	Issuer, ClientID string
	ClientSecret     secret.Text
	CAFile           string // the provider's CA: an absolute path, or PEM, or neither
	CAData           string // base64 of PEM
	IDToken          secret.Text
	RefreshToken     secret.Text
}

func (a AuthProvider) check() error {
	switch {
	case a.Issuer == "" || a.ClientID == "":
		return errors.New("an auth provider without issuer or client ID")
	case a.CAFile != "" && !filepath.IsAbs(a.CAFile):
		return fmt.Errorf("the path of the provider's certificate authority %s is not absolute", a.CAFile)
	}
	return nil
}

func (a AuthProvider) into(u *api.AuthInfo) {
	u.AuthProvider = &api.AuthProviderConfig{Name: "oidc", Config: map[string]string{}}
	for key, value := range map[string]string{
		"idp-issuer-url":                 a.Issuer,
		"client-id":                      a.ClientID,
		"client-secret":                  a.ClientSecret.Reveal(),
		"idp-certificate-authority":      a.CAFile,
		"idp-certificate-authority-data": a.CAData,
		"id-token":                       a.IDToken.Reveal(),
		"refresh-token":                  a.RefreshToken.Reveal(),
	} {
		if value != "" {
			u.AuthProvider.Config[key] = value
		}
	}
}
