package agent

import (
	"strconv"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
)

// newer reports whether a is a later version than b: v1.2.3, also with what git describe puts behind it (v1.2.3-4-gabcdef). What
// is no such version is newer than nothing.
func newer(a, b string) bool {
	va, oka := parseVersion(a)
	vb, okb := parseVersion(b)
	if !oka || !okb {
		return false
	}
	for i := range va {
		if va[i] != vb[i] {
			return va[i] > vb[i]
		}
	}
	return false
}

// parseVersion returns major, minor, patch, and how many commits came after it; -1 for what precedes it, as v1.2.3-rc1.
func parseVersion(s string) (v [4]int, ok bool) {
	release, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(s, "-dirty"), "v"), "-")
	parts := strings.Split(release, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	if rest != "" {
		v[3] = -1
		if commits, hash, described := strings.Cut(rest, "-"); described && strings.HasPrefix(hash, "g") {
			if n, err := strconv.Atoi(commits); err == nil {
				v[3] = n
			}
		}
	}
	return v, true
}

// yield makes room for an agent with an icon where this one has none, and for a newer one while nothing is under way that it
// would cut short.
func (a *Agent) yield(r wire.Request) wire.Done {
	withTray := r.Flag("tray") != "false"
	switch {
	case withTray && !a.Tray:
		a.Log.Info("an agent with an icon takes over")
	case newer(r.Caller.Program, a.Version) && (withTray || !a.Tray) && a.idle():
		a.Log.Info("a newer agent takes over", "version", r.Caller.Program)
	default:
		return wire.Done{Status: statusFailed, Message: "kubecreds is running already"}
	}
	a.quit()
	return wire.Done{}
}

// idle reports whether no login, renewal or keychain write is under way.
func (a *Agent) idle() bool {
	for _, st := range a.Keeper.Snapshot().Accounts {
		if st.Phase == auth.LoggingIn {
			return false
		}
	}
	return !a.Keeper.Busy()
}

// outdated reports whether the client that asks may replace this agent by a newer one now. One client in a while is told so.
func (a *Agent) outdated(r wire.Request) bool {
	if !newer(r.Caller.Program, a.Version) || !a.idle() {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.Now()
	if now.Sub(a.replaced).Abs() < replaceEvery {
		return false
	}
	a.replaced = now
	return true
}
