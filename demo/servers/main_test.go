package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kubecreds/kubecreds/demo/control"
)

// asServers makes the test binary be the command itself.
const asServers = "DEMO_TEST_AS_SERVERS"

func TestMain(m *testing.M) {
	if os.Getenv(asServers) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the servers command, killed when ctx ends, with its output on the test's.
func command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = append(os.Environ(), asServers+"=yes")
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	return c
}

// running waits until the servers in dir are ready.
func running(t *testing.T, dir string) (control.Servers, *control.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	for {
		s, client, err := control.Open(dir)
		if err == nil {
			return s, client
		}
		select {
		case <-ctx.Done():
			t.Fatal("the servers did not start:", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// begin runs the command in dir until the test ends.
func begin(t *testing.T, dir string, args ...string) (control.Servers, *control.Client) {
	t.Helper()
	life, kill := context.WithTimeout(context.Background(), time.Minute) // t.Context ends before the cleanup
	c := command(life, t, append([]string{"--dir", dir, "--until-eof"}, args...)...)
	t.Cleanup(kill) // runs last
	hold, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hold.Close()
		if err := c.Wait(); err != nil {
			t.Errorf("at the end of its input it exits with %v", err)
		}
	})
	return running(t, dir)
}

func TestWhenServersJSONIsThereEverythingAnswers(t *testing.T) {
	dir := t.TempDir()
	s, client := begin(t, dir)
	pem, err := os.ReadFile(s.CertificateAuthority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	urls := []string{s.Issuer + "/.well-known/openid-configuration"}
	for _, c := range s.Clusters {
		urls = append(urls, c.Server+"/readyz")
	}
	if len(urls) != 3 || s.Clusters[0].Name != "prod-eu" || s.Clusters[1].Name != "staging" {
		t.Errorf("clusters: %v", s.Clusters)
	}
	for _, url := range urls {
		response, err := (&http.Client{Transport: transport}).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", url, response.Status)
		}
	}
	if _, err := client.Sessions(t.Context()); err != nil {
		t.Error(err)
	}
	for _, c := range s.Clusters {
		if err := client.AddNamespace(t.Context(), c.Name, "fresh"); err != nil {
			t.Error(err)
		}
	}
}

func TestLifetimesAndKubeconfigComeFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(t.TempDir(), "ready.json")
	s, _ := begin(t, dir, "--id-token", "11s", "--refresh-token", "1h", "--kubeconfig", "/somewhere/kubeconfig", "--ready-file", ready)
	response, err := http.Get(s.Control + "/lifetimes")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(body)); got != `{"idToken":11,"refreshToken":3600,"grace":0}` {
		t.Errorf("lifetimes: %s", got)
	}
	config, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(config), `kubeconfigs: ["/somewhere/kubeconfig"]`) {
		t.Errorf("configuration:\n%s", config)
	}
	one, err := os.ReadFile(filepath.Join(dir, "servers.json"))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(10 * time.Second); ; {
		if two, err := os.ReadFile(ready); err == nil {
			if string(two) != string(one) {
				t.Errorf("the ready file holds %s", two)
			}
			return
		}
		select {
		case <-deadline:
			t.Fatal("no ready file")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestConfigurationNamesWhatRuns(t *testing.T) {
	described := control.Servers{
		Issuer: "https://127.0.0.1:1", CertificateAuthority: `C:\a "folder"\ca.pem`,
		Clusters: []control.Cluster{{Name: "prod-eu", Server: "https://127.0.0.1:2"}, {Name: "staging", Server: "https://127.0.0.1:3"}},
	}
	text, err := renderConfig(described, "/home/a b/kubeconfig", settings{}.client(), accountText(control.Plain))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Kubeconfigs []string
		Accounts    []struct {
			Name, Issuer         string
			ClientID             string `yaml:"clientID"`
			Scopes, Login        []string
			CertificateAuthority string `yaml:"certificateAuthority"`
		}
		Clusters []struct {
			Name, Account, Server string
			CertificateAuthority  string `yaml:"certificateAuthority"`
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Accounts) != 1 || len(got.Clusters) != 2 || got.Kubeconfigs[0] != "/home/a b/kubeconfig" {
		t.Fatalf("%+v", got)
	}
	account, last := got.Accounts[0], got.Clusters[1]
	if account.Name != "corp" || account.Issuer != described.Issuer || account.ClientID != "kubernetes" || len(account.Scopes) != 5 ||
		account.Login[0] != "password" || account.CertificateAuthority != described.CertificateAuthority {
		t.Errorf("%+v", account)
	}
	if last.Name != "staging" || last.Account != "corp" || last.Server != "https://127.0.0.1:3" || last.CertificateAuthority != described.CertificateAuthority {
		t.Errorf("%+v", last)
	}
}

func TestTheConfigurationFitsTheManners(t *testing.T) {
	s, _ := begin(t, t.TempDir(), "--manners", "google")
	config, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"login: [browser]", "prompt: consent", "authParams: {access_type: offline}"} {
		if !strings.Contains(string(config), want) {
			t.Errorf("no %s in\n%s", want, config)
		}
	}
}

func TestUnknownMannersAreAnErrorThatNamesThoseThereAre(t *testing.T) {
	err := run(settings{dir: t.TempDir(), manners: "polite"}, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), `"polite"`) || !strings.Contains(err.Error(), "dex, dot, entra") {
		t.Errorf("error %v", err)
	}
}

func TestSIGTERMEndsItCleanly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGTERM on Windows")
	}
	dir := t.TempDir()
	c := command(t.Context(), t, "--dir", dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	running(t, dir)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("it exits with %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "servers.json")); !os.IsNotExist(err) {
		t.Errorf("servers.json stays: %v", err)
	}
}

func TestATakenPortIsAnErrorThatNamesIt(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	err = run(settings{dir: dir, port: taken.Addr().(*net.TCPAddr).Port}, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "servers.json")); !os.IsNotExist(err) {
		t.Errorf("servers.json was written: %v", err)
	}
}
