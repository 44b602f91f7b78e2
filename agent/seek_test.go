package agent

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// noted is a desktop that keeps what it is shown. It answers every question with err.
type noted struct {
	notices []menu.Notice
	said    []string
	err     error
}

func (n *noted) Show(_ context.Context, notice menu.Notice) error {
	n.notices = append(n.notices, notice)
	return nil
}
func (n *noted) Withdraw(string)            {}
func (n *noted) Chosen() <-chan menu.Action { return nil }
func (n *noted) Busy() bool                 { return false }
func (n *noted) Tell(_ context.Context, _, text string) error {
	n.said = append(n.said, text)
	return nil
}
func (n *noted) Ask(_ context.Context, _, text, _ string) error {
	n.said = append(n.said, text)
	return n.err
}
func (n *noted) SaveFile(context.Context, string, string) (string, error) {
	return "", auth.ErrCancelled
}
func (n *noted) Entry(context.Context, string, string, string) (string, error) {
	return "", auth.ErrCancelled
}
func (n *noted) OpenFile(context.Context, string) (string, error) { return "", auth.ErrCancelled }
func (n *noted) List(context.Context, string, string, []string) (int, error) {
	return 0, auth.ErrCancelled
}

// onDesk gives a a desktop, and runs what it starts at once.
func onDesk(t *testing.T, a *Agent, n *noted) {
	t.Helper()
	a.Notify, a.Dialogs = n, n
	a.spawn = func(f func(context.Context)) { f(t.Context()) }
}

func TestWhatOtherProgramsLogInToIsFoundAndAdoptedFromTheMenuAfterADialog(t *testing.T) {
	a, path := withKubeconfig(t, twoOfKubelogin)
	n := &noted{err: auth.ErrCancelled}
	onDesk(t, a, n)
	a.seek()
	if set := a.settings(); set.Found != 2 || set.FoundBy != "kubelogin" {
		t.Fatalf("%+v", set)
	}
	a.Do(menu.Action{Verb: menu.VerbAdopt})
	if readFile(t, path) != twoOfKubelogin || len(n.said) != 1 {
		t.Fatalf("adopted after Close: %q", n.said)
	}
	for _, want := range []string{"kubectl runs kubecreds instead of kubelogin for: a, b", "prod:6443, staging:6443 will be given the tokens of 127.0.0.1:1", "Left alone: user c (Azure's kubelogin)"} {
		if !strings.Contains(n.said[0], want) {
			t.Errorf("%q is not in\n%s", want, n.said[0])
		}
	}
	n.err = nil
	a.Do(menu.Action{Verb: menu.VerbAdopt})
	if readFile(t, path) == twoOfKubelogin || !strings.Contains(n.said[2], "Adopted: a, b.") {
		t.Errorf("%q", n.said)
	}
	if st, _ := a.Keeper.Snapshot().Account("127.0.0.1:1"); st.LastLogin.Code != auth.CodeUnreachable {
		t.Errorf("no login followed: %+v", st)
	}
	if set := a.settings(); set.Found != 0 {
		t.Errorf("still found: %+v", set)
	}
}

func TestWhatADialogWouldCutIsNotAgreedToThere(t *testing.T) {
	many := twoOfKubelogin
	for i := range 40 {
		many = strings.Replace(many, "clusters:\n", fmt.Sprintf("clusters:\n- {name: c%d, cluster: {server: \"https://a-long-name-of-a-server-%d.example.com:6443\"}}\n", i, i), 1)
		many = strings.Replace(many, "contexts:\n", fmt.Sprintf("contexts:\n- {name: c%d, context: {cluster: c%d, user: a}}\n", i, i), 1)
	}
	a, path := withKubeconfig(t, many)
	n := &noted{}
	onDesk(t, a, n)
	a.Do(menu.Action{Verb: menu.VerbAdopt})
	if readFile(t, path) != many || len(n.said) != 1 || !strings.Contains(n.said[0], "Run in a terminal: kubectl creds adopt") {
		t.Errorf("%q", n.said)
	}
}

func TestNotNowIsRemembered(t *testing.T) {
	a, _ := withKubeconfig(t, twoOfKubelogin)
	onDesk(t, a, &noted{})
	a.Tray = true
	a.seek()
	a.Do(menu.Action{Verb: menu.VerbLater, On: "adopt"})
	if a.settings().Found != 0 {
		t.Error("still offered")
	}
	a.told = nil
	a.loadState()
	if a.settings().Found != 0 {
		t.Error("offered again after a restart")
	}
}

func TestAnAdoptedUserThatAnotherProgramTookBackIsToldOnce(t *testing.T) {
	a, path := withKubeconfig(t, twoOfKubelogin)
	n := &noted{}
	onDesk(t, a, n)
	if _, done := ask(t, a, wire.Request{Verb: "adopt", Args: []string{"--yes=true"}}, ""); done.Status != 0 {
		t.Fatalf("%+v", done)
	}
	a.seek()
	if len(n.notices) != 0 {
		t.Fatalf("%+v", n.notices)
	}
	for _, text := range []string{twoOfKubelogin, twoOfKubelogin + "# and again\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a.seek()
	}
	if len(n.notices) != 1 || !strings.HasPrefix(n.notices[0].Body, "a and b: no longer opened by kubecreds.") {
		t.Errorf("%+v", n.notices)
	}
}

func (*noted) Fits(text string) bool { return len(text) < 1000 }
