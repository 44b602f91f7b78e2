package agent

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/config"
)

const (
	mine = "# mine\naccounts:\n- name: corp\n  issuer: https://login.example.com\n  clientID: kubernetes\n"
	ca   = "-----BEGIN CERTIFICATE-----\nMAAwADAA\n-----END CERTIFICATE-----\n"

	otherCA = ca + ca
)

// team is what a team hands to its people.
var team = `accounts:
- name: team
  issuer: https://login.team.example
  clientID: kubernetes
  login: [password, browser]
  tokenEndpoint: https://token.team.example/token
clusters:
- name: prod
  account: team
  server: https://prod.team.example:6443
  servers: [https://prod.local:6443]
  certificateAuthorityData: ` + base64.StdEncoding.EncodeToString([]byte(ca)) + "\n"

// another is a cluster with another's certificate authority, or the same.
func another(name, ca string) string {
	return fmt.Sprintf("- {name: %[1]s, account: team, server: \"https://%[1]s.team.example:6443\", certificateAuthorityData: %s}\n",
		name, base64.StdEncoding.EncodeToString([]byte(ca)))
}

func addRequest(text string, args ...string) wire.Request {
	return wire.Request{Verb: "add", Args: append(args, "team.yaml"), Content: []byte(text), Caller: wire.Caller{Terminal: true}}
}

func TestAddSaysWhoWillBeSentWhatAndAddsAfterAYes(t *testing.T) {
	a := configured(t, mine)
	printed, done := ask(t, a, addRequest(team), "y")
	want := []string{
		"login.team.example will be sent the logins of team",
		"token.team.example will be sent the password and the logins of team",
		"https://prod.team.example:6443 will be given the tokens of team",
		"https://prod.local:6443 will be given the tokens of team",
		fmt.Sprintf("prod will trust the certificate authority with the SHA-256 %x", sha256.Sum256([]byte(ca))) + "\n",
		"Add this? [y/N]",
		"added the account team; log in: kubectl creds login \"team\"\nadded the cluster prod, opened by team\n",
	}
	if done.Status != 0 || strings.Join(printed, "\n") != strings.Join(want, "\n") {
		t.Errorf("%+v, printed\n%s\nwant\n%s", done, strings.Join(printed, "\n"), strings.Join(want, "\n"))
	}
	if !strings.HasPrefix(written(t, a), mine) {
		t.Errorf("what was there changed:\n%s", written(t, a))
	}
	if c, ok := a.Keeper.Snapshot().Cluster("prod"); !ok || c.Account != "team" {
		t.Errorf("not in force: %+v", a.Keeper.Snapshot())
	}
}

func TestACertificateAuthorityIsNamedOnceWithAllThatTrustIt(t *testing.T) {
	c, err := config.Offer("team.yaml", []byte(team+another("dev", otherCA)+another("test", ca)), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		fmt.Sprintf("prod, test will trust the certificate authority with the SHA-256 %x", sha256.Sum256([]byte(ca))),
		fmt.Sprintf("dev will trust the certificate authority with the SHA-256 %x", sha256.Sum256([]byte(otherCA))),
	}
	if got := consequences(c); !slices.Equal(got[len(got)-2:], want) {
		t.Errorf("%q\nwant at the end\n%q", got, want)
	}
}

func TestAddRefuses(t *testing.T) {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(team)))
	cluster := "clusters:\n- name: prod\n  account: corp\n  server: https://evil.example\n"
	line := func(key string) string {
		return strings.Replace(team, "  clientID: kubernetes\n", "  clientID: kubernetes\n  "+key+"\n", 1)
	}
	for _, c := range []struct {
		what, text, answer string
		args               []string
		script             bool
		says               string
	}{
		{"a no", team, "n", nil, false, "cancelled; nothing was added"},
		{"nobody to ask", team, "", nil, true, "there is no terminal to answer in; nothing was added"},
		{"yes from a script", team, "", []string{"--yes=true"}, true, "--yes without a terminal needs --sha256 " + sum},
		{"another file", team, "y", []string{"--sha256=" + sum[1:] + "0"}, false, "not what --sha256 says"},
		{"a name that is taken", strings.NewReplacer("name: team", "name: corp", "account: team", "account: corp").Replace(team), "y", nil, false, "corp: there is an account of this name"},
		{"a cluster for an account of the person's", cluster, "y", nil, false, `there is no account "corp"`},
		{"an account that is not there", cluster, "y", []string{"--account=corq"}, false, `there is no account "corq"`},
		{"a program", line("browserCommand: [sh, -c, evil]"), "y", nil, false, "team.yaml:5: browserCommand is not taken from elsewhere: it runs a program"},
		{"a proxy", line("proxy: http://evil.example:3128"), "y", nil, false, "team.yaml:5: proxy is not taken from elsewhere"},
		{"a path", line("certificateAuthority: /etc/passwd"), "y", nil, false, "team.yaml:5: certificateAuthority is not taken from elsewhere: it is a path"},
		{"a client's key", line("clientKeyData: LS0="), "y", nil, false, "clientKeyData is not taken from elsewhere"},
		{"paths of kubeconfigs", "kubeconfigs: [/etc/x]\n" + team, "y", nil, false, "team.yaml:1: kubeconfigs is not taken from elsewhere"},
		{"an issuer without TLS", strings.Replace(team, "https://login", "http://login", 1), "y", nil, false, "which others can read along"},
		{"no YAML", "<html>", "y", nil, false, "team.yaml"},
		{"nothing", "accounts: []", "y", nil, false, "holds no account"},
	} {
		t.Run(c.what, func(t *testing.T) {
			a := configured(t, mine)
			r := addRequest(c.text, c.args...)
			r.Caller.Terminal = !c.script
			printed, done := ask(t, a, r, c.answer)
			if done.Status == 0 || !strings.Contains(done.Message, c.says) || strings.Contains(done.Message, "\n") {
				t.Errorf("%+v, want %q; printed %q", done, c.says, printed)
			}
			if written(t, a) != mine {
				t.Errorf("the configuration was touched:\n%s", written(t, a))
			}
		})
	}
}

func TestAddUsesAnAccountOfThePersonsOnlyWhereItsNameWasTyped(t *testing.T) {
	a := configured(t, mine)
	printed, done := ask(t, a, addRequest("accounts:\n- {name: corp, issuer: 'https://evil.example', clientID: x}\nclusters:\n- name: prod\n  account: corp\n  server: https://prod.team.example\n", "--account=corp"), "yes")
	if done.Status != 0 || !strings.Contains(strings.Join(printed, "\n"), "https://prod.team.example will be given the tokens of corp") {
		t.Errorf("%+v %q", done, printed)
	}
	if strings.Contains(written(t, a), "evil") || strings.Contains(strings.Join(printed, "\n"), "evil") {
		t.Errorf("the account of the file counted:\n%s", written(t, a))
	}
}

func TestAScriptAddsWhatItsChecksumNames(t *testing.T) {
	a := configured(t, "")
	r := addRequest(team, "--yes=true", fmt.Sprintf("--sha256=%X", sha256.Sum256([]byte(team))))
	r.Caller = wire.Caller{Kubeconfig: []string{"/elsewhere"}}
	if _, done := ask(t, a, r, ""); done.Status != 0 || strings.Contains(written(t, a), "kubeconfigs") {
		t.Errorf("%+v\n%s", done, written(t, a))
	}
}

func TestATerminalsKubeconfigIsRemembered(t *testing.T) {
	a := configured(t, mine)
	r := addRequest(team, "--yes=true")
	r.Caller.Kubeconfig = []string{a.Places.Home + "/kubeconfig", "/dev/null"}
	if _, done := ask(t, a, r, ""); done.Status != 0 {
		t.Fatalf("%+v", done)
	}
	if c := a.inForce(); len(c.Kubeconfigs) != 1 || c.Kubeconfigs[0] != a.Places.Home+"/kubeconfig" {
		t.Errorf("%q\n%s", c.Kubeconfigs, written(t, a))
	}
}

func TestAnAddressIsFetchedOverHTTPSOnly(t *testing.T) {
	a := configured(t, mine)
	for address, says := range map[string]string{
		"http://example.com/team.yaml":          "example.com: others can change what comes over http; write https://…",
		"https://user:secret@example.com/":      "must not hold a user name or password",
		"https://127.0.0.1:1/team.yaml?key=abc": "127.0.0.1:1 cannot be reached",
		"file:///etc/passwd":                    "not a web address",
	} {
		_, done := ask(t, a, wire.Request{Verb: "add", Args: []string{address}, Caller: wire.Caller{Terminal: true}}, "y")
		if done.Status == 0 || !strings.Contains(done.Message, says) || strings.Contains(done.Message, "secret@") || strings.Contains(done.Message, "abc") {
			t.Errorf("%s: %+v, want %q", address, done, says)
		}
	}
}
