package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// twoOfKubelogin has two users of kubelogin, for three contexts, and one of Azure's.
const twoOfKubelogin = `apiVersion: v1
kind: Config
clusters:
- {name: prod, cluster: {server: "https://prod:6443"}}
- {name: staging, cluster: {server: "https://staging:6443"}} # soon gone
contexts:
- {name: prod, context: {cluster: prod, user: a}}
- {name: staging, context: {cluster: staging, user: b}}
- {name: staging-team, context: {cluster: staging, user: b, namespace: team}}
- {name: aks, context: {cluster: prod, user: c}}
users:
- name: a
  user:
    exec: # krew
      apiVersion: client.authentication.k8s.io/v1
      command: kubectl
      args: [oidc-login, get-token, "--oidc-issuer-url=https://127.0.0.1:1/realm", --oidc-client-id=kubernetes, --oidc-extra-scope=email]
      interactiveMode: IfAvailable
- name: b
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: /usr/local/bin/kubelogin
      args:
      - get-token
      - --oidc-issuer-url
      - https://127.0.0.1:1/realm
      - --oidc-client-id
      - kubernetes
      - --oidc-extra-scope
      - email
- name: c
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: kubelogin, args: [get-token, --login, azurecli], interactiveMode: Never}}
`

const inTree = `
- name: seed
  user:
    auth-provider:
      name: oidc
      config: {idp-issuer-url: "https://127.0.0.1:1/realm", client-id: kubernetes, id-token: eyJh.eyJz.c2ln, refresh-token: hush}
`

// withKubeconfig is an agent whose kubeconfig holds text.
func withKubeconfig(t *testing.T, text string) (a *Agent, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return configured(t, "# mine\nkubeconfigs: ['"+path+"']\n"), path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAdoptShowsWhatChangesAndReleasePutsItBackByteForByte(t *testing.T) {
	a, path := withKubeconfig(t, twoOfKubelogin)
	before := written(t, a)
	if _, done := ask(t, a, wire.Request{Verb: "adopt"}, "n"); done.Status == 0 || readFile(t, path) != twoOfKubelogin || written(t, a) != before {
		t.Fatalf("after a no: %+v", done)
	}
	printed, done := ask(t, a, wire.Request{Verb: "adopt"}, "y")
	all := strings.Join(printed, "\n")
	for _, want := range []string{
		"left alone: user c (Azure's kubelogin): kubecreds does not replace it", "+       command: " + a.Client,
		"127.0.0.1:1 will be sent the logins of 127.0.0.1:1", "https://prod:6443 will be given the tokens of 127.0.0.1:1",
		"https://staging:6443 will be given the tokens of 127.0.0.1:1", "Adopt a, b? [y/N]", `log in: kubectl creds login "127.0.0.1:1"`,
	} {
		if strings.Count(all, want) != 1 && !strings.Contains(want, "command") {
			t.Errorf("%q is not there once in\n%s", want, all)
		}
	}
	if done.Status != 0 {
		t.Fatalf("%+v\n%s", done, all)
	}
	c, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"a", "b"} {
		if e := c.AuthInfos[user].Exec; e.Command != a.Client || e.Args[0] != "get-token" || !strings.HasPrefix(e.Args[1], "--oidc-issuer-url") {
			t.Errorf("%s: %+v", user, e)
		}
	}
	conf := a.inForce()
	if len(conf.Accounts) != 1 || len(conf.Clusters) != 2 || conf.Accounts[0].Redirect != "http://localhost:8000" || !conf.Clusters[0].Adopted {
		t.Errorf("%+v", conf)
	}
	if _, done := ask(t, a, kubelogin("https://staging:6443"), ""); done.Status == 0 { // the CA of kubelogin() is not that of this kubeconfig
		t.Errorf("%+v", done)
	}
	if printed, done := ask(t, a, wire.Request{Verb: "adopt"}, ""); done.Status != 0 || !strings.Contains(strings.Join(printed, "\n"), "nothing to adopt") {
		t.Errorf("again: %+v %q", done, printed)
	}
	if _, done := ask(t, a, wire.Request{Verb: "release", Args: []string{"a"}}, "y"); done.Status != 0 || len(a.inForce().Clusters) != 1 || len(a.inForce().Accounts) != 1 {
		t.Errorf("release a: %+v %+v", done, a.inForce())
	}
	if _, done := ask(t, a, wire.Request{Verb: "release", Args: []string{"--yes=true"}}, ""); done.Status != 0 {
		t.Errorf("release: %+v", done)
	}
	if got := readFile(t, path); got != twoOfKubelogin {
		t.Errorf("came back as\n%s", got)
	}
	if printed, done := ask(t, a, wire.Request{Verb: "release", Args: []string{"--done=true"}}, ""); done.Status != 0 || strings.Join(printed, "") != "1 backup deleted\n" {
		t.Errorf("release --done: %+v %q", done, printed)
	}
	if conf := a.inForce(); len(conf.Accounts)+len(conf.Clusters) != 0 {
		t.Errorf("left over:\n%s", written(t, a))
	}
	if printed, _ := ask(t, a, wire.Request{Verb: "release"}, ""); !strings.Contains(strings.Join(printed, ""), "nothing to release") {
		t.Errorf("%q", printed)
	}
}

func TestAdoptUsesTheAccountThatFits(t *testing.T) {
	a, path := withKubeconfig(t, twoOfKubelogin)
	text := written(t, a) + "accounts:\n- {name: corp, issuer: 'https://127.0.0.1:1/realm', clientID: kubernetes, scopes: [openid, email, offline_access]}\n"
	if err := os.WriteFile(a.Places.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a.configure()
	if _, done := ask(t, a, wire.Request{Verb: "adopt", Args: []string{"--yes=true"}}, ""); done.Status != 0 || len(a.inForce().Accounts) != 1 {
		t.Fatalf("%+v\n%s", done, written(t, a))
	}
	if _, done := ask(t, a, wire.Request{Verb: "release", Args: []string{"--yes=true"}}, ""); done.Status != 0 || readFile(t, path) != twoOfKubelogin {
		t.Errorf("%+v", done)
	}
	if c := a.inForce(); len(c.Accounts) != 1 || c.Accounts[0].Name != "corp" || len(c.Clusters) != 0 {
		t.Errorf("a person's account went, or a cluster stayed:\n%s", written(t, a))
	}
}

func TestASessionWhoseProviderIsAwayStaysWhereItIs(t *testing.T) {
	text := strings.Replace(twoOfKubelogin, "user: c}", "user: seed}", 1) + inTree[1:]
	a, path := withKubeconfig(t, text)
	before := written(t, a)
	printed, done := ask(t, a, wire.Request{Verb: "adopt", Args: []string{"--yes=true"}}, "")
	if done.Status == 0 || !strings.Contains(done.Message, "the kubeconfig was not changed") || strings.Contains(strings.Join(printed, "")+done.Message, "hush") {
		t.Errorf("%+v %q", done, printed)
	}
	if readFile(t, path) != text || written(t, a) != strings.TrimSuffix(before, "\n")+"\naccounts: []\nclusters: []\n" {
		t.Errorf("touched:\n%s\n%s", readFile(t, path), written(t, a))
	}
	if _, err := os.Stat(a.adoptedFile()); err == nil {
		t.Errorf("kept: %s", readFile(t, a.adoptedFile()))
	}
}

func TestAUserThatAnotherProgramPutBackIsNotTouchedByRelease(t *testing.T) {
	a, path := withKubeconfig(t, twoOfKubelogin)
	if _, done := ask(t, a, wire.Request{Verb: "adopt", Args: []string{"--yes=true"}}, ""); done.Status != 0 {
		t.Fatalf("%+v", done)
	}
	changed := strings.Replace(twoOfKubelogin, "- name: a", "- name: a # another", 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	printed, done := ask(t, a, wire.Request{Verb: "release", Args: []string{"--yes=true"}}, "")
	if done.Status != 0 || !strings.Contains(strings.Join(printed, "\n"), "user a in "+path+" is no longer ours") || readFile(t, path) != changed {
		t.Errorf("%+v %q\n%s", done, printed, readFile(t, path))
	}
}

func TestUninstallPutsBackWhatWasAdopted(t *testing.T) {
	a, path := withKubeconfig(t, twoOfKubelogin)
	for _, verb := range []string{"adopt", "uninstall"} {
		if printed, done := ask(t, a, wire.Request{Verb: verb, Args: []string{"--yes=true"}}, ""); done.Status != 0 {
			t.Fatalf("%s: %+v %q", verb, done, printed)
		}
	}
	if readFile(t, path) != twoOfKubelogin {
		t.Errorf("left behind:\n%s", readFile(t, path))
	}
	if _, err := os.Stat(a.adoptedFile()); err == nil {
		t.Error("what was kept of the users is still there")
	}
}
