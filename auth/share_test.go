package auth

import (
	"testing"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestAProviderThatReplacedARefreshTokenOnceIsOneThatRotates(t *testing.T) {
	sent, other := secret.New("one"), secret.New("two")
	for _, c := range []struct {
		before Rotation
		answer secret.Text
		want   Rotation
	}{
		{Unseen, secret.Text{}, Keeps}, {Unseen, sent, Keeps}, {Unseen, other, Rotates},
		{Keeps, sent, Keeps}, {Keeps, other, Rotates},
		{Rotates, sent, Rotates}, {Rotates, secret.Text{}, Rotates},
	} {
		if got := c.before.after(oidc.Grant{Refresh: c.answer}, sent); got != c.want {
			t.Errorf("%d, then %q: %d, want %d", c.before, c.answer.Reveal(), got, c.want)
		}
	}
}
