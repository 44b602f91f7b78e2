package config

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// account reads one entry of accounts.
func (l *loader) account(n *yaml.Node) Account {
	a := Account{
		Scopes: []string{"openid", "offline_access"}, Login: []Method{Browser}, Bearer: IDToken,
	}
	scopes, before := n, len(l.faults)
	l.mapping(n, "an account", fields{
		"name":     func(n *yaml.Node) { a.Name = l.name(n) },
		"issuer":   func(n *yaml.Node) { a.Issuer = l.endpoint(n, "issuer") },
		"clientID": func(n *yaml.Node) { a.ClientID = l.text(n, "clientID") },
		"scopes": func(n *yaml.Node) {
			scopes, a.Scopes = n, l.texts(n, "scopes", "openid, offline_access")
		},
		"login":                    func(n *yaml.Node) { a.Login = l.methods(n) },
		"username":                 func(n *yaml.Node) { a.Username = l.text(n, "username") },
		"clientSecret":             func(n *yaml.Node) { a.ClientSecret = l.clientSecret(n) },
		"certificateAuthority":     func(n *yaml.Node) { a.CertificateAuthority = l.existing(n, "certificateAuthority") },
		"certificateAuthorityData": func(n *yaml.Node) { a.CertificateAuthorityData = l.certificate(n) },
		"tokenEndpoint":            func(n *yaml.Node) { a.TokenEndpoint = l.endpoint(n, "tokenEndpoint") },
		"authorizationEndpoint":    func(n *yaml.Node) { a.AuthorizationEndpoint = l.endpoint(n, "authorizationEndpoint") },
		"deviceEndpoint":           func(n *yaml.Node) { a.DeviceEndpoint = l.endpoint(n, "deviceEndpoint") },
		"jwksURI":                  func(n *yaml.Node) { a.JWKSURI = l.endpoint(n, "jwksURI") },
		"bearer":                   func(n *yaml.Node) { a.Bearer = word(l, n, "bearer", IDToken, AccessToken) },
		"authStyle":                func(n *yaml.Node) { a.AuthStyle = word(l, n, "authStyle", Basic, Post) },
		"audience":                 func(n *yaml.Node) { a.Audience = l.text(n, "audience") },
		"prompt":                   func(n *yaml.Node) { a.Prompt = l.prompt(n) },
		"authParams":               func(n *yaml.Node) { a.AuthParams = l.params(n) },
		"redirect":                 func(n *yaml.Node) { a.Redirect = l.redirect(n) },
		"browserCommand":           func(n *yaml.Node) { a.BrowserCommand = l.texts(n, "browserCommand", "firefox, -P, work") },
		"proxy":                    func(n *yaml.Node) { a.Proxy = l.proxy(n) },
		"usernameClaim":            func(n *yaml.Node) { a.UsernameClaim = l.text(n, "usernameClaim") },
	})
	if len(l.faults) > before {
		return a // the misspelt key explains the missing one
	}
	l.required(n, "an account", "name", "issuer", "clientID")
	l.one(n, "certificateAuthority", "certificateAuthorityData")
	if a.Bearer == IDToken && has(n, "scopes") && !slices.Contains(a.Scopes, "openid") {
		l.fault(scopes, "scopes: [openid, …]", "scopes lack openid, without which there is no ID token")
	}
	return a
}

// cluster reads one entry of clusters. accounts are the names that accounts have.
func (l *loader) cluster(n *yaml.Node, accounts map[string]bool) Cluster {
	c, before := Cluster{Delivery: Exec}, len(l.faults)
	shared := n
	l.mapping(n, "a cluster", fields{
		"name":    func(n *yaml.Node) { c.Name = l.name(n) },
		"account": func(n *yaml.Node) { c.Account = l.accountOf(n, accounts) },
		"server":  func(n *yaml.Node) { c.Server = l.server(n, l.text(n, "server")) },
		"servers": func(n *yaml.Node) {
			for _, e := range l.sequence(n, "servers", "servers: [https://…]") {
				c.Servers = append(c.Servers, l.server(e, l.text(e, "servers")))
			}
		},
		"certificateAuthority":     func(n *yaml.Node) { c.CertificateAuthority = l.existing(n, "certificateAuthority") },
		"certificateAuthorityData": func(n *yaml.Node) { c.CertificateAuthorityData = l.certificate(n) },
		"delivery": func(n *yaml.Node) {
			c.Delivery = word(l, n, "delivery", Exec, TokenFile, InlineToken, AuthProvider)
		},
		"tlsServerName": func(n *yaml.Node) { c.TLSServerName = l.text(n, "tlsServerName") },
		"adopted":       func(n *yaml.Node) { c.Adopted = l.flag(n, "adopted") },
		"refreshTokenInKubeconfig": func(n *yaml.Node) {
			shared, c.RefreshTokenInKubeconfig = n, l.flag(n, "refreshTokenInKubeconfig")
		},
	})
	if len(l.faults) > before {
		return c
	}
	l.required(n, "a cluster", "name", "account", "server")
	if c.RefreshTokenInKubeconfig && c.Delivery != AuthProvider {
		l.fault(shared, "delivery: auth-provider beside it, or leave it out", "refreshTokenInKubeconfig goes with the delivery auth-provider only")
	}
	l.one(n, "certificateAuthority", "certificateAuthorityData")
	return c
}

// has reports whether the mapping n has key.
func has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// required notes the first of keys that the mapping n lacks.
func (l *loader) required(n *yaml.Node, what string, keys ...string) {
	for _, key := range keys {
		if !has(n, key) {
			l.fault(n, key+": …", "%s has no %s", what, key)
			return
		}
	}
}

// one refuses a mapping that has both keys.
func (l *loader) one(n *yaml.Node, a, b string) {
	if has(n, a) && has(n, b) {
		l.fault(n, "one of them", "both %s and %s are given", a, b)
	}
}

// name reads the name of an account or cluster, unique across both.
func (l *loader) name(n *yaml.Node) string {
	s := l.text(n, "name")
	if s == "" {
		return ""
	}
	if !validName(s) {
		l.fault(n, "letters, digits and blanks . _ @ : / + - after a first letter or digit, at most 253", "%q cannot be a name", s)
		return s
	}
	if line, taken := l.lines[s]; taken {
		l.fault(n, "another name: accounts and clusters share theirs", "the name %q is taken by line %d", s, line)
		return s
	}
	l.lines[s] = n.Line
	return s
}

// validName reports whether s matches [A-Za-z0-9][A-Za-z0-9 ._@:/+-]{0,252}: names of accounts and clusters stand in
// menus, kubeconfigs and keychains.
func validName(s string) bool {
	const longest = 253
	strange := func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune(" ._@:/+-", r) }
	return s != "" && len(s) <= longest && alphanumeric(rune(s[0])) && strings.IndexFunc(s, strange) < 0
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// accountOf reads the name of a cluster's account.
func (l *loader) accountOf(n *yaml.Node, accounts map[string]bool) string {
	s := l.text(n, "account")
	if s == "" || accounts[s] {
		return s
	}
	known := make([]string, 0, len(accounts))
	for a := range accounts {
		if a != "" {
			known = append(known, a)
		}
	}
	slices.Sort(known)
	write := "the account under accounts: first"
	if len(known) > 0 {
		write = anyOf(known)
	}
	l.fault(n, write, "there is no account %q", s)
	return ""
}

// methods reads the ways to log in.
func (l *loader) methods(n *yaml.Node) (all []Method) {
	for _, e := range l.sequence(n, "login", "login: [password, browser]") {
		m := word(l, e, "login", Password, Browser, Device)
		if m != "" && slices.Contains(all, m) {
			l.fault(e, "it once", "login says %s twice", m)
		}
		all = append(all, m)
	}
	if len(all) == 0 && n.Kind != yaml.ScalarNode {
		l.fault(n, "login: [browser], or leave it out", "login is empty")
	}
	return all
}

// clientSecret reads whether there is one. The secret itself has no place in a file.
func (l *loader) clientSecret(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		l.fault(n, "clientSecret: true; the secret is asked for once and kept in the keychain", "clientSecret holds a text, and secrets have no place in this file")
		return false
	}
	return l.flag(n, "clientSecret")
}

// existing reads the path of a file that must be there.
func (l *loader) existing(n *yaml.Node, key string) string {
	s := l.text(n, key)
	if s == "" {
		return ""
	}
	path := l.path(s)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		l.fault(n, "the path of a PEM file", "%s: %s: %s", key, path, reason(err))
	case !info.Mode().IsRegular():
		l.fault(n, "the path of a PEM file", "%s: %s is not a file", key, path)
	default:
		return path
	}
	return ""
}

// certificate reads certificates, PEM in base64 as in a kubeconfig.
func (l *loader) certificate(n *yaml.Node) []byte {
	s := strings.Join(strings.Fields(n.Value), "") // base64 is often folded
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && s != "" {
		if b, err := base64.StdEncoding.DecodeString(s); err == nil {
			if block, _ := pem.Decode(bytes.TrimSpace(b)); block != nil && block.Type == "CERTIFICATE" {
				return b
			}
		}
	}
	l.fault(n, "the output of: base64 < ca.pem", "certificateAuthorityData is not a certificate (PEM in base64)")
	return nil
}

// endpoint reads the address of a provider or of one of its endpoints.
func (l *loader) endpoint(n *yaml.Node, key string) string {
	s := l.text(n, key)
	u := l.address(n, key, s)
	switch {
	case u == nil:
		return ""
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		l.fault(n, "https://…; http goes to 127.0.0.1 and [::1] only", "%s is %q, which others can read along", key, s)
		return ""
	case key == "issuer" && (u.RawQuery != "" || u.ForceQuery):
		l.fault(n, "it up to the ?", "issuer is %q, and an issuer has no query", s)
		return ""
	}
	return s
}

// server reads the address s of an API server.
func (l *loader) server(n *yaml.Node, s string) string {
	u := l.address(n, "server", s)
	if u != nil && u.Scheme != "https" {
		l.fault(n, "https://…; kubectl sends no token over http", "server is %q", s)
		return ""
	}
	return s
}

// redirect reads a redirect address: where the browser comes back to on this machine.
func (l *loader) redirect(n *yaml.Node) string {
	s := l.text(n, "redirect")
	u := l.address(n, "redirect", s)
	if u != nil && (u.Scheme != "http" || !loopback(u.Hostname()) && u.Hostname() != "localhost") {
		l.fault(n, "http://127.0.0.1:PORT/ or http://localhost:PORT/", "redirect is %q, which does not lead back to this machine", s)
		return ""
	}
	return s
}

// proxy reads the address of a proxy.
func (l *loader) proxy(n *yaml.Node) string {
	s := l.text(n, "proxy")
	u := l.address(n, "proxy", s)
	if u != nil && !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		l.fault(n, "http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT", "proxy is %q", s)
		return ""
	}
	return s
}

// address returns s as a URL with a host and without a fragment, a user name and a password; nil after a fault.
func (l *loader) address(n *yaml.Node, key, s string) *url.URL {
	if s == "" {
		return nil
	}
	_, rest, _ := strings.Cut(s, "://")
	if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, "@") {
		// What is refused is not repeated.
		l.fault(n, "the address without them", "%s holds a user name or password, and secrets have no place in this file", key)
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "" || u.Hostname() == "" || strings.ContainsAny(s, " \\"):
		l.fault(n, "https://HOST/…", "%s is %q, which is not an address", key, s)
		return nil
	case strings.Contains(s, "#"):
		l.fault(n, "it up to the #", "%s is %q, and has a fragment", key, s)
		return nil
	}
	return u
}

// loopback reports whether host is this machine, whatever its name service says.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && (ip.Equal(net.IPv4(127, 0, 0, 1)) || ip.Equal(net.IPv6loopback))
}

// prompt reads what the provider is told about asking the person.
func (l *loader) prompt(n *yaml.Node) string {
	words := []string{"login", "consent", "select_account"}
	s := l.text(n, "prompt")
	for _, w := range strings.Fields(s) {
		if !slices.Contains(words, w) {
			l.fault(n, anyOf(words), "prompt cannot be %q", w)
			return ""
		}
	}
	return s
}

// params reads more parameters for the authorization request.
func (l *loader) params(n *yaml.Node) map[string]string {
	if n.Kind != yaml.MappingNode {
		l.fault(n, "authParams: {resource: …}", "authParams must be a mapping")
		return nil
	}
	all := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := l.text(n.Content[i], "authParams")
		if _, twice := all[key]; twice {
			l.fault(n.Content[i], "it once", "the key %q stands twice in authParams", key)
		}
		all[key] = l.text(n.Content[i+1], key)
	}
	return all
}
