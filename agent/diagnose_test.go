package agent

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/doctor"
	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
)

// diagnosis is what doctor finds for a caller of version 1.0 in a terminal with this KUBECONFIG, as "level about: area: text".
func (r *accessRig) diagnosis(t *testing.T, kubeconfig ...string) []string {
	t.Helper()
	var all []string
	for _, f := range doctor.Run(t.Context(), r.checks(wire.Caller{Program: "1.0", Kubeconfig: kubeconfig}), time.Minute) {
		all = append(all, fmt.Sprintf("%s %s: %s: %s -> %s", f.Level, f.About, f.Area, f.Says, f.Do))
	}
	return all
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, w) }) {
			t.Errorf("no line begins with %q:\n%s", w, strings.Join(got, "\n"))
		}
	}
}

func TestDoctorLooksAtEverythingAndShowsNoSecret(t *testing.T) {
	r := newAccessRig(t)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	r.config.Kubeconfigs = []string{file}
	r.config.Accounts[0].Login = []config.Method{config.Browser}
	r.config.Accounts[0].Proxy = "http://user:hunter2@127.0.0.1:1"
	r.Version, r.Client = "1.0", filepath.Join(t.TempDir(), "kubectl-creds")
	r.Probes = Probes{
		Keychain: func(context.Context) (string, error) { return "gnome-keyring-daemon", nil },
		Tray:     func(context.Context) (bool, error) { return false, nil },
		Wake:     func(context.Context) ([]string, error) { return nil, nil },
	}
	token, err := r.Keeper.Token(t.Context(), "prod")
	noError(t, err)
	got := r.diagnosis(t, file)
	expectLines(t, got,
		"ok : configuration: ", "ok : versions: kubecreds and kubectl-creds 1.0", "ok : socket: ", "ok : keychain: Secret Service (gnome-keyring-daemon)",
		"failure corp: provider: ", // the proxy is not there
		"ok corp: session: logged in",
		"ok prod: API server: 127.0.0.1:", "failure prod: kubeconfig: there is no context prod in "+file,
		"failure : plugin: "+r.Client+" is not there", "ok : kuberc: ", "ok : KUBECONFIG: this terminal's kubectl reads "+file,
		"ok : proxy: http://127.0.0.1:1 (proxy in config.yaml): for 127.0.0.1", "ok : proxy: none: for 127.0.0.1",
		"ok : tray: this agent runs without an icon", "ok : wake: ", "ok : start at login: this system has no way yet")
	for _, secret := range []string{token.Value.Reveal(), "hunter2", "alice", "r1"} {
		if strings.Contains(strings.Join(got, "\n"), secret) {
			t.Errorf("it shows %q", secret)
		}
	}

	r.config.Accounts[0].Proxy = ""
	r.api.answer(http.StatusUnauthorized)
	got = r.diagnosis(t, "/elsewhere")
	expectLines(t, got, "ok corp: provider: 127.0.0.1:", "ok corp: clock: ", "ok corp: ways to log in: browser; the provider does not say which",
		"failure prod: API server: 127.0.0.1:", "failure : KUBECONFIG: this terminal's KUBECONFIG is /elsewhere")

	r.config.Clusters[0].Delivery = config.TokenFile
	got = r.diagnosis(t, file)
	expectLines(t, got, "ok : plugin: not needed: no cluster has delivery: exec")
	if slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, "kuberc") }) {
		t.Error("kubectl's policy for plugins is looked at, and there is none to run")
	}
	r.config.Accounts = append(r.config.Accounts, config.Account{Name: "broken", Issuer: r.provider.URL, ClientID: "x", CertificateAuthority: "/gone.pem"})
	expectLines(t, r.diagnosis(t), "failure broken: provider: ")
}

func TestTheLogOfADiagnosisIsTheAgents(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	places, err := config.Standard()
	noError(t, err)
	noError(t, os.MkdirAll(places.State, 0o700))
	noError(t, os.WriteFile(filepath.Join(places.State, "kubecreds.log"), []byte("the last line\n"), 0o600))
	place, err := wire.Standard()
	noError(t, err)
	found := place.Diagnose("/nowhere")
	if last := found[len(found)-1]; !strings.HasSuffix(last.Says, "the last line") {
		t.Errorf("%+v", last)
	}
}

func TestPathsInTheHomeFolderAreWrittenWithATilde(t *testing.T) {
	t.Setenv("HOME", "/home/alice")
	for in, want := range map[string]string{
		"/home/alice/.kube/config is there": "~/.kube/config is there", "/home/alicex/y": "/home/alicex/y", "/home/alice": "/home/alice", "": "",
	} {
		if got := tilde(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	t.Setenv("HOME", "/")
	if got := tilde("/a/b"); got != "/a/b" {
		t.Errorf("%q", got)
	}
}

func TestAFindingOfAnAPIServerSaysWhatToDoAndNotWhoIsAsking(t *testing.T) {
	for _, f := range found() {
		got := f.finding()
		if strings.Contains(got.Says, "alice") && f.cluster == "prod" || got.Level == wire.Failure && got.Do == "" {
			t.Errorf("%s: %+v", f.cluster, got)
		}
	}
	locked := access{cluster: "x", account: "corp", err: &auth.BlockedError{Account: "corp", Reason: auth.Reason{Code: auth.CodeKeychainLocked}}}
	if got := locked.finding(); got.Level != wire.Warning || !strings.HasPrefix(got.Says, "not asked: the keychain is locked") {
		t.Errorf("%+v", got)
	}
}

func TestWhereAProxyComesFromIsSaid(t *testing.T) {
	env := map[string]string{"https_proxy": "http://p:3128"}
	getenv := func(name string) string { return env[name] }
	if r := route("https://prod.example.com:6443", "socks5://u:p@s:1080", getenv); r.Proxy != "socks5://s:1080" || r.From != "proxy in config.yaml" || r.To != "prod.example.com" {
		t.Errorf("%+v", r)
	}
	if r := route("https://127.0.0.1:6443", "", getenv); r.Proxy != "" || r.From != "https_proxy leaves it out" {
		t.Errorf("%+v", r)
	}
	if r := route("http://127.0.0.1:6443", "", getenv); r.From != "" {
		t.Errorf("%+v", r)
	}
}
