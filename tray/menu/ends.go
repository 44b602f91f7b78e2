package menu

import (
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// hasEnd: the account has a session with an end that nothing moves.
func hasEnd(st auth.Status) bool {
	return (st.Phase == auth.Valid || st.Phase == auth.Offline) && !st.SessionEnds.IsZero()
}

// endStage is how near a session's end is; 0: not worth a word. firstLook: the person has just come to the screen, for the
// first time that day.
func endStage(st auth.Status, firstLook bool, now time.Time) stage {
	left := st.SessionEnds.Sub(now)
	switch {
	case !hasEnd(st), left <= 0:
		return 0
	case left <= endsVerySoon:
		return minutesBefore
	case left <= endsWithin:
		return hourBefore
	case firstLook && dayOf(st.SessionEnds.In(now.Location())) == dayOf(now):
		return sameDay
	}
	return 0
}

// endNotice announces the end of is's session where that was not done yet. A login that yields a session of less than an hour
// is not followed by the announcement of its end: that is what its person got just now.
func endNotice(was, is auth.Status, told Told, set Settings, firstLook bool, now time.Time) (n Notice, say bool) {
	tag := ends + is.Account
	at := endStage(is, firstLook, now)
	if at == 0 {
		return Notice{}, false
	}
	end, last := toldEnd(told[tag])
	if !sameEnd(end, is.SessionEnds) {
		last = 0
	}
	fresh := was.Phase == auth.LoggingIn || was.Phase == auth.LoggedOut || was.Phase == auth.LoginNeeded
	if fresh || at <= last {
		told[tag] = endTold(is.SessionEnds, max(at, last))
		return Notice{}, false
	}
	if set.Quiet {
		return Notice{}, false
	}
	told[tag] = endTold(is.SessionEnds, at)
	return Notice{
		Tag:     tag,
		Title:   name(is.Account) + ": session ends at " + set.Times.Clock(is.SessionEnds, now),
		Body:    "The provider ends it then. Log in again before, and kubectl keeps its access.",
		Buttons: []Button{{"Log in", Action{VerbLogin, is.Account}}, {"Later", Action{VerbLater, tag}}},
	}, true
}
