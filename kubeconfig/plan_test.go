package kubeconfig

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// abs returns a path that is absolute on the system that runs the test.
func abs(name string) string {
	if runtime.GOOS == "windows" {
		return `C:\` + name
	}
	return "/" + name
}

// want is a change as the agent asks for it.
func want(name string) Change {
	return Change{
		Name: name, Account: "corp", Server: "https://" + name + ".example.com:6443",
		Exec: Exec{Command: abs("kubectl-creds"), Args: []string{"get-token", "--cluster", name}},
	}
}

// memory makes Files of texts, without a file system.
func memory(t testing.TB, texts ...string) *Files {
	t.Helper()
	f := &Files{}
	for i, text := range texts {
		file, err := parseFile(filepath.Join("folder", string(rune('a'+i))), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f.files = append(f.files, file)
	}
	return f
}

// planned returns the text that a plan gives the only file.
func planned(t testing.TB, text string, want ...Change) string {
	t.Helper()
	f := memory(t, text)
	d, err := f.Plan(want...)
	if err != nil {
		t.Fatal(err)
	}
	if d.Empty() {
		return text
	}
	return string(d.rewrites[0].text)
}

func TestWritesEveryNameThatAClusterMayHave(t *testing.T) {
	names := []string{"true", "1e3", "0x10", "null", "a b", "x:y", "a@b.c/d+e-f", "a: b", "it", "2001-01-01", "NO", "1:30", "arn:aws:eks:eu-1:1:cluster/x"}
	for _, text := range []string{"", "{}", "clusters: []\nusers: [{name: x}]\n"} {
		var all []Change
		for _, name := range names {
			all = append(all, want(name))
		}
		f := memory(t, planned(t, text, all...))
		for _, name := range names {
			if e := pick(f.files[0].config, contexts, name); e == nil {
				t.Errorf("%q is missing", name)
			}
		}
		if d, err := f.Plan(all...); err != nil || !d.Empty() {
			t.Errorf("%v, %v again", err, d.Files())
		}
	}
}

func TestRefusesAChangeThatKubectlCouldNotUse(t *testing.T) {
	for part, change := range map[string]func(*Change){
		"cannot be the name":     func(c *Change) { c.Name = "" },
		"cannot be the name of":  func(c *Change) { c.Name = "a\nb" },
		"prod: no server":        func(c *Change) { c.Server = "" },
		"prod: both a file":      func(c *Change) { c.CAFile, c.CAData = abs("ca.pem"), []byte("x") },
		"prod: the certificate":  func(c *Change) { c.CAFile = "ca.pem" },
		"prod: the plugin's":     func(c *Change) { c.Exec.Command = "kubectl-creds" },
		"plugin's path /a/../b ": func(c *Change) { c.Exec.Command = "/a/../b" },
	} {
		c := want("prod")
		change(&c)
		if _, err := memory(t, "").Plan(c); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %s", err, part)
		}
	}
	if _, err := memory(t, "").Plan(want("prod"), Change{Name: "prod", Remove: true}); err == nil {
		t.Error("a cluster is both wanted and not")
	}
}

func TestWritesACertificateAuthorityByPathOrByContent(t *testing.T) {
	c := want("prod")
	c.CAFile, c.TLSServerName = abs("ca.pem"), "other.example.com"
	text := planned(t, "", c)
	for _, line := range []string{"certificate-authority: " + abs("ca.pem"), "tls-server-name: other.example.com"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
	c.CAFile, c.CAData = "", []byte("-----BEGIN CERTIFICATE-----\n"+strings.Repeat("x", 500))
	file := memory(t, planned(t, text, c)).files[0]
	if !strings.Contains(string(file.text), "certificate-authority-data: LS0tLS1") || strings.Contains(string(file.text), "ca.pem") {
		t.Errorf("%s", file.text)
	}
}

func TestKubectlRunsThePluginThatIsWritten(t *testing.T) {
	c := want("prod")
	c.Exec.Env = map[string]string{"KUBECREDS_SOCKET": "/run/x"}
	config, err := clientcmd.Load([]byte(planned(t, "", c)))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	e := rest.ExecProvider
	if rest.Host != c.Server || e == nil || e.Command != c.Exec.Command || !slices.Equal(e.Args, c.Exec.Args) ||
		!e.ProvideClusterInfo || e.InteractiveMode != api.IfAvailableExecInteractiveMode || e.APIVersion != execVersion ||
		!slices.Equal(e.Env, []api.ExecEnvVar{{Name: "KUBECREDS_SOCKET", Value: "/run/x"}}) {
		t.Errorf("%s %+v", rest.Host, e)
	}
}

func TestOursSurvivesKubectlWritingTheFileAnew(t *testing.T) {
	config, err := clientcmd.Load([]byte(planned(t, "# mine\n", want("prod"))))
	if err != nil {
		t.Fatal(err)
	}
	config.Contexts["prod"].Namespace = "team-a"
	text, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	f := memory(t, string(text))
	if d, err := f.Plan(want("prod")); err != nil || !d.Empty() || !f.Entries()[0].Ours {
		t.Errorf("%v, %q is to be written again", err, d.Files())
	}
}
