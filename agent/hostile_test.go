package agent

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/internal/hostile"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// A name that the configuration takes comes out of the kubeconfig as it went in, beside what was there; every other one is
// refused in one line that a terminal can show.
func TestHostileNamesStayOutOfTheKubeconfigOrComeOutAsTheyWentIn(t *testing.T) {
	const others = "apiVersion: v1\nkind: Config\nclusters: [{name: mine, cluster: {server: https://mine}}]\n"
	taken := 0
	for _, name := range hostile.All() {
		quoted, err := json.Marshal(name) // is YAML too
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		path, kube := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "kubeconfig")
		text := "accounts: [{name: corp, issuer: https://login.example.com, clientID: k}]\nclusters: [{name: " + string(quoted) + ", account: corp, server: https://prod}]\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path)
		if err != nil {
			if m := err.Error(); !utf8.ValidString(m) || strings.ContainsFunc(m, unicode.IsControl) || len(m) > 2000 {
				t.Errorf("%.40q is refused with %.300q", name, m)
			}
			continue
		}
		taken++
		if err := os.WriteFile(kube, []byte(others), 0o600); err != nil {
			t.Fatal(err)
		}
		a, _, _ := atDesk(t)
		a.Client = "/usr/bin/kubectl-creds"
		files, err := kubeconfig.Load([]string{kube})
		if err != nil {
			t.Fatal(err)
		}
		d, err := files.Plan(a.entry(parcel{Cluster: c.Clusters[0]}, auth.Token{}))
		if err != nil {
			t.Fatalf("%.40q: %v", name, err)
		}
		if err := files.Apply(t.Context(), d); err != nil {
			t.Fatalf("%.40q: %v", name, err)
		}
		got, err := clientcmd.LoadFromFile(kube)
		if err != nil || len(got.Contexts) != 1 || got.Contexts[name] == nil || len(got.Clusters) != 2 || len(got.AuthInfos) != 1 {
			t.Errorf("%.40q: %v: %+v", name, err, got)
		}
	}
	if taken == 0 || taken == hostile.Texts {
		t.Errorf("%d names were taken", taken)
	}
}

func TestHostileTextsAreOneLineOfTheLog(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	for i, text := range hostile.All() {
		log.Info("session", "account", text, "why", text)
		if got := strings.Count(b.String(), "\n"); got != i+1 {
			t.Fatalf("%.40q: %d lines, want %d", text, got, i+1)
		}
	}
	if strings.ContainsAny(b.String(), "\x1b\x00\u202e") {
		t.Error("control characters reach the log")
	}
}
