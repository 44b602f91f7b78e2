package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// otherPrograms is a kubeconfig of a person who has used kubelogin and kubectl's own OpenID Connect client for years.
const otherPrograms = `# mine since 2019
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: prod
  cluster:
    certificate-authority: CAFILE # the team's
    server: PROD
- cluster: {certificate-authority-data: CADATA, server: "STAGING"}
  name: staging
contexts:
- {name: prod, context: {cluster: prod, user: kl-prod, namespace: default}}
- {name: staging, context: {cluster: staging, user: kl-staging}}

- {name: secret, context: {cluster: staging, user: kl-with-secret}}
- {name: old, context: {cluster: prod, user: seed}}
users:
# krew
- name: kl-prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: kubectl
      args:
      - oidc-login
      - get-token
      - --oidc-issuer-url=ISSUER   # ask ops
      - --oidc-client-id=kubernetes
      - --oidc-extra-scope=email,groups,offline_access
      - --certificate-authority=CAFILE
      - --grant-type=password
- name: kl-staging
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: kubelogin, args: [get-token, --oidc-issuer-url, "ISSUER", --oidc-client-id, kubernetes, --oidc-extra-scope=email, --oidc-extra-scope=groups, --certificate-authority=CAFILE, --grant-type=password]}
- name: kl-with-secret
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: IfAvailable
      command: kubelogin
      args: [get-token, --oidc-issuer-url=ISSUER, --oidc-client-id=CLIENT, --oidc-client-secret, 'HUSH', --oidc-extra-scope=offline_access, --certificate-authority=CAFILE, --grant-type=password]
- name: seed
  user:
    auth-provider:
      name: oidc
      config:
        client-id: kubernetes
        id-token: IDTOKEN
        idp-certificate-authority: CAFILE
        idp-issuer-url: "ISSUER"
        refresh-token: "REFRESH" # by the job
# the end
`

// tokens asks r's provider for tokens, as a program that is not kubecreds. They are empty where it refuses.
func tokens(t *testing.T, r *drive.Rig, form url.Values) (id, refresh string) {
	t.Helper()
	pem, err := os.ReadFile(r.Servers.CertificateAuthority)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	var found struct {
		Endpoint string `json:"token_endpoint"`
	}
	resp, err := client.Get(r.Servers.Issuer + "/.well-known/openid-configuration")
	must(t, err)
	must(t, json.NewDecoder(resp.Body).Decode(&found))
	must(t, resp.Body.Close())
	form.Set("client_id", "kubernetes")
	resp, err = client.PostForm(found.Endpoint, form)
	must(t, err)
	var got struct {
		ID      string `json:"id_token"`
		Refresh string `json:"refresh_token"`
	}
	must(t, json.NewDecoder(resp.Body).Decode(&got))
	must(t, resp.Body.Close())
	return got.ID, got.Refresh
}

// secretsOf are the tokens in a kubeconfig of otherPrograms.
func secretsOf(t *testing.T, text string) (id, refresh string) {
	t.Helper()
	m := regexp.MustCompile(`(?s)id-token: (\S+).*refresh-token: "([^"]+)"`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no tokens in\n%s", text)
	}
	return m[1], m[2]
}

func TestWhatKubeloginAndKubectlLogInIsAdoptedWorksAndComesBack(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		ca, err := os.ReadFile(r.Servers.CertificateAuthority)
		must(t, err)
		id, refresh := tokens(t, r, url.Values{
			"grant_type": {"password"}, "username": {"alice"}, "password": {"password"}, "scope": {"openid email offline_access"},
		})
		original := strings.NewReplacer(
			"CAFILE", r.Servers.CertificateAuthority, "CADATA", base64.StdEncoding.EncodeToString(ca), "ISSUER", r.Servers.Issuer,
			"PROD", r.Servers.Clusters[0].Server, "STAGING", r.Servers.Clusters[1].Server, "IDTOKEN", id, "REFRESH", refresh,
			"CLIENT", provider.ConfidentialClient, "HUSH", provider.ConfidentialSecret,
		).Replace(otherPrograms)
		must(t, os.WriteFile(r.Kube, []byte(original), 0o600))
		must(t, os.WriteFile(r.Config, []byte("kubeconfigs: ['"+r.Kube+"']\n"), 0o600))
		must(t, r.StartAgent(r.Program("kubecreds")))
		look(t, "wait-item")

		// It is offered in a notification and in the menu, and nothing changes before a dialog has shown what would.
		drawn(t, "Found 2 clusters that use kubelogin")
		look(t, "choose", "Found 2 clusters that use kubelogin…", "Adopt…")
		_, err = drive.Dialog(t.Context(), "Adopt")
		must(t, err)
		drawn(t, "To go back: kubectl creds release")
		cancel(t)
		if kubeconfig(r) != original {
			t.Fatal("the kubeconfig changed without a yes")
		}

		adopt := r.Creds(t.Context(), "", "adopt", "--yes")
		if adopt.Status != 0 {
			t.Fatalf("adopt: %+v", adopt)
		}
		account := strings.TrimPrefix(r.Servers.Issuer, "https://")
		account, _, _ = strings.Cut(account, "/")
		if !strings.Contains(adopt.Out, "+       command: "+r.Program("kubectl-creds")) || !strings.Contains(adopt.Out, `kubectl creds login "`+account+`"`) {
			t.Errorf("adopt says %q and %q", adopt.Out, adopt.Err)
		}
		for _, secret := range []string{id, refresh, provider.ConfidentialSecret} {
			for _, where := range []string{kubeconfig(r), adopt.Out, adopt.Err, file(t, r, "kubecreds/state/adopted.json"), file(t, r, "kubecreds/state/kubecreds.log")} {
				if strings.Contains(where, secret) {
					t.Errorf("a secret is left in\n%s", where)
				}
			}
		}

		if log := file(t, r, "kubecreds/state/kubecreds.log"); strings.Contains(log, "took an adopted user back") {
			t.Error("its own doing was taken for another program's")
		}

		// The session that kubectl held goes on without a login, renewed; the others need one.
		worksAs(t, r, "old")
		if strings.Contains(searched(t), refresh) {
			t.Error("the session was not renewed")
		}
		if got := r.Kubectl(t.Context(), "--context", "prod", "get", "namespaces"); got.Status == 0 || strings.Count(got.Err, "login needed") != 1 {
			t.Errorf("before a login: %+v", got)
		}
		for _, name := range []string{account, account + "-2"} {
			expect(t, "login to "+name, r.Creds(t.Context(), "password\n", "login", name, "--username", "alice", "--password-stdin"), 0)
		}
		for _, context := range []string{"prod", "staging"} {
			worksAs(t, r, context)
		}
		// A kubeconfig from elsewhere with the same flags, for a server of its own, gets nothing.
		evil := filepath.Join(r.Dir, "evil")
		must(t, os.WriteFile(evil, []byte(strings.ReplaceAll(kubeconfig(r), r.Servers.Clusters[1].Server, "https://localhost:1")), 0o600))
		if got := r.Kubectl(t.Context(), "--kubeconfig", evil, "--context", "staging", "get", "namespaces"); got.Status == 0 || !strings.Contains(got.Err, `"https://localhost:1" was never given its tokens`) {
			t.Errorf("a stranger: %+v", got)
		}

		if release := r.Creds(t.Context(), "", "release", "--yes"); release.Status != 0 || !strings.HasSuffix(release.Out, "\nreleased 4 users\n") {
			t.Errorf("release: %+v", release)
		}
		back := kubeconfig(r)
		if newID, newRefresh := secretsOf(t, back); strings.NewReplacer(newID, id, newRefresh, refresh).Replace(back) != original {
			hide := strings.NewReplacer(newID, "…", newRefresh, "…", id, "…", refresh, "…")
			t.Errorf("came back as\n%s\nwas\n%s", hide.Replace(back), hide.Replace(original))
		} else if newRefresh == refresh {
			t.Error("the refresh token is that of before")
		}
		if config := file(t, r, "kubecreds/config.yaml"); strings.Contains(config, "name:") {
			t.Errorf("left in the configuration:\n%s", config)
		}
		if got := searched(t); strings.Contains(got, "refresh") {
			t.Errorf("a session is left in the keychain")
		}
		worksAs(t, r, "old") // kubectl's own client goes on with it
		if _, again := tokens(t, r, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}); again != "" {
			t.Error("the refresh token that lay in the kubeconfig before still works")
		}
	})
}

// worksAs checks that kubectl works in a context.
func worksAs(t *testing.T, r *drive.Rig, context string) {
	t.Helper()
	if got := r.Kubectl(t.Context(), "--context", context, "auth", "whoami"); got.Status != 0 || !strings.Contains(got.Out, "alice") {
		t.Errorf("kubectl on %s: %+v", context, got)
	}
}

// file is the text of a file under r's folder.
func file(t *testing.T, r *drive.Rig, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.Dir, name))
	must(t, err)
	return string(b)
}
