package menu

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/internal/hostile"
)

// hostileRows is how many rows a configuration of one account and one cluster has, whatever they are called.
const hostileRows = 10

// harmless fails the test for a text that is more than one line, too long, cut inside a rune, or turns its direction.
func harmless(t *testing.T, what, text string, limit int) {
	t.Helper()
	bad := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, bad) || utf8.RuneCountInString(text) > limit {
		t.Errorf("%s: %d runes: %.300q", what, utf8.RuneCountInString(text), text)
	}
}

func harmlessRows(t *testing.T, rows []Row) {
	t.Helper()
	for _, r := range rows {
		harmless(t, "a row", r.Text, maxRow)
		harmlessRows(t, r.Sub)
	}
}

func TestHostileNamesAndWordsForgeNothing(t *testing.T) {
	for _, text := range hostile.All() {
		for _, phase := range []auth.Phase{auth.LoggedOut, auth.Valid, auth.LoginNeeded} {
			st := auth.Status{Account: text, Person: text, Provider: text, Phase: phase, Until: at(14, 0), SessionEnds: at(12, 30),
				Reason: auth.Reason{Code: auth.CodeMisconfigured, Words: text}, LastLogin: auth.Reason{Code: auth.CodeOtherPerson, Words: text}}
			s := &auth.Snapshot{Accounts: []auth.Status{st}, Clusters: []auth.Cluster{{Name: text + "x", Account: text, Server: text, WriteError: text,
				Rejected: auth.Reason{Code: auth.Code(text), Words: text}}}, Config: text}
			m := View(s, Settings{Version: "1.0"}, noon())
			harmless(t, "the tooltip", m.Tooltip, 2*maxRow)
			harmlessRows(t, m.Rows)
			if got := len(m.Rows); got != hostileRows && text != "" {
				t.Errorf("%.40q: %d rows, want %d", text, got, hostileRows)
			}
			show, _, _ := Notices(nil, s, nil, Settings{}, noon())
			for _, n := range show {
				harmless(t, "a notice's title", n.Title, 120)
				harmless(t, "a notice's body", n.Body, 1000)
				for _, b := range n.Buttons {
					harmless(t, "a button", b.Label, 100)
				}
			}
			if e, ok := Why(s, Settings{}, text, noon()); ok {
				for _, p := range e.Text {
					for line := range strings.SplitSeq(p, "\n") {
						harmless(t, "a line of Why", line, 1000)
					}
				}
			}
		}
	}
}
