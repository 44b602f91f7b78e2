// Package config reads config.yaml, which is the person's, and keeps state.json, which is ours, and knows where both and
// everything else of ours lies.
package config

// Config is a configuration file as it is meant: paths absolute, defaults filled in.
type Config struct {
	Kubeconfigs []string // files we read and write; ~/.kube/config where the configuration names none
	Accounts    []Account
	Clusters    []Cluster
}

// Method is a way to log in.
type Method string

const (
	Password Method = "password"
	Browser  Method = "browser"
	Device   Method = "device"
)

// Bearer says which token an API server is given.
type Bearer string

const (
	IDToken     Bearer = "id_token"
	AccessToken Bearer = "access_token"
)

// Delivery is how a cluster's token reaches kubectl.
type Delivery string

const (
	Exec         Delivery = "exec"
	TokenFile    Delivery = "token-file"
	InlineToken  Delivery = "token"
	AuthProvider Delivery = "auth-provider"
)

// AuthStyle is how a client names itself at the token endpoint; "" leaves the choice to who asks.
type AuthStyle string

const (
	Basic AuthStyle = "basic" // client ID and secret in the Authorization header
	Post  AuthStyle = "post"  // in the form
)

// Account is one user name at one provider, through one client and one set of scopes.
type Account struct {
	Name         string
	Issuer       string // as written: it must equal the tokens' iss
	ClientID     string
	Scopes       []string // left out: openid, offline_access
	Login        []Method // in order; left out: browser
	Username     string   // "" where it is asked for
	ClientSecret bool     // a confidential client

	// At most one of the two is set; neither: the system's roots alone.
	CertificateAuthority     string // a PEM file that was there when the configuration was read
	CertificateAuthorityData []byte // PEM

	TokenEndpoint, AuthorizationEndpoint, DeviceEndpoint, JWKSURI string // "" where discovery says them

	Bearer         Bearer // left out: id_token
	AuthStyle      AuthStyle
	Audience       string
	Prompt         string            // values of OpenID Connect Core 3.1.2.1, separated by blanks
	AuthParams     map[string]string // sent with the authorization request
	Redirect       string            // "" for a free port of 127.0.0.1
	BrowserCommand []string          // the program and its arguments; nil for the system's browser
	Proxy          string            // "" for the environment's
	UsernameClaim  string
}

// Cluster is a name, the API server behind it, and the account that opens it.
type Cluster struct {
	Name    string
	Account string // the name of one of the accounts
	Server  string
	Servers []string // more addresses of the same API server

	TLSServerName string // the name in the API server's certificate where it is not the server's host, as through a tunnel

	// At most one of the two is set; neither: the system's roots alone.
	CertificateAuthority     string // a PEM file that was there when the configuration was read
	CertificateAuthorityData []byte // PEM

	Delivery Delivery // left out: exec
	// Adopted: its kubeconfig entries are the person's, and none is written for it; `adopt` had its user run our plugin, and
	// `release` puts back what it was.
	Adopted bool
	// RefreshTokenInKubeconfig: with the delivery auth-provider, kubectl is given the refresh token too, and can renew itself.
	RefreshTokenInKubeconfig bool
}
