package agent

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// status answers with a table for people, or with JSON for programs; with --watch again at each change. Of one cluster or
// account the exit status tells too whether kubectl would work: 0, 3, 4 or 5.
func (a *Agent) status(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	s := a.Keeper.Snapshot()
	if r.Name() != "" {
		if _, err := a.named(r.Name()); err != nil {
			return failed(err)
		}
		s = only(s, r.Name())
	}
	if r.Flag("watch") != "" {
		return a.watch(ctx, c, r, a.shows(r))
	}
	text := statusTable(s, a.Now(), r.Caller)
	if r.Name() == "" {
		text += a.backupLines()
	}
	if r.Flag("output") == "json" {
		b, err := json.MarshalIndent(report(s, a.Now(), a.Version), "", "  ")
		if err != nil {
			return failed(err)
		}
		text = string(b) + "\n"
	}
	done := say(c, text)
	if r.Name() != "" && done.Status == statusDone {
		done.Status = health(s, r.Name(), a.Now())
	}
	return done
}

// only is the part of s that is about the cluster, or else the account, called name.
func only(s *auth.Snapshot, name string) *auth.Snapshot {
	part := &auth.Snapshot{At: s.At, Config: s.Config}
	for _, c := range s.Clusters {
		if c.Name == name || c.Account == name {
			part.Clusters = append(part.Clusters, c)
		}
	}
	for _, st := range s.Accounts {
		if st.Account == name || len(part.Clusters) > 0 && part.Clusters[0].Account == st.Account {
			part.Accounts = append(part.Accounts, st)
		}
	}
	return part
}

// health is the exit status for the account or cluster called name: that which get-token would have now, and for a cluster also
// whether kubectl works with the token.
func health(s *auth.Snapshot, name string, now time.Time) int {
	cluster, is := s.Cluster(name)
	if is {
		name = cluster.Account
	}
	st, _ := s.Account(name)
	switch {
	case is && st.Good(now) && !ready(cluster, st, now):
		return statusNeedsPerson
	case st.Good(now):
		return statusDone
	case st.Phase == auth.Offline && st.Reason.Code != auth.CodeMisconfigured:
		return statusUnreachable
	case st.Phase == auth.Offline, st.Phase == auth.Unknown:
		return statusNeedsPerson
	default:
		return statusLoginNeeded
	}
}

// ready reports whether kubectl works, as far as we know: st is the status of c's account.
func ready(c auth.Cluster, st auth.Status, now time.Time) bool {
	return st.Good(now) && c.WriteError == "" && c.Rejected == (auth.Reason{})
}

// statusTable is one line a cluster: name, state, until, account, delivery; no wider than the caller's terminal. What had to be
// cut of a state stands below it.
func statusTable(s *auth.Snapshot, now time.Time, caller wire.Caller) string {
	room, times := caller.Width, menu.TimesOf(caller.Language)
	head := ""
	if s.Config != "" {
		head = wrapped("configuration: "+printable(s.Config), room)
	}
	if len(s.Clusters) == 0 && len(s.Accounts) == 0 {
		return head + "No clusters configured yet.\n"
	}
	below := ""
	g := grid{titles: []string{"CLUSTER", "STATE", "UNTIL", "ACCOUNT", "DELIVERY"}}
	for _, c := range s.Clusters {
		st, _ := s.Account(c.Account)
		if c.Remark != "" { // a sentence that would push the other columns off the screen
			below, c.Remark = below+wrapped(c.Name+": "+printable(c.Remark), room), ""
		}
		state, until := times.Columns(c, st, now)
		g.rows = append(g.rows, []string{c.Name, state, dash(until), accountWords(st), c.Delivery})
	}
	for _, st := range s.Accounts {
		if !opensAny(s, st.Account) {
			state, until := times.Columns(auth.Cluster{}, st, now)
			g.rows = append(g.rows, []string{"-", state, dash(until), accountWords(st), "-"})
		}
	}
	const cluster, state, account = 0, 1, 3
	text, widths := g.fit(room, []squeeze{{state, 28}, {account, 12}, {state, 12}, {cluster, 12}})
	if len(widths) <= state {
		return head + text + below
	}
	return head + text + g.inFull(widths[state], room) + below
}

// inFull are the states that had to be cut to width, each once, with the names of whose they are.
func (g grid) inFull(width, room int) string {
	var order []string
	whose := map[string][]string{}
	for _, row := range g.rows {
		name, state := row[0], row[1]
		if cells(state) <= width {
			continue
		}
		if name == "-" {
			name = row[3]
		}
		if whose[state] == nil {
			order = append(order, state)
		}
		whose[state] = append(whose[state], name)
	}
	var b strings.Builder
	for _, state := range order {
		b.WriteString(wrapped(strings.Join(whose[state], ", ")+": "+state, room))
	}
	return b.String()
}

// opensAny reports whether the account opens any cluster.
func opensAny(s *auth.Snapshot, account string) bool {
	return slices.ContainsFunc(s.Clusters, func(c auth.Cluster) bool { return c.Account == account })
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func accountWords(st auth.Status) string {
	if st.Person == "" {
		return st.Account
	}
	return st.Account + " (" + st.Person + ")"
}

// line is one account's state in one line.
func (a *Agent) line(account string) string {
	st, _ := a.Keeper.Snapshot().Account(account)
	return accountWords(st) + ": " + menu.Words(st, a.Now())
}

// The report of `status -o json`. Fields are only ever added. Times are RFC 3339, null where there is none.
type reportJSON struct {
	Version       string          `json:"version"`
	Configuration string          `json:"configurationError,omitempty"`
	Accounts      []accountReport `json:"accounts"`
	Clusters      []clusterReport `json:"clusters"`
}

type accountReport struct {
	Name        string     `json:"name"`
	State       string     `json:"state"` // logged-out, logging-in, valid, offline, login-needed, unknown
	Words       string     `json:"words"`
	Person      string     `json:"person,omitempty"`
	Ready       bool       `json:"ready"`
	Until       *time.Time `json:"until"`
	SessionEnds *time.Time `json:"sessionEnds"`
	Reason      string     `json:"reason,omitempty"`
}

type clusterReport struct {
	Name       string     `json:"name"`
	Account    string     `json:"account"`
	Server     string     `json:"server"`
	Delivery   string     `json:"delivery"`
	State      string     `json:"state"` // of its account
	Words      string     `json:"words"`
	Until      *time.Time `json:"until"`
	Ready      bool       `json:"ready"`
	WriteError string     `json:"writeError,omitempty"`
	Remark     string     `json:"remark,omitempty"`
}

func report(s *auth.Snapshot, now time.Time, version string) reportJSON {
	r := reportJSON{Version: version, Configuration: s.Config, Accounts: []accountReport{}, Clusters: []clusterReport{}}
	for _, st := range s.Accounts {
		r.Accounts = append(r.Accounts, accountReport{
			Name: st.Account, State: st.Phase.String(), Words: menu.Words(st, now), Person: st.Person, Ready: st.Good(now),
			Until: moment(st.Until), SessionEnds: moment(st.SessionEnds), Reason: string(st.Reason.Code),
		})
	}
	for _, c := range s.Clusters {
		st, _ := s.Account(c.Account)
		r.Clusters = append(r.Clusters, clusterReport{
			Name: c.Name, Account: c.Account, Server: c.Server, Delivery: c.Delivery,
			State: st.Phase.String(), Words: menu.ClusterWords(c, st, now), Until: moment(st.Until),
			Ready: ready(c, st, now), WriteError: c.WriteError, Remark: c.Remark,
		})
	}
	return r
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
