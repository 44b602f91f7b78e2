package menu

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// Told is what a person was told and has put off: under the tag of a notice, what exactly. The agent keeps it in state.json,
// so that a restart says nothing twice. It holds no secret. A value is never changed: what changes it returns another.
type Told map[string]string

const (
	tagLogin     = "login"     // one notice, however many accounts need a login
	tagKeychain  = "keychain"  // one keychain, however many accounts wait for it
	tagAutostart = "autostart" // the question whether to start at login
	tagWelcome   = "welcome"   // where to begin
	tagTray      = "tray"      // why there is no icon
	tagAdopt     = "adopt"     // what could be adopted
	tagDay       = "day"       // no notice: the last day on which a person was there
)

// The tags of an account's own notices, told apart by what stands before the colon.
const (
	needed = "needed:" // no notice: that its login was told in tagLogin
	failed = "failed:"
	stored = "stored:"
	short  = "short:"
	ends   = "ends:"
)

// ofAccount is the account that a tag is about, "" for the tags that are about none.
func ofAccount(tag string) string {
	_, account, _ := strings.Cut(tag, ":")
	return account
}

// started is what is still told after a start: what is the matter with the keychain and with logins is told anew, because
// nobody can know what was read of it.
func (t Told) started() Told {
	next := maps.Clone(t)
	maps.DeleteFunc(next, func(tag, _ string) bool {
		return tag == tagKeychain || strings.HasPrefix(tag, failed) || strings.HasPrefix(tag, stored)
	})
	return next
}

// forget drops what no longer holds, so that it is told again when it comes back. While a login is under way, or the keychain
// has not answered yet, nobody knows: a cancelled login leads back to where it began.
func (t Told) forget(s *auth.Snapshot, standing map[string]bool) {
	for tag := range t {
		if standing[tag] || slices.Contains([]string{tagDay, tagAutostart, tagWelcome, tagTray, tagAdopt}, tag) {
			continue
		}
		st, configured := s.Account(ofAccount(tag))
		open := configured && !strings.HasPrefix(tag, failed) && (st.Phase == auth.LoggingIn || st.Phase == auth.Unknown)
		if !open {
			delete(t, tag)
		}
	}
}

// Later is t after a person put off the notice with that tag: the end of a session is not announced again, until there is
// another one.
func (t Told) Later(tag string) Told {
	next := maps.Clone(t)
	if next == nil {
		next = Told{}
	}
	if strings.HasPrefix(tag, ends) {
		end, _ := toldEnd(t[tag])
		next[tag] = endTold(end, minutesBefore)
	}
	if tag == tagAdopt {
		next[tag] = notNow
	}
	return next
}

// AdoptedLater: the person does not want to hear of what could be adopted.
func (t Told) AdoptedLater() bool { return t[tagAdopt] == notNow }

// The announcements of a session's end, each later one with more haste.
type stage int

const (
	sameDay stage = iota + 1
	hourBefore
	minutesBefore
)

// endsVerySoon is when a session's end is announced for the last time.
const endsVerySoon = 10 * time.Minute

// endTold writes what was told of a session's end, and toldEnd reads it.
func endTold(end time.Time, s stage) string {
	return strconv.FormatInt(end.Unix(), 10) + "/" + strconv.Itoa(int(s))
}

func toldEnd(told string) (end time.Time, s stage) {
	unix, number, _ := strings.Cut(told, "/")
	seconds, _ := strconv.ParseInt(unix, 10, 64) // what makes no sense was told of no end
	n, _ := strconv.Atoi(number)
	return time.Unix(seconds, 0), stage(n)
}

// sameEnd: providers name one end to the second, and some of them anew each time.
func sameEnd(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }

// dayOf is the day of a person who works past midnight: it begins at five.
func dayOf(t time.Time) string { return t.Add(-5 * time.Hour).Format(time.DateOnly) }
