package kubeconfig

import (
	"reflect"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth/secret"
)

const (
	issuerFlag = "--oidc-issuer-url=https://login.example.com"
	clientFlag = "--oidc-client-id=kubernetes"
)

func TestKubeloginsFlagsAreUnderstoodInBothForms(t *testing.T) {
	plain := Login{Issuer: "https://login.example.com", ClientID: "kubernetes", Scopes: []string{"openid"}, Way: "browser", Redirect: "http://localhost:8000"}
	for _, c := range []struct {
		args string
		want func(*Login)
	}{
		{issuerFlag + " " + clientFlag, func(*Login) {}},
		{"--oidc-issuer-url https://login.example.com --oidc-client-id kubernetes -v1 --v=2 -v 3 --skip-open-browser --force-refresh --token-cache-storage keyring", func(*Login) {}},
		{issuerFlag + " " + clientFlag + " --oidc-extra-scope=email,groups --oidc-extra-scope email", func(l *Login) { l.Scopes = []string{"openid", "email", "groups"} }},
		{issuerFlag + " " + clientFlag + " --username alice", func(l *Login) { l.Username, l.Way = "alice", "password" }},
		{issuerFlag + " " + clientFlag + " --username alice --grant-type=authcode", func(l *Login) { l.Username = "alice" }},
		{issuerFlag + " " + clientFlag + " --grant-type=device-code --oidc-use-access-token", func(l *Login) { l.Way, l.AccessToken = "device", true }},
		{issuerFlag + " " + clientFlag + " --listen-address=127.0.0.1:12345 --listen-address=127.0.0.1:23456", func(l *Login) { l.Redirect = "http://localhost:12345" }},
		{issuerFlag + " " + clientFlag + " --oidc-redirect-url-hostname=127.0.0.1 --listen-port=9000", func(l *Login) { l.Redirect = "http://127.0.0.1:9000" }},
		{issuerFlag + " " + clientFlag + " --oidc-redirect-url=http://localhost:8000/cb", func(l *Login) { l.Redirect = "http://localhost:8000/cb" }},
		{issuerFlag + " " + clientFlag + " --browser-command=firefox --certificate-authority=~/ca.pem --oidc-client-secret=hush", func(l *Login) {
			l.Browser, l.CAFile, l.ClientSecret = "firefox", "~/ca.pem", secret.New("hush")
		}},
		{issuerFlag + " " + clientFlag + " --certificate-authority-data=UEVN --oidc-auth-request-extra-params=audience=x,ttl=86400 --insecure-skip-tls-verify=false", func(l *Login) {
			l.CAData, l.Params = []byte("PEM"), map[string]string{"audience": "x", "ttl": "86400"}
		}},
	} {
		want := plain
		c.want(&want)
		got, cannot := Kubelogin(strings.Fields(c.args))
		if got.ClientSecret.Equal(want.ClientSecret) {
			got.ClientSecret = want.ClientSecret
		}
		if len(cannot) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v\ncannot %q", c.args, got, want, cannot)
		}
	}
}

func TestWhatCannotBeCarriedOverIsNamedWithoutItsValue(t *testing.T) {
	for args, says := range map[string]string{
		clientFlag:                                               "--oidc-issuer-url is missing",
		issuerFlag:                                               "--oidc-client-id is missing",
		"--password=hush":                                        "--password: a password has no place in a kubeconfig",
		"--insecure-skip-tls-verify":                             "--insecure-skip-tls-verify: nothing turns verification off",
		"--insecure-skip-tls-verify=true":                        "--insecure-skip-tls-verify",
		"--tls-renegotiation-freely":                             "--tls-renegotiation-freely",
		"--local-server-cert=hush.pem":                           "--local-server-cert",
		"--grant-type=client-credentials":                        "--grant-type=client-credentials",
		"--grant-type=authcode-keyboard":                         "--grant-type=authcode-keyboard",
		"--oidc-request-header=X=hush":                           "--oidc-request-header",
		"--oidc-redirect-url=https://a/cb":                       "would not come back to this machine",
		"--certificate-authority=a --certificate-authority=b":    "several certificate authorities",
		"--certificate-authority-data=?":                         "not base64",
		"--oidc-auth-request-extra-params=redirect_uri=http://x": "redirect_uri is not to be set",
		"--brand-new=hush":                                       `"brand-new" is unknown`,
		"stray":                                                  `"stray" is unknown`,
		"--username":                                             "--username has no value",
	} {
		full := args
		if !strings.HasPrefix(args, "--oidc-issuer") && !strings.HasPrefix(args, "--oidc-client") {
			full = issuerFlag + " " + clientFlag + " " + args
		}
		_, cannot := Kubelogin(strings.Fields(full))
		if all := strings.Join(cannot, "; "); !strings.Contains(all, says) || strings.Contains(all, "hush") {
			t.Errorf("%s: %q, want %q", full, all, says)
		}
	}
}

func TestTwoLoginsAreOneSessionWhereTheyAskForTheSame(t *testing.T) {
	l := func(args ...string) Login {
		got, _ := Kubelogin(append([]string{issuerFlag, clientFlag}, args...))
		return got
	}
	base := l("--oidc-extra-scope=email", "--oidc-extra-scope=groups")
	for _, c := range []struct {
		other Login
		same  bool
	}{
		{l("--oidc-extra-scope=groups,offline_access", "--oidc-extra-scope=email", "--listen-address=127.0.0.1:1"), true},
		{l("--oidc-extra-scope=email,groups", "--username=alice"), true},
		{l("--oidc-extra-scope=email"), false},
		{l("--oidc-extra-scope=email,groups", "--oidc-use-access-token"), false},
		{l("--oidc-extra-scope=email,groups", "--oidc-auth-request-extra-params=audience=other"), false},
	} {
		if base.SameSession(c.other) != c.same {
			t.Errorf("%+v: want %v", c.other, c.same)
		}
	}
	if l("--username=alice").SameSession(l("--username=bob")) {
		t.Error("two people in one session")
	}
}
