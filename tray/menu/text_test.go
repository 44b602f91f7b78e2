package menu

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth"
)

func TestTextsFromOutsideAreCleaned(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"prod-eu", "prod-eu"},
		{"grüße 你好", "grüße 你好"},
		{"a\nb\tc\r\nd", "a b c d"},
		{"  spaces   in\u2028between\u00a0", "spaces in between"},
		{"\u202eevil\u2066x\u2069\u200f\u061c", "evilx"},
		{"\x1b[31mred\x00\u0085", "[31mred"},
		{"bad\xffbyte", "bad\ufffdbyte"},
		{strings.Repeat("ü", 60), strings.Repeat("ü", 60)},
		{strings.Repeat("ü", 61), strings.Repeat("ü", 59) + "…"},
		{"\u202e", ""},
	} {
		got := clean(c.in, 60)
		if got != c.want || !utf8.ValidString(got) {
			t.Errorf("clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestASentenceThatIsTooLongIsCutBehindAClause(t *testing.T) {
	for in, want := range map[string]string{
		"likely: another audience":                         "likely: another audience",
		"likely: another audience, or another issuer":      "likely: another audience…",
		"no; clause that is long enough to be worth a cut": "no; clause that is long enough…",
		strings.Repeat("x", 40):                            strings.Repeat("x", 30) + "…",
	} {
		if got := clauses(in, 31); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestHostileWordsForgeNoRow(t *testing.T) {
	evil := "x\n● prod: valid until 23:59 \u202e" + strings.Repeat("A", 10_000)
	s := one(auth.Status{Phase: auth.LoginNeeded, Person: evil, Reason: auth.Reason{Code: auth.CodeMisconfigured, Words: evil}})
	s.Clusters[0].Rejected = auth.Reason{Code: auth.CodeUntrusted, Words: evil}
	s.Clusters[0].WriteError, s.Clusters[0].Remark = evil, evil
	s.Config = evil
	check := func(text string) {
		if strings.ContainsAny(text, "\n\u202e") || utf8.RuneCountInString(text) > 200 {
			t.Errorf("got %q", text)
		}
	}
	for _, st := range []auth.Status{s.Accounts[0], with(s.Accounts[0], func(s *auth.Status) { s.Phase = auth.Valid })} {
		s.Accounts[0] = st
		m := View(s, Settings{}, noon())
		check(m.Tooltip)
		for _, r := range m.Rows {
			check(r.Text)
		}
	}
}

func TestTimesAreAbsoluteInThePersonsZone(t *testing.T) {
	for _, c := range []struct {
		t    time.Time
		want string
	}{
		{at(14, 32), "14:32"},
		{at(14, 32).UTC(), "14:32"},
		{at(0, 0).AddDate(0, 0, 1), "Wed 00:00"},
		{at(23, 59).AddDate(0, 0, -1), "Mon 23:59"},
		{at(9, 0).AddDate(0, 0, 10), "4 Dec 09:00"},
		{at(9, 0).AddDate(1, 0, 0), "24 Nov 2027 09:00"},
	} {
		if got := (Times{}).Clock(c.t, noon()); got != c.want {
			t.Errorf("%v: got %q, want %q", c.t, got, c.want)
		}
	}
}

func TestListsNameThreeAndCountTheRest(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a", "a"}, {"a b", "a and b"}, {"a b c", "a, b and c"}, {"a b c d e", "a, b, c and 2 more"},
	} {
		if got := list(strings.Fields(c.in)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, code := range []auth.Code{auth.CodeUnreachable, auth.CodeEnded, auth.CodeWrongPassword, auth.CodeMisconfigured,
		auth.CodeOtherEnds, auth.CodeClientSecret, auth.CodeOtherPerson, auth.CodeUntrusted, auth.CodeKeychain, auth.CodeKeychainLocked,
		auth.CodeNoRefreshToken, auth.CodeNoIDToken, auth.CodeLoggingIn, auth.CodeCancelled, auth.CodeTooManyAttempts, auth.CodeNoDialog} {
		if w := why(auth.Reason{Code: code}, ""); w == "" || w == string(code) && code != auth.CodeCancelled {
			t.Errorf("%s: got %q", code, w)
		}
	}
}
