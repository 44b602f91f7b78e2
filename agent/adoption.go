package agent

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// adoption is what `adopt` would do.
type adoption struct {
	config   config.Config // as it would be
	edit     config.Edit
	users    []kubeconfig.Adoption
	adopted  []adopted
	sessions []session              // that come from kubectl's own client
	secrets  map[string]secret.Text // client secrets, by account
	left     []kubeconfig.Foreign   // with why
	clusters int                    // that would be opened by us
	diff     kubeconfig.Diff
	files    *kubeconfig.Files
}

// session is one that another program holds.
type session struct {
	account, subject string
	refresh          secret.Text
}

func (p *adoption) empty() bool { return len(p.users) == 0 && p.edit.Empty() }

// planned is planAdoption for the kubeconfig files at paths.
func (a *Agent) planned(paths []string) (*adoption, error) {
	files, err := kubeconfig.Load(paths)
	if err != nil {
		return nil, err
	}
	return a.planAdoption(files)
}

// planAdoption finds out what is to be adopted in files, and how. It changes nothing.
func (a *Agent) planAdoption(files *kubeconfig.Files) (*adoption, error) {
	p := &adoption{files: files, secrets: map[string]secret.Text{}}
	if c := a.inForce(); c != nil {
		p.config = config.Config{Accounts: slices.Clone(c.Accounts), Clusters: slices.Clone(c.Clusters)}
	}
	found, err := p.files.Foreign()
	if err != nil {
		return nil, err
	}
	for _, u := range found {
		if err := a.take(p, u); err != nil {
			return nil, err
		}
	}
	swaps := make([]kubeconfig.Swap, len(p.users))
	for i, u := range p.users {
		swaps[i] = u
	}
	p.diff, err = p.files.PlanUsers(swaps...)
	return p, err
}

// take plans for one user: an account that fits or a new one, the clusters it opens, and the entry.
func (a *Agent) take(p *adoption, u kubeconfig.Foreign) error {
	u.Cannot = append(u.Cannot, unreadable(u)...)
	fit := fitting(p.config.Accounts, u.Login)
	if len(fit) > 1 {
		u.Cannot = append(u.Cannot, fmt.Sprintf("the accounts %s and %s fit it; add --username to its args", fit[0].Name, fit[1].Name))
	}
	if len(fit) == 1 && !p.mayProve(fit[0], u.Login.ClientSecret) {
		u.Cannot = append(u.Cannot, fmt.Sprintf("it has a client secret, and the account %s is configured without; write clientSecret: true there", fit[0].Name))
	}
	subject := subjectOf(u.Login.IDToken)
	if len(fit) == 1 && slices.ContainsFunc(p.sessions, func(s session) bool { return s.account == fit[0].Name && s.subject != subject }) {
		u.Cannot = append(u.Cannot, "it is somebody else's session at the same provider and client; adopt it when username tells the accounts apart")
	}
	if len(u.Cannot) > 0 {
		p.left = append(p.left, u)
		return nil
	}
	kept := adopted{}
	if len(fit) == 1 {
		kept.Account = fit[0].Name
		kept.Made = slices.ContainsFunc(p.edit.Accounts, func(acc config.Account) bool { return acc.Name == kept.Account })
	} else {
		acc := carried(u.Login, freeName(p.config, hostOf(u.Login.Issuer)))
		p.config.Accounts, p.edit.Accounts = append(p.config.Accounts, acc), append(p.edit.Accounts, acc)
		kept.Account, kept.Made = acc.Name, true
	}
	if !u.Login.ClientSecret.Empty() {
		p.secrets[kept.Account] = u.Login.ClientSecret
		for _, all := range [][]config.Account{p.config.Accounts, p.edit.Accounts} {
			if i := slices.IndexFunc(all, func(acc config.Account) bool { return acc.Name == kept.Account }); i >= 0 {
				all[i].ClientSecret = true
			}
		}
	}
	kept.Clusters = p.opens(u, kept.Account)
	if !u.Login.RefreshToken.Empty() {
		p.sessions = append(p.sessions, session{kept.Account, subject, u.Login.RefreshToken})
	}
	if u.Ours {
		return nil
	}
	return a.hand(p, u, kept)
}

// mayProve reports whether acc can take a client secret, if there is one: it has one, or is made just now.
func (p *adoption) mayProve(acc config.Account, client secret.Text) bool {
	made := slices.ContainsFunc(p.edit.Accounts, func(m config.Account) bool { return m.Name == acc.Name })
	return client.Empty() || acc.ClientSecret || made
}

// opens adds a cluster for each API server that u sends tokens to and the account does not open yet. It returns the names of all.
func (p *adoption) opens(u kubeconfig.Foreign, account string) (names []string) {
	for _, use := range u.Uses {
		known := func(cl config.Cluster) bool { return cl.Account == account && serves(&cl, use.Server) }
		if i := slices.IndexFunc(p.config.Clusters, known); i >= 0 {
			names = append(names, p.config.Clusters[i].Name)
			continue
		}
		cl := config.Cluster{
			Name: freeName(p.config, use.Context), Account: account, Server: use.Server, TLSServerName: use.TLSServerName,
			CertificateAuthority: use.CAFile, Adopted: true,
		}
		if len(use.CAData) > 0 {
			cl.CertificateAuthorityData = use.CAData
		}
		p.config.Clusters, p.edit.Clusters = append(p.config.Clusters, cl), append(p.edit.Clusters, cl)
		names = append(names, cl.Name)
		p.clusters++
	}
	return names
}

// hand plans the entry of u.
func (a *Agent) hand(p *adoption, u kubeconfig.Foreign, kept adopted) error {
	adoption := kubeconfig.Adoption{Foreign: u, Command: a.Client, Account: kept.Account}
	if a.Places.Home != "" { // kubectl would ask this person's other agent
		adoption.Env = map[string]string{"KUBECREDS_SOCKET": a.Socket.Socket()}
	}
	var err error
	if kept.Kept, err = adoption.Keep(); err != nil {
		return err
	}
	p.users, p.adopted = append(p.users, adoption), append(p.adopted, kept)
	return nil
}

// unreadable names the certificate authorities of u that cannot be read: the configuration would not take them.
func unreadable(u kubeconfig.Foreign) (why []string) {
	paths := []string{u.Login.CAFile}
	for _, use := range u.Uses {
		paths = append(paths, use.CAFile)
	}
	for _, p := range paths {
		if info, err := os.Stat(p); p != "" && (err != nil || !info.Mode().IsRegular()) {
			why = append(why, fmt.Sprintf("the certificate authority %s is not there", p))
		}
	}
	return why
}

// subjectOf is who an ID token is about. It is not verified: it only tells two people's tokens apart before they are renewed.
func subjectOf(token secret.Text) string {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return ""
	}
	var claims struct{ Sub string }
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(b, &claims) != nil {
		return ""
	}
	return claims.Sub
}

// lines are what a person reads before it is done: what stays, what changes, who will be sent what.
func (p *adoption) lines() (lines []string) {
	for _, u := range p.left {
		lines = append(lines, fmt.Sprintf("left alone: user %s (%s): %s", u.User, u.Program, strings.Join(u.Cannot, "; ")))
	}
	lines = append(lines, p.diff.Shown()...)
	return append(lines, consequences(config.Config{Accounts: p.edit.Accounts, Clusters: p.edit.Clusters})...)
}
