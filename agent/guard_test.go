package agent

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/config"
)

func TestATokenGoesOnlyToServersConfiguredForItsAccountAsTheyAreConfigured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(ca), 0o600); err != nil {
		t.Fatal(err)
	}
	good, evil := base64.StdEncoding.EncodeToString([]byte(ca)), base64.StdEncoding.EncodeToString([]byte(strings.Replace(ca, "MAA", "MBB", 1)))
	c := &config.Config{
		Accounts: []config.Account{{Name: "corp"}, {Name: "lab"}},
		Clusters: []config.Cluster{
			{Name: "prod", Account: "corp", Server: "https://prod:6443", Servers: []string{"https://127.0.0.1:7443"}, CertificateAuthorityData: []byte(ca)},
			{Name: "staging", Account: "corp", Server: "https://staging:6443/", CertificateAuthority: file},
			{Name: "public", Account: "corp", Server: "https://public", TLSServerName: "kubernetes"},
		},
	}
	for _, test := range []struct {
		what, name string
		exec       *wire.ExecInfo
		says       string // "" is handed out
	}{
		{"a person", "prod", nil, ""},
		{"its server", "prod", &wire.ExecInfo{Server: "https://prod:6443"}, ""},
		{"with a slash", "prod", &wire.ExecInfo{Server: "https://prod:6443/", CAData: good}, ""},
		{"another address of it", "prod", &wire.ExecInfo{Server: "https://127.0.0.1:7443", CAData: good}, ""},
		{"by its account", "corp", &wire.ExecInfo{Server: "https://staging:6443", CAData: good}, ""},
		{"its authority in a file", "corp", &wire.ExecInfo{Server: "https://staging:6443", CAFile: file}, ""},
		{"the name of its certificate", "public", &wire.ExecInfo{Server: "https://public", TLSServerName: "kubernetes"}, ""},
		{"its own name", "prod", &wire.ExecInfo{Server: "https://prod:6443", TLSServerName: "prod"}, ""},

		{"no server", "prod", &wire.ExecInfo{}, "set provideClusterInfo: true"},
		{"another cluster's server", "prod", &wire.ExecInfo{Server: "https://staging:6443"}, "not configured for it"},
		{"a stranger", "corp", &wire.ExecInfo{Server: "https://evil"}, `sends its token to "https://evil", which is not configured for it`},
		{"another account's server", "lab", &wire.ExecInfo{Server: "https://prod:6443"}, "not configured for it"},
		{"nobody", "unknown", &wire.ExecInfo{Server: "https://prod:6443"}, "not in the configuration"},
		{"no verification", "prod", &wire.ExecInfo{Server: "https://prod:6443", Insecure: true}, "verifies nothing"},
		{"an authority of its own", "prod", &wire.ExecInfo{Server: "https://prod:6443", CAData: evil}, "another certificate authority"},
		{"an authority where none is configured", "public", &wire.ExecInfo{Server: "https://public", CAData: good}, "another certificate authority"},
		{"an authority in a file of its own", "staging", &wire.ExecInfo{Server: "https://staging:6443", CAFile: "/dev/zero"}, "another certificate authority"},
		{"a name of its own", "prod", &wire.ExecInfo{Server: "https://prod:6443", TLSServerName: "evil.example", CAData: good}, "another name"},
	} {
		err := guard(c, test.name, test.exec)
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v, want %q", test.what, err, test.says)
		}
	}
}
