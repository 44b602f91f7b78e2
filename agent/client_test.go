package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestAClientSecretIsAskedForAtTheTerminal(t *testing.T) {
	q := auth.ClientQuestion{Account: "corp", Client: "kubernetes", Host: "login.example.com", Problem: "The provider refused the client secret"}
	for _, c := range []struct {
		name, answer string
		once         bool
		want         []string
		err          error
	}{
		{"where a person sits", "s3cret", false,
			[]string{"corp: The provider refused the client secret", "Client secret of kubernetes for corp (login.example.com), kept in the keychain: "}, nil},
		{"not of a script, which has given the password", "password", true, nil, auth.ErrNoDialog},
		{"not where nobody is", "", false, []string{"corp: The provider refused the client secret", "Client secret of kubernetes for corp (login.example.com), kept in the keychain: "}, auth.ErrNoDialog},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got secret.Text
			printed, err := atTerminal(t, wire.Caller{Terminal: true}, c.answer, "", func(ctx context.Context, at *terminal) (err error) {
				at.once = c.once
				got, err = at.ClientSecret(ctx, q)
				return err
			})
			if !errors.Is(err, c.err) || c.err == nil && got.Reveal() != c.answer {
				t.Errorf("%q, %v; want %v", got.Reveal(), err, c.err)
			}
			if !slices.Equal(printed, c.want) {
				t.Errorf("printed %q, want %q", printed, c.want)
			}
			if c.once && !strings.Contains(err.Error(), "log in once from a terminal or the tray") {
				t.Errorf("%v", err)
			}
		})
	}
}
