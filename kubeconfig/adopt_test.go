package kubeconfig

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// mixed is what a person has after some years: two users of kubelogin, one of kubectl's own client, and others.
var mixed = strings.ReplaceAll(`# work
apiVersion: v1
kind: Config
current-context: prod
clusters:
- cluster:
    server: https://prod.example.com:6443
    certificate-authority-data: LONGPEM
  name: prod
- name: staging
  cluster: {server: https://staging.example.com, certificate-authority: ca/staging.pem, tls-server-name: kubernetes}
- name: plain
  cluster: {server: "http://plain.example.com"}
contexts:
- context: {cluster: prod, user: oidc, namespace: team}
  name: prod
- {name: staging, context: {cluster: staging, user: oidc}}
- {name: old, context: {cluster: prod, user: seed}}
- {name: aks, context: {cluster: prod, user: azure}}
- {name: plain, context: {cluster: plain, user: unsafe}}
users:
# the usual one
- name: oidc
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: kubectl      # by krew
      args:
      - oidc-login
      - get-token
      - --oidc-issuer-url=https://login.example.com
      # told by ops
      - --oidc-client-id
      - kubernetes
      - --oidc-client-secret=hush-hush
      - --oidc-extra-scope=email
      env: [{name: KUBECACHEDIR, value: /tmp/x}]

- name: seed
  user:
    auth-provider:
      name: oidc
      config:
        client-id: kubernetes
        client-secret: "another-hush"
        id-token: eyJh.eyJz.c2ln
        idp-issuer-url: https://login.example.com
        refresh-token: 'refresh-hush'   # by the job
- name: azure
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: kubelogin, args: [get-token, --login, devicecode], interactiveMode: Never}
- name: unsafe
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: /opt/kubelogin.exe, args: [get-token, "--oidc-issuer-url=https://x", --oidc-client-id=y], interactiveMode: Never}
- name: admin
  user: {token: abc}
# the end
`, "LONGPEM", longPEM)

var longPEM = "LS0tLS1CRUdJTiBD" + strings.Repeat("QUJD", 60) + "QUI="

func adoptions(t testing.TB, f *Files) (all []Adoption, left []Foreign) {
	t.Helper()
	found, err := f.Foreign()
	must(t, err)
	for _, u := range found {
		if len(u.Cannot) > 0 {
			left = append(left, u)
			continue
		}
		all = append(all, Adoption{Foreign: u, Command: abs("kubectl-creds"), Account: "corp", Env: map[string]string{"KUBECREDS_SOCKET": "/run/x"}})
	}
	return all, left
}

func swapsOf[S Swap](all []S) (swaps []Swap) {
	for _, s := range all {
		swaps = append(swaps, s)
	}
	return swaps
}

func TestForeignUsersAreFoundWithTheirServersAndWhatCannotBeCarriedOver(t *testing.T) {
	f := memory(t, mixed)
	all, left := adoptions(t, f)
	if len(all) != 2 || all[0].User != "oidc" || all[1].User != "seed" || len(left) != 2 {
		t.Fatalf("%+v\n%+v", all, left)
	}
	oidc, seed := all[0], all[1]
	if oidc.Login.Issuer != "https://login.example.com" || oidc.Login.ClientSecret.Reveal() != "hush-hush" || !slices.Equal(oidc.Login.Scopes, []string{"openid", "email"}) {
		t.Errorf("%+v", oidc.Login)
	}
	if len(oidc.Uses) != 2 || oidc.Uses[0].Context != "prod" || len(oidc.Uses[0].CAData) < 180 ||
		oidc.Uses[1].CAFile != "folder/ca/staging.pem" && oidc.Uses[1].CAFile != `folder\ca\staging.pem` || oidc.Uses[1].TLSServerName != "kubernetes" {
		t.Errorf("%+v", oidc.Uses)
	}
	if seed.Login.RefreshToken.Reveal() != "refresh-hush" || seed.Login.IDToken.Reveal() != "eyJh.eyJz.c2ln" || seed.Program != "the auth-provider oidc" {
		t.Errorf("%+v", seed)
	}
	if left[0].User != "azure" || left[0].Program != "Azure's kubelogin" || left[1].User != "unsafe" || !strings.Contains(left[1].Cannot[0], "not reached over https") {
		t.Errorf("%+v", left)
	}
}

func TestAdoptedUsersRunOurPluginWithTheirFlagsAndComeBackByteForByte(t *testing.T) {
	for name, vary := range variants {
		t.Run(name, func(t *testing.T) {
			text := vary(mixed)
			f := memory(t, text)
			all, _ := adoptions(t, f)
			if len(all) != 2 {
				t.Fatalf("%+v", all)
			}
			d, err := f.PlanUsers(swapsOf(all)...)
			must(t, err)
			adopted := string(d.rewrites[0].text)
			c, err := clientcmd.Load([]byte(adopted))
			must(t, err)
			exec := c.AuthInfos["oidc"].Exec
			want := []string{"get-token", "--oidc-issuer-url=https://login.example.com", "--oidc-client-id", "kubernetes", "--oidc-extra-scope=email"}
			if exec.Command != abs("kubectl-creds") || !slices.Equal(exec.Args, want) || !exec.ProvideClusterInfo || len(exec.Env) != 2 || exec.APIVersion != "client.authentication.k8s.io/v1beta1" {
				t.Errorf("%+v", exec)
			}
			seed := c.AuthInfos["seed"]
			if seed.AuthProvider != nil || !slices.Equal(seed.Exec.Args, []string{"get-token", "--account", "corp"}) {
				t.Errorf("%+v", seed)
			}
			shown := strings.Join(d.Shown(), "\n")
			for _, secret := range []string{"hush", "eyJh"} {
				if strings.Contains(adopted, secret) || strings.Contains(shown, secret) {
					t.Errorf("%q is still in\n%s\nor\n%s", secret, adopted, shown)
				}
			}
			if !strings.Contains(shown, "-       command: kubectl      # by krew") || !strings.Contains(shown, "+       - get-token") {
				t.Errorf("shown:\n%s", shown)
			}
			var kept []Kept
			for _, a := range all {
				k, err := a.Keep()
				must(t, err)
				if strings.Contains(k.Text, "hush") || strings.Contains(k.Text, "eyJh") {
					t.Errorf("kept: %s", k.Text)
				}
				k.Values = map[string]secret.Text{ClientSecret: a.Login.ClientSecret, IDToken: a.Login.IDToken, RefreshToken: a.Login.RefreshToken}
				kept = append(kept, k)
			}
			back, err := memory(t, adopted).PlanUsers(swapsOf(kept)...)
			must(t, err)
			if got := string(back.rewrites[0].text); got != text {
				t.Errorf("came back as\n%s\nwas\n%s", got, text)
			}
			if strings.Contains(strings.Join(back.Shown(), "\n"), "hush") {
				t.Errorf("shown: %q", back.Shown())
			}
		})
	}
}

func TestAUserIsPutBackWithTheValuesOfToday(t *testing.T) {
	f := memory(t, mixed)
	all, _ := adoptions(t, f)
	d, err := f.PlanUsers(swapsOf(all)...)
	must(t, err)
	k, err := all[1].Keep()
	must(t, err)
	for what, values := range map[string]map[string]secret.Text{
		"new ones":  {ClientSecret: secret.New("another-hush"), IDToken: secret.New("eyJ2.x.y"), RefreshToken: secret.New(`r: "2" # `)},
		"none left": {ClientSecret: secret.New("another-hush")},
		"numbers":   {ClientSecret: secret.New("another-hush"), IDToken: secret.New("123"), RefreshToken: secret.New("true")},
	} {
		k.Values = values
		back, err := memory(t, string(d.rewrites[0].text)).PlanUsers(k)
		must(t, err)
		c, err := clientcmd.Load(back.rewrites[0].text)
		must(t, err)
		got := c.AuthInfos["seed"].AuthProvider.Config
		for _, name := range []string{ClientSecret, IDToken, RefreshToken} {
			if value, there := got[name]; value != values[name].Reveal() || there == values[name].Empty() {
				t.Errorf("%s: %s is %q", what, name, value)
			}
		}
	}
}

func TestWhatAnotherProgramPutBackIsSeenAndLeftAlone(t *testing.T) {
	f := memory(t, mixed)
	all, _ := adoptions(t, f)
	k, err := all[0].Keep()
	must(t, err)
	d, err := f.PlanUsers(swapsOf(all)...)
	must(t, err)
	adopted := memory(t, string(d.rewrites[0].text))
	if adopted.PutBack(k) || !f.PutBack(k) {
		t.Errorf("%v %v", adopted.PutBack(k), f.PutBack(k))
	}
	if d, err := f.PlanUsers(k); err != nil || !d.Empty() {
		t.Errorf("released what is not adopted: %v %v", d.Files(), err)
	}
	// What was changed since it was looked at is not overwritten.
	changed := memory(t, strings.Replace(mixed, "--oidc-extra-scope=email", "--oidc-extra-scope=groups", 1))
	if _, err := changed.PlanUsers(all[0]); err == nil || !strings.Contains(err.Error(), "user oidc: it was changed meanwhile") {
		t.Errorf("%v", err)
	}
}

// aUser is one user of a random kind, in a random style.
func (d dice) aUser(name, pad string) string {
	flags := d.oneOf(
		`["oidc-login", get-token, --oidc-issuer-url=https://i, --oidc-client-id=c]`,
		"\nPAD      - oidc-login # x\nPAD      - get-token\n\nPAD      - --oidc-issuer-url\nPAD      - https://i\nPAD      - '--oidc-client-id=c'\nPAD      - \"--oidc-client-secret=s3cret\"",
		"\nPAD      - oidc-login\nPAD      - get-token\nPAD      - --oidc-issuer-url=https://i\nPAD      - --oidc-client-id=c\nPAD      - --oidc-client-secret\nPAD      - >-\nPAD        s3cret")
	user := d.oneOf(
		"exec:\nPAD      command: kubectl\nPAD      apiVersion: client.authentication.k8s.io/v1beta1\nPAD      x-mine: {a: 1} # kept\nPAD      args: "+flags,
		"auth-provider:\nPAD      name: oidc\nPAD      config: {idp-issuer-url: https://i, client-id: c, 'refresh-token': 'r3fresh', id-token: \"t0ken\"}",
		"auth-provider:\nPAD      config:\nPAD        idp-issuer-url: https://i\nPAD        client-id: c\nPAD        client-secret: s3cret\nPAD        id-token: |-\nPAD          t0ken\nPAD      name: oidc",
		"token: abc")
	return strings.ReplaceAll(fmt.Sprintf("PAD- name: %s\nPAD  user:\nPAD    %s\n", name, user), "PAD", pad)
}

func TestRandomFilesComeBackAsTheyWereAfterAdoptAndRelease(t *testing.T) {
	const seeds = 1000
	adoptedUsers := 0
	for seed := range uint64(seeds) {
		d := dice{rand.New(rand.NewPCG(seed, 3))}
		pad := d.oneOf("", "  ")
		text := d.noise() + "clusters:\n- {name: c, cluster: {server: https://s}}\ncontexts:\n"
		for i := range 3 {
			text += fmt.Sprintf("- {name: x%d, context: {cluster: c, user: u%d}}\n", i, i)
		}
		text += d.noise() + "users:" + d.oneOf("", " # all") + "\n"
		for i := range 3 {
			text += d.noise() + d.aUser(fmt.Sprintf("u%d", i), pad)
		}
		text = variants[d.oneOf("as it is", "as it is", "CRLF", "BOM", "no last line end")](text + d.noise())
		f := memory(t, text)
		all, _ := adoptions(t, f)
		if len(all) == 0 {
			continue
		}
		plan, err := f.PlanUsers(swapsOf(all)...)
		if err != nil {
			t.Fatalf("%d: %v\n%s", seed, err, text)
		}
		adopted := string(plan.rewrites[0].text)
		if i := slices.IndexFunc([]string{"s3cret", "r3fresh", "t0ken"}, func(s string) bool {
			return strings.Contains(adopted, s) || strings.Contains(strings.Join(plan.Shown(), "\n"), s)
		}); i >= 0 {
			t.Fatalf("%d: a secret is left in\n%s", seed, adopted)
		}
		var kept []Kept
		for _, a := range all {
			k, err := a.Keep()
			if err != nil {
				t.Fatalf("%d: %v\n%s", seed, err, text)
			}
			if strings.Contains(k.Text, "s3cret") || strings.Contains(k.Text, "r3fresh") || strings.Contains(k.Text, "t0ken") {
				t.Fatalf("%d: a secret is kept in\n%s", seed, k.Text)
			}
			k.Values = map[string]secret.Text{ClientSecret: a.Login.ClientSecret, IDToken: a.Login.IDToken, RefreshToken: a.Login.RefreshToken}
			kept = append(kept, k)
			adoptedUsers++
		}
		if seed%3 == 0 { // kubectl writes the file anew in between
			c, err := clientcmd.Load([]byte(adopted))
			must(t, err)
			again, err := clientcmd.Write(*c)
			must(t, err)
			adopted = string(again)
		}
		back, err := memory(t, adopted).PlanUsers(swapsOf(kept)...)
		if err != nil {
			t.Fatalf("%d: %v\n%s", seed, err, adopted)
		}
		got := string(back.rewrites[0].text)
		before, err := clientcmd.Load([]byte(text))
		must(t, err)
		after, err := clientcmd.Load([]byte(got))
		must(t, err)
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("%d: kubectl sees another file:\n%s\nwas\n%s", seed, got, text)
		}
		masked := strings.NewReplacer("s3cret", "", "r3fresh", "", "t0ken", "", `"`, "", "'", "", ">-", "", "|-", "", " ", "", "\n", "", "\r", "")
		if seed%3 != 0 && masked.Replace(got) != masked.Replace(text) {
			t.Fatalf("%d: came back as\n%s\nwas\n%s", seed, got, text)
		}
	}
	t.Logf("%d files, %d users adopted and released", seeds, adoptedUsers)
}

func TestACopyHoldsNoSecretHoweverItIsWritten(t *testing.T) {
	for seed := range uint64(300) {
		d := dice{rand.New(rand.NewPCG(seed, 9))}
		text := d.noise() + "users:\n" + d.aUser("a", "") + d.aUser("b", "") + d.aUser("c", "") + "clusters: [{name: c, cluster: {certificate-authority-data: " + longPEM + "}}]\n"
		kept := string(WithoutSessions([]byte(text)))
		for _, secret := range []string{"s3cret", "r3fresh", "t0ken"} {
			if strings.Contains(kept, secret) {
				t.Fatalf("%d: %s is left in\n%s", seed, secret, kept)
			}
		}
		c, err := clientcmd.Load([]byte(kept))
		if err != nil || len(c.AuthInfos) != 3 || len(c.Clusters["c"].CertificateAuthorityData) == 0 {
			t.Fatalf("%d: %v\n%s", seed, err, kept)
		}
	}
}
