package menu

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// Notices decides what to tell the person when before became after: which notifications to show, each once, and the tags of
// those to withdraw because they no longer hold. told is what was told up to now, next what is told when the person has seen
// show. before is nil at the start: then a session that ended and a locked keychain are told, a mere absence of logins is
// not. While set.Quiet nothing is shown, and what still holds after it is shown then. It is pure, and calling it again with
// what it returned says nothing.
func Notices(before, after *auth.Snapshot, told Told, set Settings, now time.Time) (show []Notice, withdraw []string, next Told) {
	next = maps.Clone(told)
	if before == nil {
		before, next = &auth.Snapshot{}, told.started()
	}
	if next == nil {
		next = Told{}
	}
	is, standing := notices(after, set, now), map[string]bool{}
	for _, n := range is {
		standing[n.Tag] = true
		if next[n.Tag] != what(n) && !set.Quiet {
			next[n.Tag] = what(n)
			show = append(show, n)
		}
	}
	for _, n := range notices(before, set, now) {
		if !standing[n.Tag] {
			withdraw = append(withdraw, n.Tag)
		}
	}
	logins, gone := loginNotices(before, after, next, standing, set, now)
	coming, over := endNotices(before, after, next, standing, set, now)
	questions, answered := onceNotices(after, next, set, now)
	next.forget(after, standing)
	return slices.Concat(show, logins, coming, questions), slices.Concat(withdraw, gone, over, answered), next
}

// notices are those that hold as long as s stays as it is.
func notices(s *auth.Snapshot, set Settings, now time.Time) []Notice {
	var all []Notice
	if anyLocked(s) {
		all = append(all, Notice{
			Tag:     tagKeychain,
			Title:   "The keychain is locked",
			Body:    "kubecreds keeps your sessions there and waits until it is unlocked.",
			Buttons: []Button{{"Unlock keychain…", Action{Verb: VerbUnlock}}, later()},
		})
	}
	for _, st := range s.Accounts {
		if failure(st.LastLogin) != "" && st.Phase != auth.LoggingIn {
			all = append(all, failedNotice(st))
		}
		if notKept(st) {
			all = append(all, notKeptNotice(st))
		}
		if shortLived(st) {
			all = append(all, shortLivedNotice(st, now))
		}
	}
	return all
}

// what is what n tells, as it is remembered. A time in a text is written another way after midnight, and tells nothing new.
func what(n Notice) string {
	if strings.HasPrefix(n.Tag, short) {
		return n.Title
	}
	return n.Title + n.Body
}

func tagShort(account string) string { return short + account }

// later only closes the notification: what was told is not told again anyway.
func later() Button { return Button{Label: "Later"} }

func anyLocked(s *auth.Snapshot) bool {
	for _, st := range s.Accounts {
		if st.Troubles.Has(auth.KeychainLocked) { // whatever the person is doing meanwhile: told is told
			return true
		}
	}
	return false
}

// failedNotice tells that the login the person asked for failed.
func failedNotice(st auth.Status) Notice {
	n := Notice{
		Tag:     failed + st.Account,
		Title:   name(st.Account) + ": login failed",
		Body:    sentence(failure(st.LastLogin)),
		Buttons: []Button{{"Log in", Action{VerbLogin, st.Account}}, later()},
	}
	if st.LastLogin.Code == auth.CodeOtherPerson && st.Person != "" {
		n.Buttons[0].Label = "Try again as " + name(st.Person)
	}
	return n
}

// needing are the accounts of s whose session ended.
func needing(s *auth.Snapshot) []auth.Status {
	var all []auth.Status
	for _, st := range s.Accounts {
		if st.Phase == auth.LoginNeeded {
			all = append(all, st)
		}
	}
	return all
}

// loginNotices tells of sessions that ended, all in one notice: on a Monday morning it is one, with one button. Where it names
// an account that needs no login any more it is changed, if it is still on the screen.
func loginNotices(before, after *auth.Snapshot, told Told, standing map[string]bool, set Settings, now time.Time) (show []Notice, withdraw []string) {
	was, is := needing(before), needing(after)
	news := false
	for _, st := range is {
		standing[needed+st.Account] = true
		news = news || told[needed+st.Account] == ""
	}
	switch {
	case len(is) == 0 && len(was) > 0:
		withdraw = append(withdraw, tagLogin)
	case news && !set.Quiet:
		for _, st := range is {
			told[needed+st.Account] = "told"
		}
		show = append(show, loginNotice(is, after, set, now))
	case !news && len(is) > 0 && len(is) < len(was):
		n := loginNotice(is, after, set, now)
		n.Update = true
		show = append(show, n)
	}
	return show, withdraw
}

// loginNotice tells that the sessions of these accounts ended.
func loginNotice(ended []auth.Status, s *auth.Snapshot, set Settings, now time.Time) Notice {
	var accounts, closed []string
	body := ""
	for _, st := range ended {
		accounts = append(accounts, st.Account)
		if clusters := clustersOf(s, st.Account); len(clusters) > 0 && st.Good(now) {
			body += " " + list(clusters) + ": kubectl works until " + set.Times.Clock(st.Until, now) + "."
		} else {
			closed = append(closed, clusters...)
		}
	}
	if len(closed) > 0 {
		body += " kubectl has no access to " + list(closed) + "."
	}
	do := Action{Verb: VerbLogin} // all of them, one after the other
	if len(ended) == 1 {
		do.On = ended[0].Account
		body = sentence(why(ended[0].Reason, "the session ended")) + body
	}
	return Notice{
		Tag:     tagLogin,
		Title:   list(accounts) + ": login needed",
		Body:    strings.TrimSpace(body),
		Buttons: []Button{{"Log in", do}, later()},
	}
}

// endNotices announces ends of sessions that renewals do not move, and withdraws what is over.
func endNotices(before, after *auth.Snapshot, told Told, standing map[string]bool, set Settings, now time.Time) (show []Notice, withdraw []string) {
	firstLook := !set.Quiet && told[tagDay] != dayOf(now)
	known := true
	for _, is := range after.Accounts {
		known = known && is.Phase != auth.Unknown
		was, _ := before.Account(is.Account)
		standing[ends+is.Account] = hasEnd(is)
		if n, say := endNotice(was, is, told, set, firstLook, now); say {
			show = append(show, n)
		}
	}
	if firstLook && known {
		told[tagDay] = dayOf(now)
	}
	for _, was := range before.Accounts {
		is, _ := after.Account(was.Account)
		if hasEnd(was) && !(hasEnd(is) && sameEnd(was.SessionEnds, is.SessionEnds)) {
			withdraw = append(withdraw, ends+was.Account)
		}
	}
	return show, withdraw
}

func clustersOf(s *auth.Snapshot, account string) []string {
	var names []string
	for _, c := range s.Clusters {
		if c.Account == account {
			names = append(names, c.Name)
		}
	}
	return names
}

// notKept: the session lives in memory only. While the keychain is locked that is what is told.
func notKept(st auth.Status) bool {
	return st.Troubles.Has(auth.NotStored) && !st.Troubles.Has(auth.KeychainLocked)
}

func notKeptNotice(st auth.Status) Notice {
	return Notice{
		Tag:   stored + st.Account,
		Title: name(st.Account) + ": session not kept",
		Body:  "The keychain refused it. It works until kubecreds ends; storing it is tried again.",
	}
}

// shortLived: the login yielded a token and nothing to renew it with, or a session that does not outlive a night's sleep.
func shortLived(st auth.Status) bool {
	return st.Phase == auth.Valid && (st.Troubles.Has(auth.NoRefreshToken) || st.IdleLimit > 0)
}

func shortLivedNotice(st auth.Status, now time.Time) Notice {
	title := name(st.Account) + ": this login cannot be renewed"
	if st.IdleLimit > 0 {
		title = name(st.Account) + ": this session does not last overnight"
	}
	return Notice{Tag: tagShort(st.Account), Title: title, Body: Times{}.Advice(st, now)}
}

// Advice is what a person is told once of a login that will not last, with the remedy; "" of any other.
func (f Times) Advice(st auth.Status, now time.Time) string {
	const remedy = " Ask for the scope offline_access in config.yaml; some providers want prompt: consent too."
	switch {
	case !shortLived(st):
		return ""
	case st.IdleLimit > 0:
		return "The provider ends it when it is not renewed for " + span(st.IdleLimit) + ", as while the computer sleeps." + remedy
	}
	return "The provider gave no refresh token, so it ends at " + f.Clock(st.Until, now) + "." + remedy
}

// sentence makes a sentence of a few words.
func sentence(words string) string {
	if words == "" {
		return ""
	}
	first := []rune(words)
	if first[0] >= 'a' && first[0] <= 'z' {
		first[0] -= 'a' - 'A'
	}
	return string(first) + "."
}
