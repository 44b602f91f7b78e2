package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/config"
)

// fetchLimit is how long a configuration may take to come from its URL.
const fetchLimit = 10 * time.Second

// add puts the accounts and clusters of a file or a URL into the configuration, once a person has read who will be sent what.
// It only adds: a name that is there already is refused, but for the account that the person typed.
func (a *Agent) add(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	name, text, err := a.offered(ctx, r)
	if err != nil {
		return failed(err)
	}
	sum := sha256.Sum256(text)
	checked := r.Flag("sha256") != ""
	if checked && !strings.EqualFold(r.Flag("sha256"), hex.EncodeToString(sum[:])) {
		return failed(fmt.Errorf("%s: its SHA-256 is %x, not what --sha256 says; nothing was added", name, sum))
	}
	use := r.Flag("account")
	if use != "" && !a.hasAccount(use) {
		return failed(fmt.Errorf("--account: there is no account %q", use))
	}
	offer, err := config.Offer(name, text, use)
	if err != nil {
		return failed(fmt.Errorf("%w; nothing was added", err))
	}
	if err := a.allNew(offer); err != nil {
		return failed(err)
	}
	at := &terminal{conn: c, caller: r.Caller}
	sure := r.Flag("yes") != "" && (r.Caller.Terminal || checked)
	if r.Flag("yes") != "" && !sure {
		return wire.Done{Status: statusUsage, Message: fmt.Sprintf("--yes without a terminal needs --sha256 %x, which says that this is the file you mean", sum)}
	}
	if err := at.showAndConfirm(ctx, consequences(offer), "Add this?", sure); err != nil {
		return failed(unless(err, "nothing was added"))
	}
	edit := config.Edit{Accounts: offer.Accounts, Clusters: offer.Clusters, Kubeconfigs: terminalFiles(r.Caller)}
	if err := a.edit(edit); err != nil {
		return failed(err)
	}
	return say(c, added(offer))
}

// offered is the text that the person named, and what to call it.
func (a *Agent) offered(ctx context.Context, r wire.Request) (name string, text []byte, err error) {
	if len(r.Content) > 0 {
		return r.Name(), r.Content, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	text, err = oidc.Fetch(ctx, r.Name())
	if err != nil {
		return "", nil, fmt.Errorf("%w; nothing was added", err)
	}
	u, err := url.Parse(r.Name())
	if err != nil {
		return "", nil, errors.New("that is not a web address")
	}
	return u.Host, text, nil // the rest of an address may be a secret
}

// allNew refuses names that the configuration has.
func (a *Agent) allNew(offer config.Config) error {
	c := a.inForce()
	for _, acc := range offer.Accounts {
		if a.hasAccount(acc.Name) {
			return fmt.Errorf("%s: there is an account of this name; to use yours for the new clusters, add --account %s; nothing was added", acc.Name, acc.Name)
		}
	}
	for _, cl := range offer.Clusters {
		if c != nil && slices.ContainsFunc(c.Clusters, func(have config.Cluster) bool { return have.Name == cl.Name }) {
			return fmt.Errorf("%s: there is a cluster of this name, and what is there is not changed; nothing was added", cl.Name)
		}
	}
	if len(offer.Accounts)+len(offer.Clusters) == 0 {
		return errors.New("it holds no account and no cluster; nothing was added")
	}
	return nil
}

func (a *Agent) hasAccount(name string) bool {
	c := a.inForce()
	return c != nil && slices.ContainsFunc(c.Accounts, func(acc config.Account) bool { return acc.Name == name })
}

// consequences are the lines that a person must agree to: a line a host that will be sent a password or a login, one a server
// that will be given tokens, and one a certificate authority that will be trusted.
func consequences(c config.Config) (lines []string) {
	var trust trusted
	for _, acc := range c.Accounts {
		lines = append(lines, hosts(acc)...)
		trust.add(acc.Name, acc.CertificateAuthorityData, acc.CertificateAuthority)
	}
	for _, cl := range c.Clusters {
		for _, server := range append([]string{cl.Server}, cl.Servers...) {
			lines = append(lines, fmt.Sprintf("%s will be given the tokens of %s", server, cl.Account))
		}
		trust.add(cl.Name, cl.CertificateAuthorityData, cl.CertificateAuthority)
	}
	return append(lines, trust.lines()...)
}

// hosts says which hosts an account's logins go to.
func hosts(acc config.Account) (lines []string) {
	password := slices.Contains(acc.Login, config.Password)
	seen := map[string]bool{}
	for _, e := range []struct {
		address string
		secret  bool // it is sent the password
	}{{acc.Issuer, acc.TokenEndpoint == ""}, {acc.TokenEndpoint, true}, {acc.AuthorizationEndpoint, false}, {acc.DeviceEndpoint, false}, {acc.JWKSURI, false}} {
		u, err := url.Parse(e.address)
		if err != nil || u.Host == "" || seen[u.Host] {
			continue
		}
		seen[u.Host] = true
		what := "the logins"
		if password && e.secret {
			what = "the password and the logins"
		}
		lines = append(lines, fmt.Sprintf("%s will be sent %s of %s", u.Host, what, acc.Name))
	}
	return lines
}

// trusted are certificate authorities, each with the accounts and clusters that it counts for.
type trusted []authority

type authority struct {
	which string
	names []string
}

// add notes that the account or cluster called name trusts what pem holds, or else what is in file, if anything.
func (t *trusted) add(name string, pem []byte, file string) {
	which := "in " + file
	switch {
	case len(pem) > 0:
		which = fmt.Sprintf("with the SHA-256 %x", sha256.Sum256(pem))
	case file == "":
		return
	}
	for i, ca := range *t {
		if ca.which == which {
			(*t)[i].names = append(ca.names, name)
			return
		}
	}
	*t = append(*t, authority{which, []string{name}})
}

func (t trusted) lines() (lines []string) {
	for _, ca := range t {
		lines = append(lines, fmt.Sprintf("%s will trust the certificate authority %s", strings.Join(ca.names, ", "), ca.which))
	}
	return lines
}

// added says what there is now, and what to do next.
func added(c config.Config) string {
	var b strings.Builder
	for _, acc := range c.Accounts {
		fmt.Fprintf(&b, "added the account %s; log in: kubectl creds login %q\n", acc.Name, acc.Name)
	}
	for _, cl := range c.Clusters {
		fmt.Fprintf(&b, "added the cluster %s, opened by %s\n", cl.Name, cl.Account)
	}
	return b.String()
}

// terminalFiles are the kubeconfig files that the caller's terminal uses, for the configuration to remember; none where it is no
// person's terminal.
func terminalFiles(caller wire.Caller) (files []string) {
	for _, f := range caller.Kubeconfig {
		if info, err := os.Stat(f); caller.Terminal && (err != nil || info.Mode().IsRegular()) {
			files = append(files, f)
		}
	}
	return files
}

// edit changes the configuration file and puts it in force.
func (a *Agent) edit(e config.Edit) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	if _, err := e.Apply(a.Places.Config); err != nil {
		return err
	}
	a.reload()
	signal(a.dirty)
	return nil
}
