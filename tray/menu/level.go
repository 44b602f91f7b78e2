package menu

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// level orders states from good to bad: the icon shows the worst.
type level uint8

const (
	levelNothing level = iota
	levelReady
	levelRenewing
	levelOffline
	levelAttention
)

// statusLevel is the last column of DESIGN's table of states.
func statusLevel(st auth.Status, now time.Time) level {
	if needsPerson(st) {
		return levelAttention
	}
	switch st.Phase {
	case auth.LoggingIn:
		return levelRenewing
	case auth.Valid:
		if st.Renewing || !st.Good(now) {
			return levelRenewing
		}
		return levelReady
	case auth.Offline:
		if st.Good(now) {
			return levelReady
		}
		return levelOffline
	case auth.LoginNeeded:
		return levelAttention
	}
	return levelNothing
}

// needsPerson: whatever the phase, something is wrong that does not pass by itself.
func needsPerson(st auth.Status) bool {
	return st.Troubles.Has(auth.KeychainLocked) || st.Troubles.Has(auth.ClockWrong) || misconfigured(st) ||
		st.Reason.Code == auth.CodeKeychain || st.Reason.Code == auth.CodeKeychainLocked
}

func misconfigured(st auth.Status) bool { return st.Reason.Code == auth.CodeMisconfigured }

func clusterLevel(c auth.Cluster, st auth.Status, now time.Time) level {
	if c.Rejected != (auth.Reason{}) || c.WriteError != "" {
		return levelAttention
	}
	return statusLevel(st, now)
}

func (v view) icon() Icon {
	worst := levelNothing
	if v.s.Config != "" {
		worst = levelAttention
	}
	for _, st := range v.s.Accounts {
		worst = max(worst, statusLevel(st, v.now))
	}
	for _, c := range v.s.Clusters {
		st := v.account(c)
		worst = max(worst, clusterLevel(c, st, v.now))
	}
	return [...]Icon{IconNothing, IconReady, IconRenewing, IconOffline, IconAttention}[worst]
}

func shape(l level, st auth.Status) Shape {
	if l == levelOffline || st.Phase == auth.Offline && l == levelReady {
		return ShapeOffline
	}
	return [...]Shape{ShapeNothing, ShapeReady, ShapeBusy, ShapeOffline, ShapeAttention}[l]
}

// A problem is what the first row says of the clusters that have it. Each cluster has at most one: the first that fits.
type problem struct {
	one, many string
	has       func(c auth.Cluster, st auth.Status, now time.Time) bool
}

func problems() []problem {
	phaseIs := func(p auth.Phase) func(auth.Cluster, auth.Status, time.Time) bool {
		return func(_ auth.Cluster, st auth.Status, _ time.Time) bool { return st.Phase == p }
	}
	return []problem{
		{"needs a login", "need a login", phaseIs(auth.LoginNeeded)},
		{"is misconfigured", "are misconfigured",
			func(_ auth.Cluster, st auth.Status, _ time.Time) bool { return misconfigured(st) }},
		{"waits for the keychain to be unlocked", "wait for the keychain to be unlocked",
			func(_ auth.Cluster, st auth.Status, now time.Time) bool { return locked(st) && !st.Good(now) }},
		{"waits for the keychain", "wait for the keychain", func(_ auth.Cluster, st auth.Status, _ time.Time) bool {
			return st.Phase == auth.Unknown && st.Reason.Code != auth.CodeNone
		}},
		{"is rejected by the API server", "are rejected by the API server",
			func(c auth.Cluster, _ auth.Status, _ time.Time) bool { return c.Rejected != (auth.Reason{}) }},
		{"is not in the kubeconfig", "are not in the kubeconfig",
			func(c auth.Cluster, _ auth.Status, _ time.Time) bool { return c.WriteError != "" }},
		{"has no token: provider unreachable", "have no token: provider unreachable",
			func(_ auth.Cluster, st auth.Status, now time.Time) bool {
				return st.Phase == auth.Offline && !st.Good(now)
			}},
		{"is logging in", "are logging in", phaseIs(auth.LoggingIn)},
		{"is renewing", "are renewing", func(_ auth.Cluster, st auth.Status, now time.Time) bool {
			return st.Phase == auth.Valid && !st.Good(now)
		}},
		{"is not logged in", "are not logged in", phaseIs(auth.LoggedOut)},
	}
}

// summary is the first row: how many clusters are ready, and which are not and why.
func (v view) summary() string {
	if len(v.s.Clusters) == 0 {
		return "No clusters configured yet"
	}
	kinds := problems()
	having := make([][]string, len(kinds))
	ready := 0
	for _, c := range v.s.Clusters {
		st := v.account(c)
		if st.Good(v.now) && st.Phase != auth.LoginNeeded && c.Rejected == (auth.Reason{}) && c.WriteError == "" {
			ready++
		}
		for i, k := range kinds {
			if k.has(c, st, v.now) {
				having[i] = append(having[i], c.Name)
				break
			}
		}
	}
	parts := []string{fmt.Sprintf("%d of %s ready", ready, count(len(v.s.Clusters), "cluster"))}
	for i, k := range kinds {
		switch len(having[i]) {
		case 0:
		case 1:
			parts = append(parts, list(having[i])+" "+k.one)
		default:
			parts = append(parts, list(having[i])+" "+k.many)
		}
	}
	return capped(strings.Join(append(parts, v.remarks()...), "; "), maxRow)
}

// remarks are what needs a person though tokens are good, and no cluster has a problem yet.
func (v view) remarks() (all []string) {
	for _, r := range []struct {
		trouble auth.Troubles
		words   string
	}{{auth.KeychainLocked, "the keychain is locked"}, {auth.ClockWrong, "this computer's clock is wrong"}} {
		if slices.ContainsFunc(v.s.Accounts, func(st auth.Status) bool { return st.Troubles.Has(r.trouble) && st.Good(v.now) }) {
			all = append(all, r.words)
		}
	}
	return all
}
