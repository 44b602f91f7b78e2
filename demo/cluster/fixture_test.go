package cluster_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/ca"
	"github.com/kubecreds/kubecreds/demo/cluster"
	"github.com/kubecreds/kubecreds/demo/control"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// kubectlPath is the real kubectl: the one $KUBECTL names, else one that TestMain builds.
var kubectlPath = os.Getenv("KUBECTL")

func TestMain(m *testing.M) {
	if dir := os.Getenv(pluginWord); dir != "" {
		os.Exit(playPlugin(dir))
	}
	os.Exit(withKubectl(m.Run))
}

func withKubectl(run func() int) int {
	if kubectlPath != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "kubectl-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	kubectlPath = filepath.Join(dir, "kubectl")
	if runtime.GOOS == "windows" {
		kubectlPath += ".exe"
	}
	const version = "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/client-go/pkg/version.gitVersion=v1.37.2"
	build := exec.Command("go", "build", "-ldflags", version, "-o", kubectlPath, "../kubectl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build kubectl: %v\n%s", err, output)
		return 1
	}
	return run()
}

// world is a provider and one cluster that trusts it.
type world struct {
	*testing.T
	provider *provider.Provider
	cluster  *cluster.Cluster
	control  *control.Client // of the provider, and of the cluster as /clusters/NAME
	http     *http.Client
	ca       string // path
}

func start(t *testing.T, name string) *world {
	t.Helper()
	w := &world{T: t, ca: filepath.Join(t.TempDir(), "ca.pem")}
	authority, err := ca.New()
	w.must(err)
	w.must(os.WriteFile(w.ca, authority.PEM(), 0o600))
	w.provider, err = provider.Start(provider.Options{CA: authority})
	w.must(err)
	t.Cleanup(func() { w.provider.Close() })
	w.cluster, err = cluster.Start(t.Context(), cluster.Options{
		Name: name, Issuer: w.provider.Issuer(), Audience: provider.PublicClient, CA: authority,
	})
	w.must(err)
	t.Cleanup(func() { w.cluster.Close() })

	mux := http.NewServeMux()
	mux.Handle("/", w.provider.Control())
	mux.Handle("/clusters/"+name+"/", http.StripPrefix("/clusters/"+name, w.cluster.Control()))
	api := httptest.NewServer(mux)
	t.Cleanup(api.Close)
	w.control = control.New(api.URL)

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}
	t.Cleanup(transport.CloseIdleConnections)
	w.http = &http.Client{Transport: transport, Timeout: 20 * time.Second}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// token returns a new ID token of a user. More form values come in pairs.
func (w *world) token(user string, pairs ...string) string {
	w.Helper()
	values := url.Values{
		"grant_type": {"password"}, "client_id": {provider.PublicClient}, "username": {user}, "password": {"password"},
		"scope": {"openid email groups"},
	}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	response, err := w.http.PostForm(w.provider.Issuer()+"/oauth/token", values)
	w.must(err)
	defer response.Body.Close()
	var answer struct {
		IDToken string `json:"id_token"`
	}
	w.must(json.NewDecoder(response.Body).Decode(&answer))
	if answer.IDToken == "" {
		w.Fatalf("no ID token for %s: %s", user, response.Status)
	}
	return answer.IDToken
}

// get returns status and body of a plain request.
func (w *world) get(path, token string) (int, string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.cluster.URL()+path, nil)
	w.must(err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := w.http.Do(request)
	w.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	w.must(err)
	return response.StatusCode, string(body)
}

// command is kubectl with a kubeconfig that holds the token, and nothing of this machine's.
func (w *world) command(ctx context.Context, token string, args ...string) *exec.Cmd {
	w.Helper()
	home := w.TempDir()
	kubeconfig := filepath.Join(home, "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "demo",
"clusters": [{"name": "demo", "cluster": {"server": %q, "certificate-authority": %q}}],
"users": [{"name": "demo", "user": {"token": %q}}],
"contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}]}`, w.cluster.URL(), w.ca, token)
	w.must(os.WriteFile(kubeconfig, []byte(text), 0o600))
	command := exec.CommandContext(ctx, kubectlPath, args...)
	command.Env = []string{"HOME=" + home, "KUBECONFIG=" + kubeconfig, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	return command
}

// kubectl returns what it printed, spaces squeezed, and whether it succeeded.
func (w *world) kubectl(token string, args ...string) (output string, ok bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 60*time.Second)
	defer cancel()
	var out bytes.Buffer
	command := w.command(ctx, token, args...)
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return squeeze(out.String()), err == nil
}

// squeeze makes every run of blanks one space, and keeps the lines.
func squeeze(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

// eventually fails the test unless ok becomes true within 15 seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
