package socket

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/provider"
)

const theirs = `# mine
apiVersion: v1
kind: Config
clusters:
- name: theirs
  cluster: {server: "https://theirs"}   # as it was
users:
- name: theirs
  user: {token: abc}
contexts:
- name: theirs
  context: {cluster: theirs, user: theirs}
current-context: theirs
`

func TestUninstallTakesBackAllAndNothingOfOthers(t *testing.T) {
	r := start(t, provider.Options{}, 3)
	must(t, os.WriteFile(r.kube, []byte(theirs), 0o600))
	if a := r.ask("autostart", "on"); a.text != "start at login: on\n" || !r.starts.on.Load() {
		t.Errorf("%+v", a)
	}
	r.logIn()
	must(t, within(func() bool { return strings.Contains(r.kubeconfig(), "kubecreds-c2") }))

	if a := r.ask("uninstall"); a.done.Status != 1 || !strings.Contains(strings.Join(a.notes, "\n"), "removes our entries from "+r.kube) {
		t.Errorf("whoever does not say yes: %+v", a)
	}
	if !strings.Contains(r.kubeconfig(), "kubecreds-c2") || r.ask("status", "corp").done.Status != 0 {
		t.Fatal("something was taken back before the person said yes")
	}

	a := r.ask("uninstall", "--yes=true")
	if a.done.Status != 0 || a.done.Message != "" {
		t.Fatalf("%+v", a)
	}
	for _, line := range []string{"start at login: off\n", "corp: logged out\n", r.kube + ": our entries of 3 clusters removed\n", r.places.Config + "\n"} {
		if !strings.Contains(a.text, line) {
			t.Errorf("it does not say %q:\n%s", line, a.text)
		}
	}
	<-r.ended
	if got := r.kubeconfig(); got != theirs {
		t.Errorf("the kubeconfig is\n%s", got)
	}
	if sessions, err := r.control.Sessions(t.Context()); err != nil || len(sessions) != 1 || sessions[0].Alive {
		t.Errorf("%+v, %v", sessions, err)
	}
	if left := r.items.Items(); len(left) != 0 {
		t.Errorf("the keychain still holds %d items", len(left))
	}
	if !r.socket.QuitByPerson() {
		t.Error("the next kubectl would start it again")
	}
	for _, gone := range []string{r.places.StateFile(), r.socket.Socket()} {
		if _, err := os.Stat(gone); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", gone, err)
		}
	}
}

func TestUninstallFindsWhatAnAccountLeftInTheKeychain(t *testing.T) {
	r := start(t, provider.Options{}, 1)
	r.logIn()
	must(t, within(func() bool {
		b, err := os.ReadFile(r.places.StateFile())
		return err == nil && strings.Contains(string(b), `"accounts"`)
	}))
	text, err := os.ReadFile(r.places.Config)
	must(t, err)
	must(t, os.WriteFile(r.places.Config, []byte(strings.ReplaceAll(string(text), "corp", "lab")), 0o600))
	must(t, within(func() bool { return strings.Contains(r.ask("status").text, "lab") }))
	if len(r.items.Items()) == 0 {
		t.Fatal("the session is not in the keychain any more")
	}
	a := r.ask("uninstall", "--yes=true")
	if a.done.Status != 0 || !strings.Contains(a.text, "corp, which left the configuration earlier: deleted from the keychain\n") {
		t.Errorf("%+v", a)
	}
	<-r.ended
	if left := r.items.Items(); len(left) != 0 {
		t.Errorf("the keychain still holds %d items", len(left))
	}
}

func TestWhatCannotBeTakenBackIsSaidAndCanBeTriedAgain(t *testing.T) {
	r := start(t, provider.Options{}, 1)
	r.logIn()
	must(t, within(func() bool { return strings.Contains(r.kubeconfig(), "kubecreds-c0") }))
	good := r.kubeconfig()
	must(t, os.WriteFile(r.kube, []byte("clusters: [\n"), 0o600))
	a := r.ask("uninstall", "--yes=true")
	if a.done.Status != 1 || !strings.Contains(a.done.Message, r.kube) || !strings.Contains(strings.Join(a.notes, "\n"), "mend it and run this again") {
		t.Errorf("%+v", a)
	}
	must(t, os.WriteFile(r.kube, []byte(good), 0o600))
	if a := r.ask("uninstall", "--yes=true"); a.done.Status != 0 || strings.Contains(r.kubeconfig(), "kubecreds") {
		t.Errorf("%+v, kubeconfig\n%s", a, r.kubeconfig())
	}
	<-r.ended
}

func (r *rig) kubeconfig() string {
	b, err := os.ReadFile(r.kube)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.Fatal(err)
	}
	return string(b)
}
