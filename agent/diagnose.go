package agent

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/doctor"
	"github.com/kubecreds/kubecreds/agent/review"
	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// doctorLimit is for all checks together, which run at once. A client waits longer.
const doctorLimit = 25 * time.Second

// Probes look at what the system has. nil: it has no such.
type Probes struct {
	Keychain func(ctx context.Context) (string, error)   // writes, reads back and deletes an item, in the keychain of a program
	Tray     func(ctx context.Context) (bool, error)     // whether something shows tray icons
	Wake     func(ctx context.Context) ([]string, error) // what is missing to tell of sleep and network
}

// doctor looks for what keeps kubecreds from working, and answers with a line a finding, or with JSON for programs. The exit
// status is 1 where something does not work.
func (a *Agent) doctor(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	_ = c.Send(wire.Event{Note: fmt.Sprintf("looking; this takes %s at most…", doctorLimit)}) // who has gone is noticed below
	found := a.findings(ctx, r.Caller)
	text := wire.FindingsText(found)
	if r.Flag("output") == "json" {
		var err error
		if text, err = wire.FindingsJSON(found); err != nil {
			return failed(err)
		}
	}
	done := say(c, text)
	if done.Status == statusDone && wire.Worst(found) == wire.Failure {
		done.Status = statusFailed
	}
	return done
}

// findings are what all checks find, ready to be shown to anybody who helps.
func (a *Agent) findings(ctx context.Context, caller wire.Caller) []wire.Finding {
	found := doctor.Run(ctx, a.checks(caller), doctorLimit)
	for i, f := range found {
		found[i].Says, found[i].Do = tilde(printable(f.Says)), tilde(printable(f.Do))
	}
	return found
}

// tilde writes paths in the home folder as a person would: its name is nobody's business.
func tilde(s string) string {
	home, err := os.UserHomeDir()
	if err != nil || len(home) < 2 {
		return s
	}
	return strings.ReplaceAll(s, home+string(filepath.Separator), "~"+string(filepath.Separator))
}

// checks are all of doctor's, in the order in which they are shown.
func (a *Agent) checks(caller wire.Caller) []doctor.Check {
	c, s := a.inForce(), a.Keeper.Snapshot()
	all := []doctor.Check{
		now("configuration", doctor.Configuration(a.Places.Config, s.Config, len(c.Accounts), len(c.Clusters))),
		now("versions", doctor.Versions(a.Version, caller.Program)),
		now("socket", wire.OKf("%s", a.Socket.Socket())),
	}
	if a.Probes.Keychain != nil {
		all = append(all, doctor.One("keychain", "", func(ctx context.Context) wire.Finding {
			server, err := a.Probes.Keychain(ctx)
			return doctor.Keychain(runtime.GOOS, server, err)
		}))
	}
	all = append(all, a.providerChecks(c, s)...)
	all = append(all, a.clusterChecks(c, s)...)
	all = append(all, a.kubectlChecks(c, caller)...)
	all = append(all, doctor.Check{Area: "proxy", Run: func(context.Context) []wire.Finding { return doctor.Proxy(routes(c, os.Getenv)) }})
	return append(all, a.desktopChecks()...)
}

// now is a check whose finding is there already.
func now(area string, f wire.Finding) doctor.Check {
	return doctor.One(area, "", func(context.Context) wire.Finding { return f })
}

func (a *Agent) providerChecks(c *config.Config, s *auth.Snapshot) []doctor.Check {
	accounts, _, fault := a.translate(*c)
	var all []doctor.Check
	for _, configured := range c.Accounts {
		st, _ := s.Account(configured.Name)
		i := slices.IndexFunc(accounts, func(acc auth.Account) bool { return acc.Name == configured.Name })
		all = append(all, doctor.Check{Area: "provider", About: configured.Name, Run: func(ctx context.Context) []wire.Finding {
			if i < 0 {
				return []wire.Finding{wire.Fail(fmt.Sprint("cannot work as configured: ", fault), "change config.yaml as it says")}
			}
			p, err := oidc.New(accounts[i].OIDC, a.Now)
			if err != nil {
				return []wire.Finding{wire.Fail(err.Error(), "change config.yaml as it says")}
			}
			report, err := p.Report(ctx)
			return doctor.Provider(accounts[i], st, report, err, a.Now())
		}})
	}
	return all
}

// clusterChecks look at each cluster's API server and kubeconfig entry.
func (a *Agent) clusterChecks(c *config.Config, s *auth.Snapshot) []doctor.Check {
	turns := make(chan struct{}, checksAtOnce)
	entries := sync.OnceValues(func() ([]kubeconfig.Entry, error) {
		files, err := kubeconfig.Load(c.Kubeconfigs)
		if err != nil {
			return nil, err
		}
		return files.Entries(), nil
	})
	var all []doctor.Check
	for _, cl := range c.Clusters {
		known, _ := s.Cluster(cl.Name)
		st, _ := s.Account(cl.Account)
		all = append(all, doctor.Check{Area: "API server", About: cl.Name, Run: func(ctx context.Context) []wire.Finding {
			turns <- struct{}{}
			defer func() { <-turns }()
			var found []wire.Finding
			for _, f := range a.examine(ctx, cl, append([]string{cl.Server}, cl.Servers...)...) {
				found = append(found, f.finding())
			}
			return found
		}}, doctor.Check{Area: "kubeconfig", About: cl.Name, Run: func(context.Context) []wire.Finding {
			there, err := entries()
			if err != nil {
				return []wire.Finding{wire.Fail(err.Error(), "mend the file; kubectl cannot read it either")}
			}
			e, f := doctor.Entry(cl, there, c.Kubeconfigs, known.WriteError, st.Serial > 0)
			if e.Command == a.Client || !filepath.IsAbs(e.Command) {
				return []wire.Finding{f}
			}
			return []wire.Finding{f, pluginFinding(e.Command)} // written by another installation
		}})
	}
	return all
}

// finding is what doctor says of f. It does not say who the person is.
func (f access) finding() wire.Finding {
	says := f.server.Host() + ": " + f.why()
	switch review.KindOf(f.err) {
	case review.Rejected:
		return wire.Fail(says, "docs/access.md says what to compare; the API server's log names the reason")
	case review.Forbidden:
		return wire.OKf("%s", says)
	case review.Unreachable, review.Failing:
		return wire.Fail(says, "check network, VPN, proxy and server in config.yaml")
	case review.Certificate:
		return wire.Fail(says, "check certificateAuthority in config.yaml; ask whoever runs the cluster")
	case review.NotKubernetes:
		return wire.Fail(says, "check server in config.yaml")
	}
	if f.err != nil {
		return wire.Warn("not asked: "+f.why(), "")
	}
	return wire.OKf("%s accepts the token, in %d ms", f.server.Host(), f.took.Milliseconds())
}

// kubectlChecks look at what kubectl needs beside the entries.
func (a *Agent) kubectlChecks(c *config.Config, caller wire.Caller) []doctor.Check {
	home, _ := os.UserHomeDir() // without one kubectl has none either
	kuberc := filepath.Join(home, ".kube", "kuberc")
	reads := caller.Kubeconfig
	if len(reads) == 0 {
		reads = kubeconfig.Paths("", home)
	}
	all := []doctor.Check{
		doctor.One("KUBECONFIG", "", func(context.Context) wire.Finding { return doctor.Terminal(resolved(reads), resolved(c.Kubeconfigs)) }),
	}
	runs := func(cl config.Cluster) bool { return cl.Delivery == config.Exec }
	if len(c.Clusters) > 0 && !slices.ContainsFunc(c.Clusters, runs) {
		return append(all, now("plugin", wire.OKf("not needed: no cluster has delivery: exec")))
	}
	return append(all,
		doctor.One("plugin", "", func(context.Context) wire.Finding { return pluginFinding(a.Client) }),
		doctor.One("kuberc", "", func(context.Context) wire.Finding {
			text, err := os.ReadFile(kuberc)
			return doctor.Kuberc(kuberc, text, err, a.Client)
		}))
}

func pluginFinding(path string) wire.Finding {
	fi, err := os.Stat(path)
	f := doctor.Plugin(path, fi, err)
	f.Area = "plugin"
	return f
}

// resolved are paths without links, as far as they are there.
func resolved(paths []string) []string {
	all := slices.Clone(paths)
	for i, p := range all {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			all[i] = real
		}
	}
	return all
}

// desktopChecks look at what the desktop does for us.
func (a *Agent) desktopChecks() []doctor.Check {
	var all []doctor.Check
	if a.Probes.Tray != nil {
		all = append(all, doctor.One("tray", "", func(ctx context.Context) wire.Finding {
			shown, err := a.Probes.Tray(ctx)
			return doctor.Tray(a.Tray, shown, err)
		}))
	}
	if a.Probes.Wake != nil {
		all = append(all, doctor.One("wake", "", func(ctx context.Context) wire.Finding { return doctor.Wake(a.Probes.Wake(ctx)) }))
	}
	return append(all, doctor.One("start at login", "", func(context.Context) wire.Finding {
		if a.Autostart == nil {
			return wire.OKf("this system has no way yet")
		}
		return doctor.Autostart(a.Autostart.Enabled())
	}))
}

// routes say through which proxy each server is asked. kubectl goes the same way where its terminal's environment is the same.
func routes(c *config.Config, getenv func(string) string) []doctor.Route {
	var all []doctor.Route
	for _, acc := range c.Accounts {
		all = append(all, route(acc.Issuer, acc.Proxy, getenv))
	}
	for _, cl := range c.Clusters {
		for _, address := range append([]string{cl.Server}, cl.Servers...) {
			all = append(all, route(address, "", getenv))
		}
	}
	return all
}

func route(address, configured string, getenv func(string) string) doctor.Route {
	u, err := url.Parse(address)
	if err != nil {
		return doctor.Route{To: "?"}
	}
	r := doctor.Route{To: u.Hostname()}
	if configured != "" {
		r.From = "proxy in config.yaml"
		if through, err := url.Parse(configured); err == nil {
			r.Proxy = through.Scheme + "://" + through.Host // without user name and password
		}
		return r
	}
	for _, name := range []string{strings.ToUpper(u.Scheme) + "_PROXY", u.Scheme + "_proxy"} {
		if getenv(name) != "" {
			r.From = name
			break
		}
	}
	through, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	switch {
	case err != nil:
		r.From += ", which is not an address"
	case through != nil:
		r.Proxy = through.Scheme + "://" + through.Host
	case r.From != "":
		r.From = r.From + " leaves it out"
	}
	return r
}
