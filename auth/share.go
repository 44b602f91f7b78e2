package auth

import (
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// Rotation is what a provider was seen to do with an account's refresh token at renewals.
type Rotation uint8

// Unseen lasts until the first renewal of this run.
const (
	Unseen  Rotation = iota
	Keeps            // every renewal has left it as it was
	Rotates          // one has replaced it: who sends an old one again may lose the session
)

// after is the rotation once a renewal with the refresh token sent has yielded g.
func (r Rotation) after(g oidc.Grant, sent secret.Text) Rotation {
	if r == Rotates || !g.Refresh.Empty() && !g.Refresh.Equal(sent) {
		return Rotates
	}
	return Keeps
}

// Shared is what kubectl's own OpenID Connect client needs beside the token, for the one delivery that gives it away.
type Shared struct {
	Client   secret.Text // a confidential client's secret, if it was given for what is configured
	Refresh  secret.Text // empty unless the provider was seen to keep it; only where a person has said so
	Rotation Rotation
}

// Share returns what may be given away of the account or cluster called name.
func (k *Keeper) Share(name string) (s Shared, err error) {
	stopped := k.read(func() {
		var a *keeping
		if a, err = k.find(name); err != nil {
			return
		}
		if s.Rotation = a.session.rotation; s.Rotation == Keeps && a.session.healthy() {
			s.Refresh = a.session.record.Refresh
		}
		c := a.session.client
		if a.Secret && a.differ(ends{c.Issuer, c.ClientID, c.TokenEndpoint}, c.TokenEndpoint) == nil {
			s.Client = c.Secret
		}
	})
	return s, firstError(stopped, err)
}

// Remark says of a cluster what its person should know of its delivery, though nothing failed; "" is nothing.
func (k *Keeper) Remark(cluster, text string) error {
	return k.do(func() {
		k.clusters = changed(k.clusters, func(c *Cluster) {
			if c.Name == cluster {
				c.Remark = text
			}
		})
	})
}
