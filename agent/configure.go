package agent

import (
	"os"
	"slices"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/config"
)

// configure reads the configuration file and puts it in force. A faulty file changes nothing that
// works: what was in force stays, and the line that is wrong shows in the menu. At the first reading the entries that are
// right are put in force.
func (a *Agent) configure() {
	a.editing.Lock()
	defer a.editing.Unlock()
	a.reload()
}

// reload is configure for who holds editing.
func (a *Agent) reload() {
	c, err := config.Load(a.Places.Config)
	if err != nil {
		a.Log.Warn("configuration not in force", "err", err)
		if a.inForce() != nil {
			_ = a.Keeper.Fault(err.Error())
			return
		}
	}
	accounts, clusters, fault := a.translate(c)
	if err == nil {
		err = fault
	}
	a.mu.Lock()
	a.config = &c
	a.mu.Unlock()
	if stopped := a.Keeper.Configure(accounts, clusters); stopped == nil && err != nil {
		_ = a.Keeper.Fault(err.Error())
	}
}

// inForce is the configuration in force; nil before the first one was read.
func (a *Agent) inForce() *config.Config {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.config
}

// translate makes the keeper's accounts and clusters of the configuration's. An account that cannot work is left out with its
// clusters, and named.
func (a *Agent) translate(c config.Config) (accounts []auth.Account, clusters []auth.ClusterConfig, fault error) {
	for _, acc := range c.Accounts {
		o, err := provider(acc)
		if err != nil {
			fault = firstError(fault, err)
			continue
		}
		login := make([]string, len(acc.Login))
		for i, m := range acc.Login {
			login[i] = string(m)
		}
		accounts = append(accounts, auth.Account{
			Name: acc.Name, OIDC: o, Login: login, Username: acc.Username, Browser: acc.BrowserCommand,
			Floor: floor(c, acc.Name), Shared: shared(c, acc), Secret: acc.ClientSecret,
		})
	}
	for _, cl := range c.Clusters {
		if !slices.ContainsFunc(accounts, func(acc auth.Account) bool { return acc.Name == cl.Account }) {
			continue
		}
		clusters = append(clusters, auth.ClusterConfig{Name: cl.Name, Account: cl.Account, Server: cl.Server, Delivery: string(cl.Delivery)})
	}
	return accounts, clusters, fault
}

// shared: another account uses the same issuer, so the browser may be logged in there as somebody else.
func shared(c config.Config, acc config.Account) bool {
	for _, other := range c.Accounts {
		if other.Issuer == acc.Issuer && other.Name != acc.Name {
			return true
		}
	}
	return false
}

// floor is the shortest lead the deliveries of an account's clusters need: client-go reads a token file once a
// minute, and its own OpenID Connect client shall never have to renew.
func floor(c config.Config, account string) time.Duration {
	for _, cl := range c.Clusters {
		if cl.Account == account && (cl.Delivery == config.TokenFile || cl.Delivery == config.AuthProvider) {
			return 90 * time.Second
		}
	}
	return 0
}

func provider(acc config.Account) (oidc.Config, error) {
	o := oidc.Config{
		Issuer:            acc.Issuer,
		ClientID:          acc.ClientID,
		Scopes:            acc.Scopes,
		CA:                acc.CertificateAuthorityData,
		Proxy:             acc.Proxy,
		TokenEndpoint:     acc.TokenEndpoint,
		JWKSURI:           acc.JWKSURI,
		AccessTokenBearer: acc.Bearer == config.AccessToken,
		UsernameClaim:     acc.UsernameClaim,

		AuthorizationEndpoint: acc.AuthorizationEndpoint,
		DeviceEndpoint:        acc.DeviceEndpoint,
		Audience:              acc.Audience,
		Prompt:                acc.Prompt,
		AuthParams:            acc.AuthParams,
	}
	if acc.Redirect != "" {
		o.Redirects = []string{acc.Redirect}
	}
	if acc.Redirect == "http://localhost:8000" { // kubelogin's, which providers were told together with its second
		o.Redirects = append(o.Redirects, "http://localhost:18000")
	}
	switch acc.AuthStyle {
	case config.Basic:
		o.AuthStyle = oidc.AuthBasic
	case config.Post:
		o.AuthStyle = oidc.AuthPost
	}
	if acc.CertificateAuthority == "" {
		return o, nil
	}
	var err error
	o.CA, err = os.ReadFile(acc.CertificateAuthority)
	return o, err
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
