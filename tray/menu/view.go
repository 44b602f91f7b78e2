package menu

import (
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// View makes the menu that shows s. Its rows (how many, of which kind, in which order) follow from the configuration
// alone: what changes with a session is their text, picture, action and whether they can be clicked, so that an open menu
// stays as it is under the pointer. Times are written in now's time zone.
func View(s *auth.Snapshot, set Settings, now time.Time) Menu {
	v := newView(s, set, now)
	summary := v.summary()
	m := Menu{Icon: v.icon(), Tooltip: "kubecreds: " + summary}
	if s.Config != "" {
		m.Tooltip = "kubecreds: configuration not in force; " + summary
		m.Rows = append(m.Rows, Row{Text: capped("configuration: "+clean(s.Config, maxRow), maxRow), Do: Action{Verb: VerbConfiguration}})
	}
	m.Rows = append(m.Rows, text(summary), separator())
	if len(s.Clusters)+len(s.Accounts) == 0 && s.Config == "" {
		m.Rows = appendGroup(m.Rows, []Row{addRow()})
	}
	m.Rows = appendGroup(m.Rows, v.stateRows())
	m.Rows = appendGroup(m.Rows, v.accountRows())
	if set.Found > 0 {
		m.Rows = append(m.Rows, adoptRow(set))
	}
	if set.CanAutostart {
		m.Rows = append(m.Rows, autostartRow(set.Autostart))
	}
	m.Rows = append(m.Rows, helpRow(set.Version), Row{Text: "Quit (renewal stops)", Do: Action{Verb: VerbQuit}})
	return m
}

// view is what rows are made from.
type view struct {
	s        *auth.Snapshot
	set      Settings
	now      time.Time
	accounts map[string]auth.Status
}

func newView(s *auth.Snapshot, set Settings, now time.Time) view {
	v := view{s, set, now, make(map[string]auth.Status, len(s.Accounts))}
	for _, st := range s.Accounts {
		v.accounts[st.Account] = st
	}
	return v
}

// account is the status of the account that opens c.
func (v view) account(c auth.Cluster) auth.Status { return v.accounts[c.Account] }

func appendGroup(rows, group []Row) []Row {
	if len(group) == 0 {
		return rows
	}
	return append(append(rows, group...), separator())
}

func text(s string) Row { return Row{Text: s, Disabled: true} }
func separator() Row    { return Row{Separator: true} }

func autostartRow(on bool) Row {
	next := "on"
	if on {
		next = "off"
	}
	return Row{Text: "Start at login", Do: Action{VerbAutostart, next}, Checkable: true, Checked: on}
}

// addRow is the way to the first cluster.
func addRow() Row {
	return Row{Text: "Add clusters…", Sub: []Row{
		{Text: "Choose a file from your platform team…", Do: Action{VerbAdd, AddFile}},
		{Text: "Paste an address from your platform team…", Do: Action{VerbAdd, AddAddress}},
		{Text: "Write the configuration yourself", Do: Action{Verb: VerbConfiguration}},
	}}
}

func helpRow(version string) Row {
	return Row{Text: "Help and diagnostics", Sub: []Row{
		{Text: "Save diagnostics…", Do: Action{Verb: VerbDiagnostics}},
		{Text: "Open log", Do: Action{Verb: VerbLog}},
		{Text: "Edit configuration", Do: Action{Verb: VerbConfiguration}},
		{Text: "About kubecreds " + version, Do: Action{Verb: VerbAbout}},
	}}
}

// clusterRow says how a cluster is.
func (v view) clusterRow(c auth.Cluster) Row {
	st := v.account(c)
	return Row{
		Text:  clauses(name(c.Name)+": "+v.set.Times.ClusterWords(c, st, v.now), maxRow),
		State: shape(clusterLevel(c, st, v.now), st),
		Sub:   sessionRows(st, c.Name),
	}
}

// sessionRows are the rows behind a state row: what can be done to the session, asked for on the row's own name.
func sessionRows(st auth.Status, on string) []Row {
	first := Row{Text: "Re-login…", Do: Action{VerbLogin, on}}
	switch {
	case st.Phase == auth.LoggingIn:
		first = Row{Text: "Cancel login", Do: Action{VerbCancel, st.Account}}
	case locked(st):
		first = Row{Text: "Unlock keychain…", Do: Action{Verb: VerbUnlock}}
	case !hasSession(st):
		first.Text = "Log in…"
		first.Disabled = starting(st)
	}
	return []Row{
		first,
		{Text: "Renew now", Do: Action{VerbRenew, on}, Disabled: !canRenew(st)},
		{Text: "Check access", Do: Action{VerbCheck, on}, Disabled: !hasSession(st)},
		{Text: "Why…", Do: Action{VerbWhy, on}},
		{Text: "Log out", Do: Action{VerbLogout, st.Account}, Disabled: !hasSession(st)},
	}
}

// accountRows are one row an account, which logs it in where that is needed and else says who it is, and `Renew all now`.
// With many accounts those that do not fit are reached through `More clusters…`.
func (v view) accountRows() []Row {
	var rows []Row
	canRenewAny, unlock := false, false
	for i, st := range v.s.Accounts {
		canRenewAny = canRenewAny || canRenew(st)
		if i >= maxRows {
			continue
		}
		account := name(st.Account)
		switch {
		case st.Phase == auth.LoggingIn:
			rows = append(rows, Row{Text: "Cancel login to " + account, Do: Action{VerbCancel, st.Account}})
		case locked(st) && !unlock: // one keychain, one row that unlocks it
			unlock = true
			rows = append(rows, Row{Text: "Unlock keychain…", Do: Action{Verb: VerbUnlock}})
		case locked(st):
			rows = append(rows, text(account+": keychain locked"))
		case starting(st):
			rows = append(rows, text(account+": reading the keychain…"))
		case st.Phase == auth.LoginNeeded || !hasSession(st):
			rows = append(rows, Row{Text: "Log in to " + account + "…", Do: Action{VerbLogin, st.Account}})
		case endsSoon(st, v.now):
			rows = append(rows, Row{Text: "Log in to " + account + " again, before " + v.set.Times.Clock(st.SessionEnds, v.now) + "…",
				Do: Action{VerbLogin, st.Account}})
		case st.Person == "":
			rows = append(rows, text(account+": logged in"))
		default:
			rows = append(rows, text(account+": logged in as "+name(st.Person)))
		}
	}
	if len(rows) > 0 {
		rows = append(rows, Row{Text: "Renew all now", Do: Action{Verb: VerbRenew}, Disabled: !canRenewAny})
	}
	return rows
}

// endsWithin is how long before a session's end the menu offers to log in again.
const endsWithin = time.Hour

// endsSoon: the session's end is near enough to log in again.
func endsSoon(st auth.Status, now time.Time) bool {
	return !st.SessionEnds.IsZero() && st.SessionEnds.Sub(now) <= endsWithin
}

// hasSession: there is a refresh token or a token, though it may have been refused.
func hasSession(st auth.Status) bool {
	return st.Phase == auth.Valid || st.Phase == auth.Offline || st.Phase == auth.LoginNeeded
}

// canRenew: a renewal can be tried. A refused refresh token can be tried again: a VPN may cure the refusal.
func canRenew(st auth.Status) bool {
	return hasSession(st) && !st.Troubles.Has(auth.NoRefreshToken) && st.Reason.Code != auth.CodeNoRefreshToken
}

// locked: the keychain has to be unlocked before anything else helps.
func locked(st auth.Status) bool {
	return st.Troubles.Has(auth.KeychainLocked) && st.Phase != auth.LoggingIn && st.Phase != auth.LoginNeeded
}

// starting: the keychain has not answered yet, and nothing says that it cannot.
func starting(st auth.Status) bool {
	return st.Phase == auth.Unknown && st.Reason.Code == auth.CodeNone && !locked(st)
}
