package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/review"
	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

const (
	checksAtOnce  = 64              // clusters
	progressEvery = 3 * time.Second // a person who waits is told for what
)

// check asks the API servers that the request is about, all at once, whom they take this person for, and answers with a table
// for people, or with JSON for programs. The exit status is the worst of theirs.
func (a *Agent) check(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	clusters, err := a.clustersNamed(r.Name())
	if err != nil {
		return failed(err)
	}
	found := a.checkAll(ctx, clusters, func(waiting []string) {
		if r.Caller.Terminal {
			_ = c.Send(wire.Event{Note: "waiting for " + menu.List(waiting) + "…"}) // who has gone is noticed below
		}
	})
	if ctx.Err() != nil {
		return wire.Done{Status: statusFailed, Message: "cancelled"}
	}
	text := checkTable(found, r.Caller.Width)
	if r.Flag("output") == "json" {
		b, err := json.MarshalIndent(checkReport(found), "", "  ")
		if err != nil {
			return failed(err)
		}
		text = string(b) + "\n"
	}
	done := say(c, text)
	if done.Status == statusDone {
		done.Status = checkStatus(found)
	}
	return done
}

// clustersNamed are the configured clusters that name, a cluster, an account or "" for all, stands for.
func (a *Agent) clustersNamed(name string) ([]config.Cluster, error) {
	if _, err := a.named(name); err != nil {
		return nil, err
	}
	var all []config.Cluster
	for _, cl := range a.inForce().Clusters {
		if _, known := a.Keeper.Snapshot().Cluster(cl.Name); known && (name == "" || cl.Name == name || cl.Account == name) {
			all = append(all, cl)
		}
	}
	switch {
	case len(all) == 0 && name == "":
		return nil, fmt.Errorf("no cluster is configured in %s", a.Places.Config)
	case len(all) == 0:
		return nil, fmt.Errorf("%s: no cluster is configured for it", name)
	}
	return all, nil
}

// checkAll examines all clusters, and says from time to time which have not answered yet. The order is the configuration's.
func (a *Agent) checkAll(ctx context.Context, clusters []config.Cluster, progress func(waiting []string)) []access {
	type one struct {
		at    int
		found []access
	}
	answers, turns := make(chan one, len(clusters)), make(chan struct{}, checksAtOnce)
	for i, cl := range clusters {
		go func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			answers <- one{i, a.examine(ctx, cl, append([]string{cl.Server}, cl.Servers...)...)}
		}()
	}
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	found := make([][]access, len(clusters))
	for range clusters {
		for waits := true; waits; {
			select {
			case o := <-answers:
				found[o.at], waits = o.found, false
			case <-tick.C:
				progress(unanswered(clusters, found))
			}
		}
	}
	var all []access
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

func unanswered(clusters []config.Cluster, found [][]access) []string {
	var names []string
	for i, f := range found {
		if f == nil {
			names = append(names, clusters[i].Name)
		}
	}
	return names
}

// result is what an API server said, in the word of `check -o json`.
func (f access) result() string {
	switch kind := review.KindOf(f.err); {
	case f.err == nil:
		return "accepted"
	case kind != "":
		return string(kind)
	}
	return "no-token"
}

// words say the same to a person.
func (f access) words() string {
	switch review.KindOf(f.err) {
	case review.Rejected:
		return "rejects the token"
	case review.Forbidden:
		return "accepts the token"
	case review.Unreachable:
		return "unreachable"
	case review.Certificate:
		return "certificate not trusted"
	case review.NotKubernetes:
		return "no API server"
	case review.Failing:
		return "fails"
	}
	if f.err != nil {
		return "not asked: no token"
	}
	return "accepts the token"
}

// why says what stands in the way, in one line without the cluster's name; "" where nothing does.
func (f access) why() string {
	var p *review.Problem
	switch {
	case f.err == nil:
		return ""
	case f.likely != "":
		return f.err.Error() + "; " + f.likely
	case errors.As(f.err, &p) && p.Said != "":
		return p.Words + "; it says: " + p.Said
	case p != nil:
		return p.Words
	}
	return strings.TrimPrefix(failed(f.err).Message, f.account+": ")
}

// status is the exit status that f alone would have.
func (f access) status() int {
	switch {
	case review.Accepted(f.err):
		return statusDone
	case review.KindOf(f.err) == review.Unreachable, review.KindOf(f.err) == review.Failing:
		return statusUnreachable
	case review.KindOf(f.err) != "":
		return statusFailed
	}
	return failed(f.err).Status
}

// checkStatus is the exit status of all together: what a person must mend comes before what a login cures, and that before
// what may pass by itself.
func checkStatus(found []access) int {
	for _, status := range []int{statusFailed, statusNeedsPerson, statusLoginNeeded, statusUnreachable} {
		for _, f := range found {
			if f.status() == status {
				return status
			}
		}
	}
	return statusDone
}

// checkTable is one line an address, no wider than room, and below it one for each that has something to say.
func checkTable(found []access, room int) string {
	g := grid{titles: []string{"CLUSTER", "API SERVER", "ANSWER", "USER", "TIME", "GROUPS"}}
	below := ""
	addresses := map[string]int{} // by cluster
	for _, f := range found {
		addresses[f.cluster]++
	}
	for _, f := range found {
		user, groups, took := "-", "-", "-"
		if f.err == nil {
			user, groups = f.who.User, dash(menu.List(f.who.Groups))
		}
		if f.took > 0 && review.KindOf(f.err) != review.Unreachable {
			took = fmt.Sprintf("%d ms", f.took.Milliseconds())
		}
		g.rows = append(g.rows, []string{f.cluster, f.server.Host(), f.words(), user, took, groups})
		why := f.why()
		switch {
		case why == "":
		case addresses[f.cluster] > 1:
			below += wrapped(printable(f.cluster+" at "+f.server.Host()+": "+why), room)
		default:
			below += wrapped(printable(f.cluster+": "+why), room)
		}
	}
	const cluster, server, user, groups = 0, 1, 3, 5
	text, _ := g.fit(room, []squeeze{{groups, 10}, {server, 12}, {user, 12}, {cluster, 12}})
	return text + below
}

// The report of `check -o json`. Fields are only ever added.
type checkJSON struct {
	Clusters []accessJSON `json:"clusters"`
}

type accessJSON struct {
	Name         string   `json:"name"`
	Account      string   `json:"account"`
	Server       string   `json:"server"`
	Result       string   `json:"result"` // accepted, rejected, forbidden, unreachable, certificate, not-kubernetes, failing, no-token
	User         string   `json:"user,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Milliseconds int64    `json:"milliseconds"`
	Reason       string   `json:"reason,omitempty"`
}

func checkReport(found []access) checkJSON {
	r := checkJSON{Clusters: []accessJSON{}}
	for _, f := range found {
		r.Clusters = append(r.Clusters, accessJSON{
			Name: f.cluster, Account: f.account, Server: f.server.URL, Result: f.result(),
			User: f.who.User, Groups: f.who.Groups, Milliseconds: f.took.Milliseconds(), Reason: f.why(),
		})
	}
	return r
}

// checkFromMenu checks what a menu row is about, and shows what came of it in a notification.
func (a *Agent) checkFromMenu(ctx context.Context, name string) error {
	clusters, err := a.clustersNamed(name)
	if err != nil {
		return err
	}
	found := a.checkAll(ctx, clusters, func([]string) {})
	var results []menu.Access
	for _, f := range found {
		results = append(results, menu.Access{
			Cluster: f.cluster, Accepted: review.Accepted(f.err), User: f.who.User, Groups: f.who.Groups, Took: f.took, Why: f.why(),
			Login: errors.As(f.err, new(*auth.LoginNeededError)),
		})
	}
	return a.Notify.Show(ctx, menu.AccessNotice(name, results))
}
