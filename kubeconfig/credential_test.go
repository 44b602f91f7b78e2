package kubeconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// ways are changes of prod in every way, with what its user entry then is.
func ways() map[string]struct {
	change Change
	how    How
	user   string
} {
	by := func(c Credential) Change {
		w := want("prod")
		w.Instead = c
		return w
	}
	provider := AuthProvider{Issuer: "https://idp", ClientID: "kube", CAFile: abs("idp.pem"), IDToken: secret.New("a.b.c")}
	with := provider
	with.ClientSecret, with.RefreshToken, with.CAFile, with.CAData = secret.New("s3"), secret.New("r1"), "", "LS0t"
	out := provider
	out.IDToken = secret.Text{}
	return map[string]struct {
		change Change
		how    How
		user   string
	}{
		"exec":              {want("prod"), HowExec, "command: " + abs("kubectl-creds")},
		"token-file":        {by(TokenFile{abs("token")}), HowTokenFile, "tokenFile: " + abs("token")},
		"token":             {by(Token{secret.New("a.b.c")}), HowToken, "token: a.b.c"},
		"token, logged out": {by(Token{}), HowToken, "token: logged-out"},
		"auth-provider": {by(provider), HowAuthProvider, "client-id: kube\n        id-token: a.b.c\n        idp-certificate-authority: " +
			abs("idp.pem") + "\n        idp-issuer-url: https://idp\n      name: oidc"},
		"auth-provider, all": {by(with), HowAuthProvider, "client-id: kube\n        client-secret: s3\n        id-token: a.b.c\n        " +
			"idp-certificate-authority-data: LS0t\n        idp-issuer-url: https://idp\n        refresh-token: r1\n      name: oidc"},
		"auth-provider, logged out": {by(out), HowAuthProvider, "client-id: kube\n        idp-certificate-authority: " +
			abs("idp.pem") + "\n        idp-issuer-url: https://idp\n      name: oidc"},
	}
}

func TestEachWayReplacesEveryOther(t *testing.T) {
	for from, first := range ways() {
		for to, second := range ways() {
			text := planned(t, planned(t, "", first.change), second.change)
			config, err := clientcmd.Load([]byte(text))
			must(t, err)
			u := config.AuthInfos["kubecreds-prod"]
			if how(u) != second.how || !strings.Contains(text, second.user) {
				t.Errorf("from %s to %s:\n%s", from, to, text)
			}
			others := map[How]bool{HowExec: u.Exec != nil, HowTokenFile: u.TokenFile != "", HowToken: u.Token != "", HowAuthProvider: u.AuthProvider != nil}
			for other, there := range others {
				if there != (other == second.how) {
					t.Errorf("from %s to %s: %s is there: %v", from, to, other, there)
				}
			}
		}
	}
}

func TestAnUpdateMakesNoEntryThatSomebodyRemoved(t *testing.T) {
	c := want("prod")
	c.Instead, c.Update = Token{secret.New("new")}, true
	if d, err := memory(t, "users: []\n").Plan(c); err != nil || !d.Empty() {
		t.Errorf("%v %v", err, d.Files())
	}
	text := planned(t, "", want("prod"))
	onlyUser := text[:strings.Index(text, "clusters:")] + text[strings.Index(text, "users:"):strings.Index(text, "contexts:")]
	got := planned(t, onlyUser, c)
	if !strings.Contains(got, "token: new") || strings.Contains(got, "clusters:") || strings.Contains(got, "contexts:") {
		t.Errorf("from\n%s\nto\n%s", onlyUser, got)
	}
	var taken *TakenError
	if _, err := memory(t, "users: [{name: kubecreds-prod}]").Plan(c); !errors.As(err, &taken) {
		t.Error(err)
	}
}

func TestRefusesWaysThatKubectlCouldNotUse(t *testing.T) {
	for part, c := range map[string]Credential{
		"prod: the token file's path": TokenFile{"token"},
		"prod: an auth provider":      AuthProvider{Issuer: "https://idp"},
		"prod: the path of the":       AuthProvider{Issuer: "https://idp", ClientID: "x", CAFile: "ca.pem"},
	} {
		w := want("prod")
		w.Instead = c
		if _, err := memory(t, "").Plan(w); err == nil || !strings.HasPrefix(err.Error(), part) {
			t.Errorf("%v, want %s", err, part)
		}
	}
}

func TestATokenFileIsItsOwnersAndReplacedWhole(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state", "tokens")
	path := filepath.Join(folder, "prod-1234")
	write := func(token string) fs.FileInfo {
		t.Helper()
		must(t, WriteTokenFile(context.Background(), path, secret.New(token)))
		stat, err := os.Stat(path)
		must(t, err)
		return stat
	}
	first := write("one")
	if same := write("one"); !os.SameFile(first, same) {
		t.Error("written again though it was the same")
	}
	reader, err := os.Open(path)
	must(t, err)
	defer reader.Close()
	if second := write("two"); runtime.GOOS != "windows" && os.SameFile(first, second) {
		t.Error("not replaced but overwritten: a reader may see a part")
	}
	old := make([]byte, 9)
	if n, err := reader.Read(old); err != nil || string(old[:n]) != "one" || read(t, path) != "two" {
		t.Errorf("%q %v, %q", old[:n], err, read(t, path))
	}
	for p, mode := range map[string]fs.FileMode{path: 0o600, folder: 0o700} {
		if stat, err := os.Stat(p); err != nil || runtime.GOOS != "windows" && stat.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", p, stat.Mode(), err)
		}
	}
	must(t, os.WriteFile(filepath.Join(folder, ".prod-1234.kubecreds-9"), []byte("left"), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "gone-9999"), []byte("left"), 0o600))
	must(t, KeepTokenFiles(folder, path))
	onlyHas(t, folder, "prod-1234")
	must(t, KeepTokenFiles(folder))
	onlyHas(t, folder)
	must(t, KeepTokenFiles(filepath.Join(folder, "none")))
}
