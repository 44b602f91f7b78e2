package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const pemText = "-----BEGIN CERTIFICATE-----\nMAAwADAA\n-----END CERTIFICATE-----\n"

// write puts text into a config.yaml in a folder that also holds ca.pem, and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string]string{"config.yaml": text, "ca.pem": pemText} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "config.yaml")
}

// corp and prod are entries in which everything is right.
const (
	corp = "accounts:\n- name: corp\n  issuer: https://login.example.com\n  clientID: kubernetes\n"
	prod = "clusters:\n- name: prod\n  account: corp\n  server: https://prod.example.com:6443\n"
)

func TestEveryKeyIsRead(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	path := write(t, fmt.Sprintf(`
kubeconfigs: [~/.kube/config, other/config]
accounts:
- name: corp
  issuer: https://login.example.com/identity
  clientID: kubernetes
  scopes: [openid, email, offline_access]
  login: [password, browser, device]
  username: alice
  clientSecret: true
  certificateAuthority: ca.pem
  tokenEndpoint: https://login.example.com/identity/connect/token
  authorizationEndpoint: https://login.example.com/authorize
  deviceEndpoint: http://127.0.0.1:8080/device
  jwksURI: http://[::1]:8080/keys
  bearer: access_token
  authStyle: basic
  audience: api://kubernetes
  prompt: login consent
  authParams: {resource: urn:k8s, domain_hint: "5"}
  redirect: http://localhost:8000
  browserCommand: [firefox, -P, work]
  proxy: socks5://proxy.example.com:1080
  usernameClaim: upn
- name: other
  issuer: https://other.example.com
  clientID: kubernetes
  certificateAuthorityData: %s
clusters:
- name: prod-eu
  account: corp
  server: https://prod-eu.example.com:6443
  servers: [https://127.0.0.1:6443, "https://[::1]:6443"]
  certificateAuthority: ./ca.pem
  delivery: token-file
- name: staging
  account: other
  server: https://staging.example.com:6443
  certificateAuthorityData: %[1]s
  delivery: auth-provider
  refreshTokenInKubeconfig: true
`, base64.StdEncoding.EncodeToString([]byte(pemText))))
	dir := filepath.Dir(path)
	want := Config{
		Kubeconfigs: []string{filepath.Join(home, ".kube", "config"), filepath.Join(dir, "other", "config")},
		Accounts: []Account{{
			Name: "corp", Issuer: "https://login.example.com/identity", ClientID: "kubernetes",
			Scopes: []string{"openid", "email", "offline_access"}, Login: []Method{Password, Browser, Device},
			Username: "alice", ClientSecret: true, CertificateAuthority: filepath.Join(dir, "ca.pem"),
			TokenEndpoint:         "https://login.example.com/identity/connect/token",
			AuthorizationEndpoint: "https://login.example.com/authorize",
			DeviceEndpoint:        "http://127.0.0.1:8080/device", JWKSURI: "http://[::1]:8080/keys",
			Bearer: AccessToken, AuthStyle: Basic, Audience: "api://kubernetes", Prompt: "login consent",
			AuthParams: map[string]string{"resource": "urn:k8s", "domain_hint": "5"}, Redirect: "http://localhost:8000",
			BrowserCommand: []string{"firefox", "-P", "work"}, Proxy: "socks5://proxy.example.com:1080", UsernameClaim: "upn",
		}, {
			Name: "other", Issuer: "https://other.example.com", ClientID: "kubernetes",
			Scopes: []string{"openid", "offline_access"}, Login: []Method{Browser}, Bearer: IDToken,
			CertificateAuthorityData: []byte(pemText),
		}},
		Clusters: []Cluster{{
			Name: "prod-eu", Account: "corp", Server: "https://prod-eu.example.com:6443",
			Servers:              []string{"https://127.0.0.1:6443", "https://[::1]:6443"},
			CertificateAuthority: filepath.Join(dir, "ca.pem"), Delivery: TokenFile,
		}, {
			Name: "staging", Account: "other", Server: "https://staging.example.com:6443",
			CertificateAuthorityData: []byte(pemText), Delivery: AuthProvider, RefreshTokenInKubeconfig: true,
		}},
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestNoFileIsAFirstStart(t *testing.T) {
	got, err := Load(filepath.Join(t.TempDir(), "none", "config.yaml"))
	if err != nil || !reflect.DeepEqual(got, Config{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAFileThatSaysNothingMeansTheUsualKubeconfig(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	want := Config{Kubeconfigs: []string{filepath.Join(home, ".kube", "config")}}
	for _, text := range []string{"{}", "accounts:\n", "kubeconfigs:\nclusters: []\n"} {
		if got, err := Load(write(t, text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "# nothing yet\n", "---\n"} {
		if got, err := Load(write(t, text)); err != nil || len(got.Accounts)+len(got.Clusters) != 0 {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	if got, err := Load(write(t, "kubeconfigs: []")); err != nil || got.Kubeconfigs != nil {
		t.Errorf("none at all: %+v, %v", got, err)
	}
}

func TestEveryMistakeIsOneLineThatSaysWhereAndWhatToWrite(t *testing.T) {
	account := func(lines string) string { return corp + lines + "\n" + prod }
	cluster := func(lines string) string { return corp + prod + lines + "\n" }
	const names = "letters, digits and blanks . _ @ : / + - after a first letter or digit, at most 253"
	cases := []struct{ name, text, want string }{
		{"no YAML", "accounts:\n\t- name: x\n", "config.yaml:2: this is not YAML: found character that cannot start any token; write it as YAML: keys and values indented by blanks"},
		{"not a mapping", "- accounts\n", "config.yaml:1: the configuration must be a mapping; write key: value lines"},
		{"two documents", "{}\n---\n{}\n", "config.yaml:2: a second document begins here; write one document"},
		{"unknown top key", "account: []\n", `config.yaml:1: unknown key "account" in the configuration; write accounts`},
		{"unknown key, other spelling", account("  jwks_uri: https://x/keys"), `config.yaml:5: unknown key "jwks_uri" in an account; write jwksURI`},
		{"unknown key, a slip", account("  isuer: x"), `config.yaml:5: unknown key "isuer" in an account; write issuer`},
		{"unknown key, another word", cluster("  issuerURL: x"), `config.yaml:9: unknown key "issuerURL" in a cluster; write one of account, adopted, certificateAuthority, certificateAuthorityData, delivery, name, refreshTokenInKubeconfig, server, servers, tlsServerName`},
		{"unknown key, a longer word", account("  issuerURL: x"), `config.yaml:5: unknown key "issuerURL" in an account; write issuer`},
		{"merge key", account("  <<: {username: a}"), `config.yaml:5: unknown key "<<" in an account; write one of audience, authParams, authStyle, authorizationEndpoint, bearer, browserCommand, certificateAuthority, certificateAuthorityData, clientID, clientSecret, deviceEndpoint, issuer, jwksURI, login, name, prompt, proxy, redirect, scopes, tokenEndpoint, username, usernameClaim`},
		{"key twice", account("  issuer: https://x"), `config.yaml:5: the key "issuer" stands twice in an account; write it once`},
		{"accounts no list", "accounts: {name: corp}\n", "config.yaml:1: accounts must be a list; write - name: …"},
		{"account no mapping", "accounts: [corp]\n", "config.yaml:1: an account must be a mapping; write key: value lines"},
		{"no name", "accounts:\n- issuer: https://x\n  clientID: k\n", "config.yaml:2: an account has no name; write name: …"},
		{"no issuer", "accounts:\n- name: corp\n  clientID: k\n", "config.yaml:2: an account has no issuer; write issuer: …"},
		{"no client", "accounts:\n- name: corp\n  issuer: https://x\n", "config.yaml:2: an account has no clientID; write clientID: …"},
		{"no server", corp + "clusters:\n- name: prod\n  account: corp\n", "config.yaml:6: a cluster has no server; write server: …"},
		{"no account", corp + "clusters:\n- name: prod\n  server: https://x\n", "config.yaml:6: a cluster has no account; write account: …"},
		{"empty value", account("  username:"), "config.yaml:5: username is empty; write a value, or leave username out"},
		{"empty text", account(`  username: ""`), "config.yaml:5: username is empty; write a value, or leave username out"},
		{"a number", account("  username: 0815"), `config.yaml:5: username must be a text; write "0815"`},
		{"a list for a text", account("  username: [alice]"), "config.yaml:5: username must be a text; write username: …"},
		{"a text for a list", account("  login: password"), "config.yaml:5: login must be a list; write login: [password, browser]"},
		{"a list of lists", account("  scopes: [[openid]]"), "config.yaml:5: scopes must be a text; write scopes: …"},
		{"two lines", account(`  username: "a\nb"`), "config.yaml:5: username holds a line break or another control character; write it in one line"},
		{"an alias", "accounts:\n- name: &n corp\n  issuer: https://x\n  clientID: *n\n", "config.yaml:4: clientID is an alias, which is not read here; write the value itself"},
		{"invalid name", "accounts:\n- name: -corp\n  issuer: https://x\n  clientID: k\n", `config.yaml:2: "-corp" cannot be a name; write ` + names},
		{"invalid letter", "accounts:\n- name: cörp\n  issuer: https://x\n  clientID: k\n", `config.yaml:2: "cörp" cannot be a name; write ` + names},
		{"account twice", corp + "- name: corp\n  issuer: https://x\n  clientID: k\n", `config.yaml:5: the name "corp" is taken by line 2; write another name: accounts and clusters share theirs`},
		{"cluster named as account", corp + strings.Replace(prod, "prod", "corp", 1), `config.yaml:6: the name "corp" is taken by line 2; write another name: accounts and clusters share theirs`},
		{"unknown account", cluster("- name: dev\n  account: crop\n  server: https://x"), `config.yaml:10: there is no account "crop"; write corp`},
		{"no account at all", prod, `config.yaml:3: there is no account "corp"; write the account under accounts: first`},
		{"accounts that are one", corp + "- name: corp2\n  issuer: https://login.example.com\n  clientID: kubernetes\n  username: bob\n", `config.yaml:5: accounts "corp" and "corp2" share issuer, client and scopes, and no user names tell them apart; write username: … in both`},
		{"bad login", account("  login: [pasword]"), `config.yaml:5: login cannot be "pasword"; write password, browser or device`},
		{"login twice", account("  login: [browser, browser]"), "config.yaml:5: login says browser twice; write it once"},
		{"no login", account("  login: []"), "config.yaml:5: login is empty; write login: [browser], or leave it out"},
		{"no openid", account("  scopes: [email]"), "config.yaml:5: scopes lack openid, without which there is no ID token; write scopes: [openid, …]"},
		{"bad bearer", account("  bearer: idtoken"), `config.yaml:5: bearer cannot be "idtoken"; write id_token or access_token`},
		{"bad style", account("  authStyle: auto"), `config.yaml:5: authStyle cannot be "auto"; write basic or post`},
		{"bad prompt", account("  prompt: consent none"), `config.yaml:5: prompt cannot be "none"; write login, consent or select_account`},
		{"bad delivery", cluster("  delivery: file"), `config.yaml:9: delivery cannot be "file"; write exec, token-file, token or auth-provider`},
		{"refresh token elsewhere", cluster("  refreshTokenInKubeconfig: true"), "config.yaml:9: refreshTokenInKubeconfig goes with the delivery auth-provider only; write delivery: auth-provider beside it, or leave it out"},
		{"refresh token perhaps", cluster("  refreshTokenInKubeconfig: yes please"), "config.yaml:9: refreshTokenInKubeconfig must be true or false; write refreshTokenInKubeconfig: true, or leave it out"},
		{"secret in the file", account("  clientSecret: s3cret"), "config.yaml:5: clientSecret holds a text, and secrets have no place in this file; write clientSecret: true; the secret is asked for once and kept in the keychain"},
		{"secret that is a number", account("  clientSecret: 1234"), "config.yaml:5: clientSecret must be true or false; write clientSecret: true, or leave it out"},
		{"password in an address", account("  proxy: http://alice:hunter2@proxy:80"), "config.yaml:5: proxy holds a user name or password, and secrets have no place in this file; write the address without them"},
		{"password in no address", account("  proxy: http://alice:hun ter2@proxy:80"), "config.yaml:5: proxy holds a user name or password, and secrets have no place in this file; write the address without them"},
		{"params no mapping", account("  authParams: [a]"), "config.yaml:5: authParams must be a mapping; write authParams: {resource: …}"},
		{"param twice", account("  authParams: {a: b, a: c}"), `config.yaml:5: the key "a" stands twice in authParams; write it once`},
		{"http", account("  jwksURI: http://login.example.com/keys"), `config.yaml:5: jwksURI is "http://login.example.com/keys", which others can read along; write https://…; http goes to 127.0.0.1 and [::1] only`},
		{"http to a name of this machine", account("  jwksURI: http://localhost/keys"), `config.yaml:5: jwksURI is "http://localhost/keys", which others can read along; write https://…; http goes to 127.0.0.1 and [::1] only`},
		{"no address", account("  jwksURI: login.example.com"), `config.yaml:5: jwksURI is "login.example.com", which is not an address; write https://HOST/…`},
		{"no host", account("  jwksURI: https:///x"), `config.yaml:5: jwksURI is "https:///x", which is not an address; write https://HOST/…`},
		{"bad port", account("  jwksURI: https://x:y/"), `config.yaml:5: jwksURI is "https://x:y/", which is not an address; write https://HOST/…`},
		{"fragment", account("  jwksURI: https://x/#a"), `config.yaml:5: jwksURI is "https://x/#a", and has a fragment; write it up to the #`},
		{"issuer with query", strings.Replace(corp, "example.com", "example.com?a=b", 1), `config.yaml:3: issuer is "https://login.example.com?a=b", and an issuer has no query; write it up to the ?`},
		{"redirect elsewhere", account("  redirect: https://example.com/"), `config.yaml:5: redirect is "https://example.com/", which does not lead back to this machine; write http://127.0.0.1:PORT/ or http://localhost:PORT/`},
		{"bad proxy", account("  proxy: ftp://x"), `config.yaml:5: proxy is "ftp://x"; write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT`},
		{"http server", strings.Replace(corp+prod, "https://prod", "http://prod", 1), `config.yaml:8: server is "http://prod.example.com:6443"; write https://…; kubectl sends no token over http`},
		{"one of many servers", cluster("  servers:\n  - https://a\n  - b"), `config.yaml:11: server is "b", which is not an address; write https://HOST/…`},
		{"missing file", cluster("  certificateAuthority: gone.pem"), "config.yaml:9: certificateAuthority: DIR/gone.pem: no such file or directory; write the path of a PEM file"},
		{"a folder for a file", cluster("  certificateAuthority: ."), "config.yaml:9: certificateAuthority: DIR is not a file; write the path of a PEM file"},
		{"no certificate", cluster("  certificateAuthorityData: aGVsbG8="), "config.yaml:9: certificateAuthorityData is not a certificate (PEM in base64); write the output of: base64 < ca.pem"},
		{"two authorities", cluster("  certificateAuthority: ca.pem\n  certificateAuthorityData: " + base64.StdEncoding.EncodeToString([]byte(pemText))), "config.yaml:6: both certificateAuthority and certificateAuthorityData are given; write one of them"},
		{"the first of several", "accounts:\n- name: corp\n  isuer: x\n  clientID: 5\n", `config.yaml:3: unknown key "isuer" in an account; write issuer`},
		{"a cause before its effect", prod + strings.Replace(corp, "issuer:", "isuer:", 1), `config.yaml:7: unknown key "isuer" in an account; write issuer`},
		{"a bad name before its effect", strings.Replace(prod, ": corp", ": cörp", 1) + strings.Replace(corp, ": corp", ": cörp", 1), `config.yaml:6: "cörp" cannot be a name; write ` + names},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.text)
			_, err := Load(path)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), filepath.Dir(path), "DIR"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.File != path {
				t.Errorf("not an *Error of that file: %#v", err)
			}
		})
	}
}

func TestWhatIsRightStaysRightBesideAMistake(t *testing.T) {
	got, err := Load(write(t, `
surprise: 1
accounts:
- name: good
  issuer: https://good.example.com
  clientID: k
- name: bad
  issuer: http://bad.example.com
  clientID: k
clusters:
- name: one
  account: good
  server: https://one.example.com
- name: two
  account: good
  server: nowhere
- name: three
  account: bad
  server: https://three.example.com
`))
	if err == nil || !strings.HasPrefix(err.Error(), `config.yaml:2: unknown key "surprise"`) {
		t.Errorf("error: %v", err)
	}
	if len(got.Accounts) != 1 || got.Accounts[0].Name != "good" || len(got.Clusters) != 1 || got.Clusters[0].Name != "one" {
		t.Errorf("got %+v", got)
	}
}

func TestTwoUserNamesAtOneClientAreTwoAccounts(t *testing.T) {
	_, err := Load(write(t, corp+"  username: alice\n- name: admin\n  issuer: https://login.example.com\n  clientID: kubernetes\n  username: root\n"))
	if err != nil {
		t.Error(err)
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || err.Error() != "config.yaml: it cannot be read: is a directory" {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Load(write(t, "#"+strings.Repeat(" ", maxSize))); err == nil || err.Error() != "config.yaml: it cannot be read: it is longer than 1 MiB" {
		t.Errorf("a long file: %v", err)
	}
}

func TestNamesAreLimited(t *testing.T) {
	for name, valid := range map[string]bool{
		"a": true, "0": true, "a b._@:/+-c": true, strings.Repeat("a", 253): true,
		"": false, " a": false, "~a": false, "a#b": false, "a\nb": false, "a|b": false, "ä": false, strings.Repeat("a", 254): false,
	} {
		if validName(name) != valid {
			t.Errorf("%q: %v", name, !valid)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(corp + prod)
	f.Add("accounts:\n- name: &a corp\n  issuer: *a\n  clientSecret: x\n  certificateAuthorityData: [a\n")
	f.Add("a: &a [*a]\nkubeconfigs: {? [a] : b}\n")
	f.Add("accounts: [{name: a, issuer: 'http://a:b@[::1', login: [1], authParams: {1: 2}}]\n---\nx")
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(os.TempDir(), "config.yaml")
		c, err := parse(path, []byte(text))
		if err != nil && strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
			t.Errorf("not one line: %q", err)
		}
		names := map[string]bool{}
		for _, a := range c.Accounts {
			if names[a.Name] || !validName(a.Name) || a.Issuer == "" || a.ClientID == "" || len(a.Login) == 0 {
				t.Errorf("accepted: %+v", a)
			}
			names[a.Name] = true
		}
		for _, cl := range c.Clusters {
			if !names[cl.Account] || !validName(cl.Name) || cl.Server == "" {
				t.Errorf("accepted: %+v", cl)
			}
		}
	})
}
