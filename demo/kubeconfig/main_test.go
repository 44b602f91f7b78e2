// Package kubeconfig_test has kubectl itself judge what the package kubeconfig does to files: through random sequences of
// operations, among many writers at once, and killed at any moment.
package kubeconfig_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

var kubectlPath string

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == writerWord {
		writeForEver(os.Args[2])
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	bin, err := drive.Bin(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	kubectlPath = filepath.Join(bin, "kubectl")
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

// apply makes changes in the kubeconfig at path, as the agent does.
func apply(ctx context.Context, path string, changes ...kubeconfig.Change) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	files, err := kubeconfig.Load([]string{path})
	if err != nil {
		return err
	}
	diff, err := files.Plan(changes...)
	if err != nil {
		return err
	}
	return files.Apply(ctx, diff)
}

// kubectl runs the real one on the kubeconfig at path.
func kubectl(ctx context.Context, path string, args ...string) (out string, err error) {
	cmd := exec.CommandContext(ctx, kubectlPath, append([]string{"--kubeconfig", path}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECTL_KUBERC=false")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %v: %w: %s", args, err, stderr.String())
	}
	return stdout.String(), nil
}

// want is a cluster as the agent wants it, by the plugin.
func want(name string) kubeconfig.Change {
	return kubeconfig.Change{
		Name: name, Account: "corp", Server: "https://" + name + ".example.com:6443",
		Exec: kubeconfig.Exec{Command: "/usr/bin/kubectl-creds", Args: []string{"get-token", "--cluster", name}},
	}
}
