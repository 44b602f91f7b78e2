package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// foreign is a kubeconfig of somebody's, in their own style, with a cluster that has the name of one of ours.
const foreign = `# my clusters, do not touch
apiVersion: v1
kind: Config
preferences: {}
current-context: mine   # always
clusters:
  - name: mine
    cluster: {server: "https://192.0.2.1:6443", insecure-skip-tls-verify: true}
  - cluster:
      server: https://192.0.2.2:6443
    name: prod-eu       # the old one
contexts:
  - name: mine
    context: {cluster: mine, user: me}
users:
  - name: me
    user: {username: me, password: "se cret"}   # changed in May
`

func TestANameThatIsTakenInTheKubeconfigIsLeftAlone(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		must(t, os.WriteFile(r.Kube, []byte(foreign), 0o640))
		startAgent(t, r, r.Program("kubecreds"))
		logIn(t)

		const key = "(clusters: name: prod-eu)"
		if label := row(t, "prod-eu: kubeconfig not written: "); !strings.Contains(label, key) {
			t.Errorf("the row does not say which key to change: %q", label)
		}
		menuSays(t, "1 of 2 clusters ready; prod-eu is not in the kubeconfig")
		menuSays(t, "staging: valid until ")
		status := r.Creds(t.Context(), "", "status")
		for _, words := range []string{key, r.Kube, `cluster "prod-eu"`} {
			if !strings.Contains(status.Out, words) {
				t.Errorf("status lacks %q:\n%s", words, status.Out)
			}
		}

		onCluster(t, r, "staging")
		handsOut(t, r, "prod-eu")
		untouched(t, r)

		// The key that was named is changed.
		writeConfig(t, r, strings.Replace(readConfig(t, r), "- name: prod-eu", "- name: prod-eu-2", 1))
		menuSays(t, "prod-eu-2: valid until ", "2 of 2 clusters ready")
		onCluster(t, r, "prod-eu-2")
		onCluster(t, r, "staging")
		untouched(t, r)
		survived(t, r)
	})
}

// onCluster checks that kubectl is alice there.
func onCluster(t *testing.T, r *drive.Rig, context string) {
	t.Helper()
	var who drive.Result
	until(t, "kubectl on "+context, func() bool {
		who = r.Kubectl(t.Context(), "--context", context, "auth", "whoami")
		return who.Status == 0
	})
	if !strings.Contains(who.Out, "alice@example.com") {
		t.Errorf("kubectl auth whoami on %s: %+v", context, who)
	}
}

// untouched checks that every line of foreign is there as it was, in its order, and nothing of ours in between but whole lines.
func untouched(t *testing.T, r *drive.Rig) {
	t.Helper()
	rest := kubeconfig(r)
	for line := range strings.Lines(foreign) {
		_, after, found := strings.Cut("\n"+rest, "\n"+line)
		if !found {
			t.Errorf("the kubeconfig lost or changed the line %q:\n%s", line, kubeconfig(r))
			return
		}
		rest = after
	}
	if mode := fileMode(t, r.Kube); mode != "-rw-r-----" {
		t.Errorf("the kubeconfig's mode is %s", mode)
	}
}

func fileMode(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return fmt.Sprint(info.Mode())
}

func TestAKubeconfigInAGitWorkTreeIsAskedAbout(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		must(t, os.Mkdir(filepath.Join(r.Dir, ".git"), 0o700))
		startAgent(t, r, r.Program("kubecreds"))
		logIn(t)
		until(t, "the question", func() bool { return drive.Sees(t.Context(), "It lies in the git work tree") })
		if text := kubeconfig(r); text != "" {
			t.Errorf("it is written already:\n%s", text)
		}
		row(t, "prod-eu: kubeconfig not written: ")
		look(t, "press", "Write it", "push button")
		menuSays(t, "prod-eu: valid until ", "2 of 2 clusters ready")
		works(t, r)
	})
}
