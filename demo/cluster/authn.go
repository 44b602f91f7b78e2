package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"time"

	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"

	"github.com/kubecreds/kubecreds/demo/control"
)

// newAuthenticator returns the judge of tokens, once it has read the issuer's discovery document. It works until life ends.
func newAuthenticator(ctx, life context.Context, o Options) (authenticator.Token, error) {
	noPrefix := ""
	tokens, err := oidc.New(life, oidc.Options{
		JWTAuthenticator: apiserver.JWTAuthenticator{
			Issuer: apiserver.Issuer{URL: o.Issuer, Audiences: []string{o.Audience}},
			ClaimMappings: apiserver.ClaimMappings{
				Username: apiserver.PrefixedClaimOrExpression{Claim: "email", Prefix: &noPrefix},
				Groups:   apiserver.PrefixedClaimOrExpression{Claim: "groups", Prefix: &noPrefix},
			},
		},
		Client: &http.Client{
			Timeout:   10 * time.Second,
			Transport: named{&http.Transport{TLSClientConfig: &tls.Config{RootCAs: o.CA.Pool()}}},
		},
	})
	if err != nil {
		return nil, err
	}
	// The authenticator reads the discovery document in the background and tells only when asked.
	for tokens.HealthCheck() != nil {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("provider %s does not answer: %w", o.Issuer, tokens.HealthCheck())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return tokens, nil
}

// named adds the name by which the provider counts our requests apart.
type named struct{ next http.RoundTripper }

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", control.ClusterUserAgent)
	return n.next.RoundTrip(r)
}

// authenticate returns who sent r, nil if its token is missing, bad, or rejected on command.
func (c *Cluster) authenticate(r *http.Request) user.Info {
	if c.counts.rejecting() {
		return nil
	}
	response, ok, err := c.tokens.AuthenticateRequest(r)
	if err != nil || !ok {
		return nil
	}
	who := response.User
	return &user.DefaultInfo{
		Name:   who.GetName(),
		UID:    who.GetUID(),
		Groups: append(slices.Clone(who.GetGroups()), user.AllAuthenticated),
		Extra:  who.GetExtra(),
	}
}

// allowed is all there is of authorization: developers may read everything, viewers everything but secrets.
func allowed(who user.Info, verb, resource string) bool {
	if !slices.Contains([]string{"get", "list", "watch"}, verb) {
		return false
	}
	if slices.Contains(who.GetGroups(), "developers") {
		return true
	}
	return slices.Contains(who.GetGroups(), "viewers") && resource != "secrets"
}
