package agent

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// carried is the account called name that logs in as l does.
func carried(l kubeconfig.Login, name string) config.Account {
	acc := config.Account{
		Name: name, Issuer: l.Issuer, ClientID: l.ClientID, Scopes: l.Scopes, Login: []config.Method{config.Method(l.Way)},
		Username: l.Username, ClientSecret: !l.ClientSecret.Empty(), Redirect: l.Redirect,
		CertificateAuthority: l.CAFile, CertificateAuthorityData: l.CAData,
		Audience: l.Params["audience"], Prompt: l.Params["prompt"],
	}
	if l.AccessToken {
		acc.Bearer = config.AccessToken
	}
	if l.Browser != "" {
		acc.BrowserCommand = []string{l.Browser}
	}
	params := maps.Clone(l.Params)
	maps.DeleteFunc(params, func(key, _ string) bool { return key == "audience" || key == "prompt" || key == "login_hint" })
	if len(params) > 0 {
		acc.AuthParams = params
	}
	return acc
}

// asLogin is how acc logs in, to be compared.
func asLogin(acc config.Account) kubeconfig.Login {
	l := kubeconfig.Login{
		Issuer: acc.Issuer, ClientID: acc.ClientID, Scopes: acc.Scopes, Username: acc.Username,
		AccessToken: acc.Bearer == config.AccessToken,
	}
	if acc.Audience != "" {
		l.Params = map[string]string{"audience": acc.Audience}
	}
	return l
}

// fitting are the accounts that log in as l does.
func fitting(accounts []config.Account, l kubeconfig.Login) (fit []config.Account) {
	for _, acc := range accounts {
		if asLogin(acc).SameSession(l) {
			fit = append(fit, acc)
		}
	}
	return fit
}

// freeName makes a name of wish that no account and no cluster of c has.
func freeName(c config.Config, wish string) string {
	const longest = 200
	base := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" ._@:/+-", r) {
			return r
		}
		return '-'
	}, wish)
	base = strings.TrimLeft(base[:min(len(base), longest)], " ._@:/+-")
	if base == "" {
		base = "unnamed"
	}
	name := base
	for i := 2; taken(c, name); i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	return name
}

func taken(c config.Config, name string) bool {
	return slices.ContainsFunc(c.Accounts, func(a config.Account) bool { return a.Name == name }) ||
		slices.ContainsFunc(c.Clusters, func(cl config.Cluster) bool { return cl.Name == name })
}

// hostOf is the host of an address with its port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
