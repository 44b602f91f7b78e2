package e2e

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// deliveries are the four, with where the token is that kubectl finds by each, and what kubectl says after a log out.
var deliveries = []struct {
	name  string
	token func(u *api.AuthInfo) string
	out   string
}{
	{"exec", func(*api.AuthInfo) string { return "" }, "login needed"},
	{"token-file", func(u *api.AuthInfo) string { b, _ := os.ReadFile(u.TokenFile); return string(b) }, "no such file"},
	{"token", func(u *api.AuthInfo) string { return u.Token }, "Unauthorized"},
	{"auth-provider", func(u *api.AuthInfo) string {
		if u.AuthProvider == nil {
			return ""
		}
		return u.AuthProvider.Config["id-token"]
	}, "No valid id-token"},
}

func TestEachDeliveryTakesKubectlThroughALogInARenewalALogOutAndARestart(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t, "--id-token=10m")
		must(t, r.StartAgent(r.Program("kubecreds"), "--no-tray"))
		answers(t, r)
		plain := readConfig(t, r)
		cliLogIn(t, r)
		for _, d := range deliveries {
			t.Log("delivery", d.name)
			writeConfig(t, r, strings.ReplaceAll(plain, "  account: corp\n", "  account: corp\n  delivery: "+d.name+"\n"))
			last := delivered(t, r, d.name, d.token, "")
			works(t, r)
			expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)
			last = delivered(t, r, d.name, d.token, last)
			works(t, r)

			expect(t, "logout", r.Creds(t.Context(), "", "logout"), 0)
			until(t, "kubectl to say "+d.out, func() bool {
				got := r.Kubectl(t.Context(), "--context", "prod-eu", "get", "namespaces")
				if strings.Contains(got.Out+got.Err, "Username") {
					t.Errorf("kubectl asks for a user name: %+v", got)
				}
				return got.Status != 0 && strings.Contains(got.Err, d.out)
			})
			if left := d.token(userOf(t, r)); d.name != "exec" && left != "" && left != "logged-out" {
				t.Errorf("%s: the token is still there", d.name)
			}

			cliLogIn(t, r)
			last = delivered(t, r, d.name, d.token, last)
			works(t, r)
			r.StopAgent()
			must(t, r.StartAgent(r.Program("kubecreds"), "--no-tray"))
			answers(t, r)
			delivered(t, r, d.name, d.token, last)
			works(t, r)
		}
	})
}

// delivered waits until prod-eu's user entry has that way and no other, and a token other than last; it returns the token.
func delivered(t *testing.T, r *drive.Rig, way string, token func(*api.AuthInfo) string, last string) string {
	t.Helper()
	found := ""
	until(t, "delivery "+way, func() bool {
		u := userOf(t, r)
		found = token(u)
		is := map[string]bool{"exec": u.Exec != nil, "token-file": u.TokenFile != "", "token": u.Token != "", "auth-provider": u.AuthProvider != nil}
		for other, there := range is {
			if there != (other == way) {
				return false
			}
		}
		return way == "exec" || found != "" && found != last && found != "logged-out"
	})
	return found
}

// userOf is prod-eu's user entry; empty while there is none.
func userOf(t *testing.T, r *drive.Rig) *api.AuthInfo {
	t.Helper()
	c, err := clientcmd.LoadFromFile(r.Kube)
	if err != nil || c.AuthInfos["kubecreds-prod-eu"] == nil {
		return api.NewAuthInfo()
	}
	return c.AuthInfos["kubecreds-prod-eu"]
}

func TestAProxyAndAWatchGoOnThroughTwoRenewals(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		const life = 6 * time.Second
		r := servers(t, "--id-token="+life.String())
		must(t, r.StartAgent(r.Program("kubecreds"), "--no-tray"))
		answers(t, r)
		cliLogIn(t, r)
		works(t, r)
		proxy, watch := kubectlLines(t, r, "proxy", "--port=0"), kubectlLines(t, r, "get", "namespaces", "--watch", "-o", "name")
		must(t, drive.Until(t.Context(), patience, "the watch", func() bool {
			c, err := r.Control.ClusterCounts(t.Context(), "prod-eu")
			return err == nil && c.Watches > 0
		}))
		address := ""
		for address == "" {
			_, address, _ = strings.Cut(proxy(), "Starting to serve on ")
		}
		recount(t, r)
		began := time.Now()
		requests := 0
		must(t, drive.Until(t.Context(), 10*life, "two renewals, and the end of the first token", func() bool {
			requests++
			get, err := http.Get("http://" + address + "/api/v1/namespaces")
			must(t, err)
			text, _ := io.ReadAll(get.Body)
			get.Body.Close()
			if get.StatusCode != http.StatusOK || !strings.Contains(string(text), "kube-system") {
				t.Fatalf("after %v the proxy answers %s: %.200s", time.Since(began), get.Status, text)
			}
			return counts(t, r).Of("token/refresh_token") >= 2 && time.Since(began) > life
		}))
		t.Logf("%d requests through the proxy in %v", requests, time.Since(began).Round(time.Second))
		must(t, r.Control.AddNamespace(t.Context(), "prod-eu", "fresh"))
		for watch() != "namespace/fresh" {
		}
	})
}

// kubectlLines starts kubectl and returns what reads the next line of its output. Its end ends the test.
func kubectlLines(t *testing.T, r *drive.Rig, args ...string) (next func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, r.Program("kubectl"), append([]string{"--kubeconfig", r.Kube, "--context", "prod-eu"}, args...)...)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // it is killed
	lines := bufio.NewScanner(out)
	return func() string {
		if !lines.Scan() {
			t.Fatalf("kubectl %s ended", strings.Join(args, " "))
		}
		return lines.Text()
	}
}
