package menu

import (
	"fmt"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// maxRows is how many clusters have a row each; with more, every account has one. It is also how many accounts have one, and
// how many clusters stand behind it: the others are in a list of their own, behind moreText.
const maxRows = 8

const moreText = "More clusters…"

// stateRows are the rows that say how each cluster is, or each account where there are many clusters.
func (v view) stateRows() []Row {
	if len(v.s.Clusters) > maxRows {
		return v.manyRows()
	}
	var rows []Row
	for _, c := range v.s.Clusters {
		rows = append(rows, v.clusterRow(c))
	}
	return rows
}

// manyRows are one row an account, which stands for all clusters of it.
func (v view) manyRows() []Row {
	behind := map[string][]auth.Cluster{}
	for _, c := range v.s.Clusters {
		behind[c.Account] = append(behind[c.Account], c)
	}
	var rows []Row
	for i, st := range v.s.Accounts {
		if i == maxRows {
			return append(rows, Row{Text: moreText, Do: Action{Verb: VerbMore}})
		}
		rows = append(rows, v.accountRow(st, behind[st.Account]))
	}
	return rows
}

func (v view) accountRow(st auth.Status, clusters []auth.Cluster) Row {
	rejected, unwritten := 0, 0
	worst := statusLevel(st, v.now)
	for _, c := range clusters {
		if c.Rejected != (auth.Reason{}) {
			rejected++
		}
		if c.WriteError != "" {
			unwritten++
		}
		worst = max(worst, clusterLevel(c, st, v.now))
	}
	words := v.set.Times.Words(st, v.now)
	if unwritten > 0 {
		words = fmt.Sprintf("%d not in the kubeconfig; %s", unwritten, words)
	}
	if rejected > 0 {
		words = fmt.Sprintf("%d rejected by the API server; %s", rejected, words)
	}
	return Row{
		Text:  capped(fmt.Sprintf("%s: %s, %s", name(st.Account), count(len(clusters), "cluster"), words), maxRow),
		State: shape(worst, st),
		Sub:   append(sessionRows(st, st.Account), v.behindRows(st.Account, clusters)...),
	}
}

// behindRows are the clusters behind an account's row: those with a trouble of their own first. There is one level of
// submenus, so a click explains the cluster's state, in a dialog that offers what can be done.
func (v view) behindRows(account string, clusters []auth.Cluster) []Row {
	var rows []Row
	for i, c := range troubledFirst(clusters) {
		if i == maxRows {
			return append(rows, Row{Text: moreText, Do: Action{VerbMore, account}})
		}
		r := v.clusterRow(c)
		r.Sub, r.Do = nil, Action{VerbWhy, c.Name}
		rows = append(rows, r)
	}
	return rows
}

// troubledFirst returns the clusters that have a trouble of their own, and then the others.
func troubledFirst(clusters []auth.Cluster) []auth.Cluster {
	var first, others []auth.Cluster
	for _, c := range clusters {
		if c.Rejected != (auth.Reason{}) || c.WriteError != "" {
			first = append(first, c)
		} else {
			others = append(others, c)
		}
	}
	return append(first, others...)
}

// Clusters are the rows of the clusters of account, or of all for "", for a list that is searched: those that need attention
// first.
func Clusters(s *auth.Snapshot, set Settings, account string, now time.Time) []Row {
	v := newView(s, set, now)
	var first, others []Row
	for _, c := range s.Clusters {
		if account != "" && c.Account != account {
			continue
		}
		if r := v.clusterRow(c); r.State == ShapeAttention {
			first = append(first, r)
		} else {
			others = append(others, r)
		}
	}
	return append(first, others...)
}
