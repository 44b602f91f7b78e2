package agent

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// A kubeconfig whose users have kubelogin's flags is the whole configuration: account and cluster are made from it at the first
// login. It is also anybody's, so that it alone gets nothing: what it asked for in vain is kept in memory, and offered to the
// person who types the login, with a line for each host and each server.

const (
	maxProposals = 16 // accounts
	maxProposed  = 64 // clusters of one
)

// proposal is what a kubeconfig asked for and a person has not agreed to.
type proposal struct {
	login    kubeconfig.Login
	account  config.Account
	known    bool // the account is in the configuration; its clusters are new
	clusters []config.Cluster
}

func (p proposal) edit() config.Edit {
	e := config.Edit{Clusters: p.clusters}
	if !p.known {
		e.Accounts = []config.Account{p.account}
	}
	return e
}

// proposedError: a person must agree first.
type proposedError struct{ account, what string }

func (e *proposedError) Error() string {
	return fmt.Sprintf("%s: login needed: %s; run in a terminal: kubectl creds login %q", e.account, e.what, e.account)
}

// wanted is the name of the account or cluster whose token a request wants: as it says, or of the account that fits kubelogin's
// flags.
func (a *Agent) wanted(r wire.Request) (string, error) {
	if !kubeconfig.HasKubelogin(r.Args) {
		if name := r.Flag("cluster"); name != "" {
			return name, nil
		}
		return r.Flag("account"), nil
	}
	l, cannot := kubeconfig.Kubelogin(r.Args)
	var c config.Config
	if now := a.inForce(); now != nil {
		c = *now
	}
	fit := fitting(c.Accounts, l)
	switch {
	case len(fit) > 1:
		names := make([]string, len(fit))
		for i, acc := range fit {
			names[i] = acc.Name
		}
		return "", fmt.Errorf("the kubeconfig's flags fit the accounts %s: add --username, or write get-token --account NAME", strings.Join(names, " and "))
	case len(fit) == 1 && guard(&c, fit[0].Name, r.Caller.Exec) == nil:
		return fit[0].Name, nil
	case len(fit) == 1:
		return a.propose(c, proposal{login: l, account: fit[0], known: true}, r.Caller.Exec)
	}
	if l.CAFile != "" {
		cannot = append(cannot, "--certificate-authority is a path; write --certificate-authority-data")
	}
	if l.Browser != "" {
		cannot = append(cannot, "--browser-command runs a program; write browserCommand into config.yaml")
	}
	if len(cannot) > 0 {
		return "", fmt.Errorf("no account is made from this kubeconfig: %s", strings.Join(cannot, "; "))
	}
	return a.propose(c, proposal{login: l, account: carried(l, freeName(c, hostOf(l.Issuer)))}, r.Caller.Exec)
}

// propose keeps p, and the API server that exec says, for a person to agree to. It always returns an error: what to do, or why
// nothing can be done.
func (a *Agent) propose(c config.Config, p proposal, exec *wire.ExecInfo) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.proposals, func(q proposal) bool { return q.login.SameSession(p.login) })
	switch {
	case i >= 0:
		p.clusters = a.proposals[i].clusters
		a.proposals = slices.Delete(a.proposals, i, i+1)
	case len(a.proposals) >= maxProposals:
		a.proposals = slices.Delete(a.proposals, 0, 1) // the oldest
	}
	what := "there is no account yet for " + hostOf(p.account.Issuer)
	if exec != nil {
		if err := guard(&c, p.account.Name, exec); p.known && !isStranger(err) {
			return "", err
		}
		cl, err := proposed(exec, p.account.Name)
		if err != nil {
			return "", err
		}
		if p.known {
			what = fmt.Sprintf("%.200q was never given its tokens", cl.Server)
		}
		same := func(have config.Cluster) bool { return have.Server == cl.Server }
		if !slices.ContainsFunc(p.clusters, same) && len(p.clusters) < maxProposed {
			all := config.Config{Accounts: append(slices.Clone(c.Accounts), p.account), Clusters: slices.Concat(c.Clusters, p.clusters)}
			cl.Name = freeName(all, hostOf(cl.Server))
			p.clusters = append(slices.Clone(p.clusters), cl)
		}
	}
	a.proposals = append(a.proposals, p)
	return "", &proposedError{p.account.Name, what}
}

// isStranger: the server is the trouble, and not how it is known.
func isStranger(err error) bool {
	var s *strangerError
	return errors.As(err, &s) && s.why == notConfigured
}

// proposed is the cluster that exec says its token is for.
func proposed(exec *wire.ExecInfo, account string) (config.Cluster, error) {
	ca, err := base64.StdEncoding.DecodeString(exec.CAData)
	switch {
	case exec.Server == "":
		return config.Cluster{}, errNoServer
	case exec.Insecure || err != nil || exec.CAData == "" && exec.CAFile != "":
		return config.Cluster{}, &strangerError{account, exec.Server, "and does not verify it in a way that kubecreds could"}
	}
	cl := config.Cluster{Account: account, Server: exec.Server, TLSServerName: exec.TLSServerName, Adopted: true}
	if len(ca) > 0 {
		cl.CertificateAuthorityData = ca
	}
	return cl, nil
}

// proposedFor is what was asked for and belongs to the account called name, or the only such thing for "" where no account is
// configured.
func (a *Agent) proposedFor(name string) (proposal, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if name == "" && len(a.proposals) == 1 && (a.config == nil || len(a.config.Accounts) == 0) {
		return a.proposals[0], true
	}
	i := slices.IndexFunc(a.proposals, func(p proposal) bool { return p.account.Name == name })
	if i < 0 {
		return proposal{}, false
	}
	return a.proposals[i], true
}

// agree offers the person at t what a kubeconfig asked for under that name, and puts it into the configuration. It returns the
// name to log in to, and whether there was something to agree to.
func (a *Agent) agree(ctx context.Context, t *terminal, name string) (string, bool, error) {
	p, ok := a.proposedFor(name)
	if !ok {
		return name, false, nil
	}
	e := p.edit()
	lines := append([]string{"a kubeconfig asks for this:"}, consequences(config.Config{Accounts: e.Accounts, Clusters: e.Clusters})...)
	if err := t.showAndConfirm(ctx, lines, "Allow it?", false); err != nil {
		return "", false, unless(err, "nothing was changed")
	}
	if err := a.edit(e); err != nil {
		return "", false, err
	}
	a.mu.Lock()
	a.proposals = slices.DeleteFunc(a.proposals, func(q proposal) bool { return q.account.Name == p.account.Name })
	a.mu.Unlock()
	return p.account.Name, true, nil
}

// opened reports whether the account called name has a token that is good now.
func (a *Agent) opened(name string) bool {
	st, _ := a.Keeper.Snapshot().Account(name)
	return st.Phase == auth.Valid && st.Good(a.Now())
}
