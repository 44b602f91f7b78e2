package dialogs

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
)

func TestAPersonIsAskedForAClientSecret(t *testing.T) {
	const (
		ask   = "Client secret of kubernetes at login.example.com for corp.\nIt is kept in the keychain."
		empty = "Please try again: the client secret was empty\n\n" + ask
	)
	for _, c := range []struct {
		name, problem string
		answers       []string
		want          [][]string
		secret        string
		err           error
	}{
		{"once", "", []string{`printf ' s3|c r"e\\t€ \r\n'`}, [][]string{hidden(ask)}, `s3|c r"e\t€`, nil},
		{"again, and told what went wrong", "The provider refused it", []string{"echo s3cret"},
			[][]string{hidden("Please try again: The provider refused it\n\n" + ask)}, "s3cret", nil},
		{"again for nothing", "", []string{"echo", "echo s3cret"}, [][]string{hidden(ask), hidden(empty)}, "s3cret", nil},
		{"three times at most for nothing", "", []string{"echo", "echo", "echo"}, [][]string{hidden(ask), hidden(empty), hidden(empty)}, "", auth.ErrCancelled},
		{"and cancels", "", []string{"exit 1"}, [][]string{hidden(ask)}, "", auth.ErrCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := play(t, c.answers...)
			got, err := newDialogs(t).ClientSecret(t.Context(), auth.ClientQuestion{
				Account: "corp", Client: "kubernetes", Host: "login.example.com", Problem: c.problem,
			})
			if got.Reveal() != c.secret || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v; want %q, %v", got.Reveal(), err, c.secret, c.err)
			}
			if shown := z.asked(t); !slices.EqualFunc(shown, c.want, slices.Equal) {
				t.Errorf("shown:\n%q\nwant:\n%q", shown, c.want)
			}
		})
	}
}

func TestNothingInAQuestionForAClientSecretPosesAsAnOption(t *testing.T) {
	text := clientText(auth.ClientQuestion{Account: "--a\x1b[2J", Client: "--entry\n--x", Host: "--h", Problem: ""})
	if !strings.HasPrefix(text, "Client secret of ") || strings.ContainsRune(text, 0x1b) {
		t.Errorf("%q", text)
	}
}
