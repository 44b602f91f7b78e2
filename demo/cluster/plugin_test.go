package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// How kubectl treats a credential plugin: what kubecreds builds on, held to the pinned kubectl. The plugin is this test's program.

// pluginWord is the variable whose presence makes this program the plugin; it names the plugin's folder.
const pluginWord = "CLUSTER_TEST_PLUGIN"

// playPlugin notes that it was called, and answers what lies in its folder for this call: N.json, else answer.json. Where
// neither does it fails.
func playPlugin(dir string) int {
	calls, err := os.OpenFile(filepath.Join(dir, "calls"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return 9
	}
	_, _ = fmt.Fprintln(calls, strings.TrimSpace(os.Getenv("KUBERNETES_EXEC_INFO")))
	b, _ := os.ReadFile(calls.Name())
	for _, name := range []string{strconv.Itoa(bytes.Count(b, []byte("\n"))), "answer"} {
		if answer, err := os.ReadFile(filepath.Join(dir, name+".json")); err == nil {
			_, _ = os.Stdout.Write(answer)
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, "plugin: nothing to give")
	return 1
}

// plugin is a folder of the plugin's, and a home for kubectl with a kubeconfig that runs it.
type plugin struct {
	*world
	dir, home string
}

func (w *world) plugin() *plugin {
	w.Helper()
	p := &plugin{w, w.TempDir(), w.TempDir()}
	self, err := os.Executable()
	w.must(err)
	text := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "demo",
"clusters": [{"name": "demo", "cluster": {"server": %q, "certificate-authority": %q}}],
"users": [{"name": "demo", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": %q, "interactiveMode": "IfAvailable",
  "provideClusterInfo": true, "env": [{"name": %q, "value": %q}]}}}],
"contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}]}`, w.cluster.URL(), w.ca, self, pluginWord, p.dir)
	w.must(os.WriteFile(filepath.Join(p.home, "kubeconfig"), []byte(text), 0o600))
	return p
}

// gives sets what call n is answered with; 0 is every other one.
func (p *plugin) gives(n int, token string, expires time.Time) {
	p.Helper()
	name := "answer"
	if n > 0 {
		name = strconv.Itoa(n)
	}
	p.must(os.WriteFile(filepath.Join(p.dir, name+".json"), []byte(fmt.Sprintf(
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":%q,"expirationTimestamp":%q}}`,
		token, expires.UTC().Format(time.RFC3339))), 0o600))
}

// calls is how often the plugin was called since it was last asked.
func (p *plugin) calls() int {
	p.Helper()
	path := filepath.Join(p.dir, "calls")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	p.must(err)
	p.must(os.Remove(path))
	return bytes.Count(b, []byte("\n"))
}

func (p *plugin) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, kubectlPath, args...)
	command.Env = []string{"HOME=" + p.home, "KUBECONFIG=" + filepath.Join(p.home, "kubeconfig"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	return command
}

func (p *plugin) run(args ...string) (output string, ok bool) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	out, err := p.command(ctx, args...).CombinedOutput()
	return squeeze(string(out)), err == nil
}

func (p *plugin) forgetDiscovery() {
	p.Helper()
	p.must(os.RemoveAll(filepath.Join(p.home, ".kube", "cache")))
}

func TestKubectlCallsThePluginOnceForACommand(t *testing.T) {
	p := start(t, "prod-eu").plugin()
	p.gives(0, p.token("alice"), time.Now().Add(time.Hour))
	for _, args := range []string{"get namespaces", "get namespaces", "get pods,namespaces -A", "auth whoami", "version"} {
		if out, ok := p.run(strings.Fields(args)...); !ok {
			t.Errorf("%s: %s", args, out)
		}
		if n := p.calls(); n != 1 {
			t.Errorf("%s: %d calls", args, n)
		}
	}
	if out, ok := p.run("auth", "whoami", "--token", p.token("bob")); !ok || !strings.Contains(out, "bob@example.com") || p.calls() != 0 {
		t.Errorf("--token does not win: %s", out)
	}
}

func TestATokenThatHasEndedForKubectlIsAskedForAtEachRequest(t *testing.T) {
	p := start(t, "prod-eu").plugin()
	p.gives(0, p.token("alice"), time.Now().Add(-time.Second))
	if out, ok := p.run("get", "namespaces"); !ok || p.calls() < 2 {
		t.Errorf("%s: one call for several requests", out)
	}
	if out, ok := p.run("get", "namespaces"); !ok || p.calls() != 1 {
		t.Errorf("%s: not one call for one request", out)
	}
}

func TestARequestThatWasRefusedIsNotSentAgain(t *testing.T) {
	w := start(t, "prod-eu")
	p := w.plugin()
	good := w.token("alice")
	p.gives(0, good, time.Now().Add(time.Hour))
	if out, ok := p.run("get", "namespaces"); !ok { // discovery is kept from now on
		t.Fatal(out)
	}
	p.calls()
	p.gives(1, "not.a.token", time.Now().Add(time.Hour))
	w.must(w.control.ResetClusterCounts(t.Context(), "prod-eu"))
	if out, ok := p.run("get", "namespaces"); ok || !strings.Contains(out, "Unauthorized") {
		t.Errorf("a second, good token helped: %s", out)
	}
	if n := p.calls(); n != 2 {
		t.Errorf("%d calls, want one before and one behind the 401", n)
	}
	if c, err := w.control.ClusterCounts(t.Context(), "prod-eu"); err != nil || c.Requests != 1 || c.Unauthorized != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	p.gives(0, "not.a.token", time.Now().Add(time.Hour))
	p.forgetDiscovery()
	if out, ok := p.run("get", "namespaces"); ok || p.calls() <= 2 {
		t.Errorf("without discovery kubectl asks again and again: %s", out)
	}
}

func TestAPluginThatFailsIsCalledFiveTimesWithoutDiscovery(t *testing.T) {
	p := start(t, "prod-eu").plugin()
	if out, ok := p.run("auth", "whoami"); ok || p.calls() != 1 || strings.Count(out, "plugin: nothing to give") != 1 || !strings.Contains(out, "failed with exit code 1") {
		t.Errorf("whoami: %s", out)
	}
	out, ok := p.run("get", "namespaces")
	if n := p.calls(); ok || n != 5 || strings.Count(out, "plugin: nothing to give") != 5 {
		t.Errorf("%d calls: %s", n, out)
	}
}

func TestAPolicyOfKubercForbidsPluginsOrAllowsThemByTheirPath(t *testing.T) {
	p := start(t, "prod-eu").plugin()
	p.gives(0, p.token("alice"), time.Now().Add(time.Hour))
	self, err := os.Executable()
	p.must(err)
	p.must(os.MkdirAll(filepath.Join(p.home, ".kube"), 0o700))
	for _, c := range []struct {
		name, policy string
		allowed      bool
		says         string
	}{
		{"DenyAll", "credentialPluginPolicy: DenyAll\n", false, `not allowed: policy set to "DenyAll"`},
		{"the full path", "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- command: " + self + "\n", true, ""},
		{"another path", "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- command: /usr/bin/other\n", false, "is not permitted by the credential plugin allowlist"},
		{"the bare name", "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- command: " + filepath.Base(self) + "\n", false, "is not permitted by the credential plugin allowlist"},
	} {
		p.must(os.WriteFile(filepath.Join(p.home, ".kube", "kuberc"), []byte("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n"+c.policy), 0o600))
		out, ok := p.run("auth", "whoami")
		if n := p.calls(); ok != c.allowed || (n == 1) != c.allowed || !c.allowed && !strings.Contains(out, c.says) {
			t.Errorf("%s: %d calls: %s", c.name, n, out)
		}
	}
}

func TestALongRunningClientAsksAgainWhenTheTokenEndsForIt(t *testing.T) {
	w := start(t, "prod-eu")
	p := w.plugin()
	p.gives(0, w.token("alice"), time.Now().Add(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	proxy := p.command(ctx, "proxy", "--port=0")
	out, err := proxy.StdoutPipe()
	w.must(err)
	w.must(proxy.Start())
	defer func() {
		cancel()
		_ = proxy.Wait() // it was killed
	}()
	line := make([]byte, 200)
	n, err := out.Read(line)
	w.must(err)
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(string(line[:n]))
	if n := p.calls(); address == "" || n != 0 {
		t.Fatalf("%q after %d calls, want none before the first request", line[:n], n)
	}
	get := func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	}
	const life = 6 * time.Second
	ends := time.Now().Add(life)
	p.gives(0, w.token("alice"), ends)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := get(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := p.calls(); n != 1 && time.Now().Before(ends.Add(-time.Second)) { // what kubectl was told has whole seconds
		t.Errorf("%d calls for 20 first requests at once", n)
	}
	p.gives(0, w.token("alice"), time.Now().Add(time.Hour))
	eventually(t, "the token to end for kubectl", func() bool { return time.Now().After(ends.Add(time.Second)) })
	w.must(get())
	w.must(get())
	if n := p.calls(); n != 1 {
		t.Errorf("%d calls after the token had ended", n)
	}
}
