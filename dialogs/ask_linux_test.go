package dialogs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
)

func TestAPersonReadsATextAndMayPressItsButton(t *testing.T) {
	shown := []string{"--text", "prod: <b>login</b> needed.\n\nAccount: corp", "--no-markup", "--question", "--title", "prod",
		"--ok-label", "Re-login…", "--cancel-label", "Close"}
	for answer, want := range map[string]error{"exit 0": nil, "exit 1": auth.ErrCancelled} {
		z := play(t, answer)
		if err := newDialogs(t).Ask(t.Context(), "prod", "prod: <b>login</b> needed.\n\nAccount: corp", "Re-login…"); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", answer, err, want)
		}
		z.wasShown(t, shown)
	}
}

func TestAListInATextIsIndentedWhereItIsBroken(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	text := "If so:\n• h is told\n• staging-eu-central-1 will trust the certificate authority with the SHA-256 " + hash + "\n•not one"
	want := "If so:\n• h is told\n• staging-eu-central-1 will trust the certificate authority\n   with the SHA-256\n" + hash + "\n•not one"
	if got := paragraphs(text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatADialogLeavesOutIsKnown(t *testing.T) {
	for text, fits := range map[string]bool{
		"": true, "one line": true, strings.Repeat("a line\n", tellMax-1): true, strings.Repeat("a line\n", tellMax+2): false,
		strings.Repeat("x", 10_000): false, strings.Repeat(strings.Repeat("x", wordMax+1)+"\n", tellMax/2+2): false,
	} {
		if got := newDialogs(t).Fits(text); got != fits {
			t.Errorf("%.20q… of %d characters: %v", text, len(text), got)
		}
	}
}

func TestADialogOnTheScreenIsKnown(t *testing.T) {
	z := play(t, "exec /bin/sleep 60")
	d := newDialogs(t)
	if d.Busy() {
		t.Error("busy at first")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Tell(ctx, "prod", "x") }()
	z.shown(t, 1)
	if !d.Busy() {
		t.Error("not busy with a dialog on the screen")
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || d.Busy() {
		t.Errorf("got %v, busy: %v", err, d.Busy())
	}
}
