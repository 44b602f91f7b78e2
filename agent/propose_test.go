package agent

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// execInfo is KUBERNETES_EXEC_INFO for server, with more of what is said of a cluster.
func execInfo(server, more string) string {
	return `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true,"cluster":{"server":"` + server + `"` + more + `}}}`
}

// kubelogin is what kubectl asks for where the kubeconfig has kubelogin's flags and sends the token to server.
func kubelogin(server string, more ...string) wire.Request {
	return wire.Request{
		Verb:   "get-token",
		Args:   append([]string{"--oidc-issuer-url=https://127.0.0.1:1/realm", "--oidc-client-id", "kubernetes", "--oidc-extra-scope=email"}, more...),
		Caller: wire.Caller{ExecText: execInfo(server, `,"certificate-authority-data":"`+base64.StdEncoding.EncodeToString([]byte(ca))+`"`)},
	}
}

func TestAKubeconfigAloneGetsNoAccountAndNoTokenAndAPersonIsAskedAtTheLogin(t *testing.T) {
	a := configured(t, mine)
	for range 2 {
		for _, server := range []string{"https://prod:6443", "https://staging:6443"} {
			printed, done := ask(t, a, kubelogin(server), "y")
			if done.Status != 3 || len(printed) != 0 || !strings.Contains(done.Message, `127.0.0.1:1: login needed: there is no account yet for 127.0.0.1:1; run in a terminal: kubectl creds login "127.0.0.1:1"`) {
				t.Fatalf("%+v %q", done, printed)
			}
		}
	}
	if written(t, a) != mine {
		t.Fatalf("a kubeconfig changed the configuration:\n%s", written(t, a))
	}
	if _, done := ask(t, a, wire.Request{Verb: "login", Args: []string{"127.0.0.1:1"}}, "no"); done.Status != 1 || written(t, a) != mine {
		t.Errorf("after a no: %+v\n%s", done, written(t, a))
	}
	printed, done := ask(t, a, wire.Request{Verb: "login", Args: []string{"127.0.0.1:1"}}, "y")
	all := strings.Join(printed, "\n")
	for _, want := range []string{
		"a kubeconfig asks for this:", "127.0.0.1:1 will be sent the logins of 127.0.0.1:1",
		"https://prod:6443 will be given the tokens of 127.0.0.1:1", "https://staging:6443 will be given the tokens of 127.0.0.1:1",
		"Allow it? [y/N]",
	} {
		if strings.Count(all, want) != 1 {
			t.Errorf("%q is not there once in\n%s", want, all)
		}
	}
	if done.Status != 4 { // the login went on; its provider is not there
		t.Errorf("%+v", done)
	}
	c := a.inForce()
	if len(c.Accounts) != 2 || c.Accounts[1].Issuer != "https://127.0.0.1:1/realm" || len(c.Clusters) != 2 || !c.Clusters[0].Adopted {
		t.Fatalf("%+v", c)
	}
	if _, done := ask(t, a, kubelogin("https://staging:6443"), ""); done.Status != 3 || !strings.Contains(done.Message, "kubectl creds login 127.0.0.1:1") {
		t.Errorf("a server that was agreed to: %+v", done)
	}
	if _, done := ask(t, a, kubelogin("https://evil"), ""); done.Status != 3 || !strings.Contains(done.Message, `"https://evil" was never given its tokens`) {
		t.Errorf("a server that was not: %+v", done)
	}
}

func TestNoAccountIsMadeFromWhatAKubeconfigMustNotSay(t *testing.T) {
	a := configured(t, mine)
	for flag, says := range map[string]string{
		"--browser-command=/tmp/evil":           "--browser-command runs a program",
		"--certificate-authority=/etc/passwd":   "--certificate-authority is a path",
		"--insecure-skip-tls-verify":            "nothing turns verification off",
		"--grant-type=client-credentials":       "--grant-type",
		"--oidc-request-header=Authorization=x": "--oidc-request-header",
	} {
		if _, done := ask(t, a, kubelogin("https://prod:6443", flag), ""); done.Status == 0 || !strings.Contains(done.Message, says) {
			t.Errorf("%s: %+v, want %q", flag, done, says)
		}
	}
	r := kubelogin("https://prod:6443")
	r.Caller.ExecText = execInfo("https://prod:6443", `,"insecure-skip-tls-verify":true`)
	if _, done := ask(t, a, r, ""); done.Status == 0 || !strings.Contains(done.Message, "does not verify it") {
		t.Errorf("%+v", done)
	}
	if len(a.proposals) != 0 {
		t.Errorf("kept: %+v", a.proposals)
	}
}

func TestKubeloginsFlagsFindTheAccountTheyFit(t *testing.T) {
	a := configured(t, `accounts:
- {name: alice, issuer: "https://127.0.0.1:1/realm", clientID: kubernetes, scopes: [openid, email, offline_access], username: alice}
- {name: bob, issuer: "https://127.0.0.1:1/realm", clientID: kubernetes, scopes: [openid, email, offline_access], username: bob}
clusters:
- {name: prod, account: alice, server: "https://prod:6443", certificateAuthorityData: `+base64.StdEncoding.EncodeToString([]byte(ca))+"}\n")
	if _, done := ask(t, a, kubelogin("https://prod:6443"), ""); !strings.Contains(done.Message, "fit the accounts alice and bob: add --username") {
		t.Errorf("%+v", done)
	}
	if _, done := ask(t, a, kubelogin("https://prod:6443", "--username=alice"), ""); done.Status != 3 || !strings.Contains(done.Message, "kubectl creds login alice") {
		t.Errorf("%+v", done)
	}
	if _, done := ask(t, a, kubelogin("https://prod:6443", "--username=bob"), ""); done.Status != 3 || !strings.Contains(done.Message, "was never given its tokens") {
		t.Errorf("%+v", done)
	}
}

func TestAFloodOfKubeconfigsIsForgotten(t *testing.T) {
	a := configured(t, mine)
	for i := range 2 * maxProposals {
		r := kubelogin("https://prod:6443")
		r.Args = append(r.Args, fmt.Sprintf("--username=u%d", i))
		if _, done := ask(t, a, r, ""); done.Status != 3 {
			t.Fatalf("%+v", done)
		}
	}
	if len(a.proposals) > maxProposals {
		t.Errorf("%d are kept", len(a.proposals))
	}
}
