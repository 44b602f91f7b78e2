package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// menuAt is what `kubectl creds menu` prints for a caller who answers each question with answer, and how it ends.
func menuAt(t *testing.T, a *Agent, caller wire.Caller, answer string) (string, wire.Done) {
	t.Helper()
	var done wire.Done
	printed, err := atTerminal(t, caller, answer, "", func(ctx context.Context, at *terminal) error {
		done = a.menuAtTerminal(ctx, at.conn, wire.Request{Verb: "menu", Caller: at.caller})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(printed, "\n"), done
}

// readKeychain waits until the keychain has said that nobody is logged in.
func readKeychain(t *testing.T, a *Agent) {
	t.Helper()
	for slices.ContainsFunc(a.Keeper.Snapshot().Accounts, func(st auth.Status) bool { return st.Phase == auth.Unknown }) {
		select {
		case <-a.Keeper.Changed():
		case <-t.Context().Done():
			t.Fatal("the keychain was not read")
		}
	}
}

func TestTheMenuIsShownAtATerminalAndAChoiceIsDoneThere(t *testing.T) {
	a, _, _ := atDesk(t)
	readKeychain(t, a)
	got, done := menuAt(t, a, wire.Caller{Terminal: true}, "2")
	const question = "Number or part of the name (Enter: nothing):"
	want := `0 of 2 clusters ready; prod and staging are not logged in
   1  prod: not logged in ▸
   2  staging: not logged in ▸
   3  Log in to corp…
   4  Log in to lab…
   5  Help and diagnostics ▸
   6  Quit (renewal stops)

` + question + `
staging: not logged in
   1  Log in…
   2  Why…

` + question + `
staging: not logged in.
Nobody is logged in. Log in once; from then on tokens are renewed by themselves.
API server: https://staging:6443/
Account: corp
`
	if !strings.HasPrefix(got, want[:len(want)-1]) || done != (wire.Done{}) {
		t.Errorf("got %+v\n%s\nwant\n%s", done, got, want)
	}
}

func TestTheMenuIsOnlyPrintedWhereNobodyCanChoose(t *testing.T) {
	a, _, _ := atDesk(t)
	readKeychain(t, a)
	got, done := menuAt(t, a, wire.Caller{}, "1")
	if done != (wire.Done{}) || !strings.Contains(got, "   6  Quit") || strings.Contains(got, "Number or") {
		t.Errorf("got %+v\n%s", done, got)
	}
}

func TestNothingIsDoneForWhatIsNoRow(t *testing.T) {
	a, _, _ := atDesk(t)
	quit := false
	a.quit = func() { quit = true }
	for _, answer := range []string{"", "99", "-1", "\x1b[2J", "…"} {
		if _, done := menuAt(t, a, wire.Caller{Terminal: true}, answer); done != (wire.Done{}) || quit {
			t.Errorf("%q: %+v, quit: %v", answer, done, quit)
		}
	}
}

func TestARowIsFoundByItsNumberOrAPartOfItsText(t *testing.T) {
	var rows []string
	for i := range 400 {
		rows = append(rows, fmt.Sprintf("Cluster-%03d: valid until 14:32", i))
	}
	for typed, want := range map[string][]int{"1": {0}, "400": {399}, "cluster-017": {17}, "-39": {390, 391, 392, 393, 394, 395, 396, 397, 398, 399}, "401": nil, "0x1": nil} {
		if got := search(typed, rows); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", typed, got, want)
		}
	}
}

func TestTheMenuIsAListOnADesktopWithoutATray(t *testing.T) {
	a, s, _ := atDesk(t, 1, 1, auth.ErrCancelled)
	readKeychain(t, a)
	var work []func(context.Context)
	a.spawn = func(f func(context.Context)) { work = append(work, f) }
	a.Do(menu.Action{Verb: menu.VerbMenu})
	for i := 0; i < len(work); i++ {
		work[i](t.Context())
	}
	if len(s.shown) != 3 || !strings.HasPrefix(s.shown[0], `kubecreds: "0 of 2 clusters ready`) || !strings.HasPrefix(s.shown[2], "staging: staging: not logged in.") {
		t.Errorf("shown %q", s.shown)
	}
}
