package agent

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/review"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/config"
)

// accessLimit is for everything that one cluster is asked, with a renewal in between.
const accessLimit = 40 * time.Second

// access is what one address of a cluster's API server says to the cluster's token.
type access struct {
	cluster, account string
	server           review.Server
	who              review.Person
	took             time.Duration
	err              error  // nil: the token is accepted; a *review.Problem; else why there is no token to ask with
	likely           string // why the token is rejected, read from it
}

// examine asks the API server of cl, at each of the addresses, whom it takes the token's bearer for. Where it does not accept
// the token it is asked once more with another, renewed one. What it says in the end shows in the cluster's row.
func (a *Agent) examine(ctx context.Context, cl config.Cluster, addresses ...string) []access {
	ctx, cancel := context.WithTimeout(ctx, accessLimit)
	defer cancel()
	serial := a.serial(cl)
	token, err := a.Keeper.Token(ctx, cl.Name)
	if err != nil {
		return []access{{cluster: cl.Name, account: cl.Account, server: review.Server{URL: cl.Server}, err: err}}
	}
	found := a.askEach(ctx, cl, addresses, token)
	if !rejected(found) || !token.Expires.After(a.Now()) { // an end that came meanwhile is no rejection
		return a.noted(cl, serial, found)
	}
	if weather := a.replace(ctx, cl, serial); weather != nil {
		a.Log.Info("not accepted, and not renewed", "cluster", cl.Name, "err", weather)
		return found // nothing is known for certain
	}
	if now := a.serial(cl); now != serial {
		serial = now
		if token, err = a.Keeper.Token(ctx, cl.Name); err != nil {
			return found
		}
		found = a.askEach(ctx, cl, addresses, token)
	}
	return a.noted(cl, serial, found)
}

// replace has the token of serial, which cl's API server refuses, renewed, unless it was already. It is an error where the
// provider does not answer now: then a refused token is no reason to ask it. A rejection that stands was tried before.
func (a *Agent) replace(ctx context.Context, cl config.Cluster, serial uint64) error {
	s := a.Keeper.Snapshot()
	st, _ := s.Account(cl.Account)
	c, _ := s.Cluster(cl.Name)
	switch {
	case st.Serial != serial, c.Rejected != auth.Reason{}:
		return nil
	case st.Phase != auth.Valid:
		return &auth.OfflineError{Account: cl.Account, Reason: st.Reason, RetryAt: st.RetryAt}
	}
	return a.Keeper.Renew(ctx, cl.Account)
}

func (a *Agent) serial(cl config.Cluster) uint64 {
	st, _ := a.Keeper.Snapshot().Account(cl.Account)
	return st.Serial
}

// noted has the cluster's row say what was found, which it returns: where the API server said neither yes nor no, nothing
// changes.
func (a *Agent) noted(cl config.Cluster, serial uint64, found []access) []access {
	c, _ := a.Keeper.Snapshot().Cluster(cl.Name)
	why := c.Rejected
	for _, f := range found {
		if review.Accepted(f.err) {
			why = auth.Reason{}
		}
	}
	for _, f := range found {
		if review.KindOf(f.err) == review.Rejected {
			why = auth.Reason{Code: auth.CodeRejected, Words: f.likely}
		}
	}
	if why != c.Rejected {
		a.Log.Info("API server", "cluster", cl.Name, "rejected", why)
		_ = a.Keeper.Reject(cl.Name, serial, why) // fails when everything ends
	}
	return found
}

func rejected(found []access) bool {
	for _, f := range found {
		if review.KindOf(f.err) == review.Rejected {
			return true
		}
	}
	return false
}

// askEach asks all addresses at once.
func (a *Agent) askEach(ctx context.Context, cl config.Cluster, addresses []string, token auth.Token) []access {
	found := make([]access, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		all.Go(func() { found[i] = a.ask(ctx, cl, address, token) })
	}
	all.Wait()
	return found
}

func (a *Agent) ask(ctx context.Context, cl config.Cluster, address string, token auth.Token) access {
	f := access{cluster: cl.Name, account: cl.Account, server: review.Server{URL: address, CA: cl.CertificateAuthorityData, Name: cl.TLSServerName}}
	if cl.CertificateAuthority != "" {
		if f.server.CA, f.err = os.ReadFile(cl.CertificateAuthority); f.err != nil {
			f.err = &review.Problem{Kind: review.Certificate, Words: "certificateAuthority: " + oidc.Cleaned(f.err.Error())}
			return f
		}
	}
	began := a.Now()
	f.who, f.err = review.Ask(ctx, f.server, token.Value)
	f.took = a.Now().Sub(began)
	if review.KindOf(f.err) == review.Rejected {
		f.likely = review.Likely(token.Value, f.err, a.Now())
	}
	return f
}
