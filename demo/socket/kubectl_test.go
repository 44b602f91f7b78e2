package socket

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// programs is the folder of the programs as make build and make kubectl made them.
func programs(t *testing.T) string {
	t.Helper()
	bin, err := drive.Bin(t.Context())
	must(t, err)
	return bin
}

// command is a program on the kubeconfig that the agent wrote, and with nothing of this machine's.
func (r *rig) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	bin := filepath.Dir(r.client)
	cmd := exec.CommandContext(ctx, filepath.Join(bin, program), args...)
	cmd.Env = []string{
		"HOME=" + r.places.Home, "KUBECONFIG=" + r.kube, "PATH=" + bin + ":" + os.Getenv("PATH"), "KUBECREDS_SOCKET=" + r.socket.Socket(),
		"TERM=xterm-256color", "LANG=C.UTF-8", "SHELL=/bin/bash",
	}
	return cmd
}

// call runs a program and returns its stdout, its stderr, and whether it succeeded.
func (r *rig) call(program string, args ...string) (out, errs string, ok bool) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	cmd := r.command(ctx, program, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return stdout.String(), stderr.String(), err == nil
}

func (r *rig) kubectl(args ...string) (out, errs string, ok bool) {
	r.Helper()
	return r.call("kubectl", args...)
}

func TestKubectlAndThePluginUnderstandEachOther(t *testing.T) {
	r := start(t, provider.Options{}, 0)
	r.logIn()
	must(t, within(func() bool { return strings.Contains(r.kubeconfig(), "kubecreds-prod-eu") }))
	v1 := r.kubeconfig()
	for _, version := range []string{"v1", "v1beta1"} {
		must(t, os.WriteFile(r.kube, []byte(strings.ReplaceAll(v1, "client.authentication.k8s.io/v1", "client.authentication.k8s.io/"+version)), 0o600))
		if out, errs, ok := r.kubectl("auth", "whoami"); !ok || !strings.Contains(out, "alice@example.com") {
			t.Errorf("%s: %s%s", version, out, errs)
		}
	}
	must(t, os.WriteFile(r.kube, []byte(v1), 0o600))

	// Completion, as the shell asks kubectl for it.
	if out, errs, ok := r.kubectl("__complete", "creds", "log"); !ok || !strings.HasPrefix(out, "login\tlog in to an account\nlogout\t") {
		t.Errorf("%s%s", out, errs)
	}
	if out, errs, ok := r.kubectl("__complete", "creds", "get-token", "--cluster", "pro"); !ok || !strings.HasPrefix(out, "prod-eu\tvalid until ") || !strings.Contains(out, ":4\n") {
		t.Errorf("%s%s", out, errs)
	}
	if out, errs, ok := r.kubectl("creds", "status", "prod-eu"); !ok || !strings.Contains(out, "alice@example.com") {
		t.Errorf("kubectl creds status: %s%s", out, errs)
	}

	// Policies.
	must(t, os.MkdirAll(filepath.Join(r.places.Home, ".kube"), 0o700))
	kuberc := filepath.Join(r.places.Home, ".kube", "kuberc")
	policy := func(text string) {
		must(t, os.WriteFile(kuberc, []byte("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: "+text+"\n"), 0o600))
	}
	policy("DenyAll")
	if out, errs, ok := r.kubectl("auth", "whoami"); ok || !strings.Contains(errs, "not allowed") {
		t.Errorf("DenyAll: %s%s", out, errs)
	}
	policy("Allowlist\ncredentialPluginAllowlist:\n- command: " + r.client)
	if out, errs, ok := r.kubectl("auth", "whoami"); !ok {
		t.Errorf("our path on the allowlist: %s%s", out, errs)
	}
	must(t, os.Remove(kuberc))

	// kubectl runs a plugin that fails five times: the person is told once.
	r.ask("logout")
	began := time.Now()
	out, errs, ok := r.kubectl("get", "namespaces")
	if n := strings.Count(errs, "corp: login needed"); ok || n != 1 {
		t.Errorf("told %d times: %s%s", n, out, errs)
	}
	if n := strings.Count(errs, "failed with exit code 3"); n < 5 {
		t.Errorf("the plugin failed %d times: %s", n, errs)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
