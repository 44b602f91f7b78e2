package menu

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// How many runes of a text from outside and of a sentence of ours are shown, and how many a whole row may have: menus grow
// as wide as their widest row.
const (
	maxName     = 60
	maxSentence = 300
	maxRow      = 120
)

// clean makes a text from outside (a name, a claim, a provider's words) safe to stand in a row: one line, without control
// and bidirectional characters, so that it can neither forge a row nor reverse one, and at most limit runes.
func clean(s string, limit int) string {
	var b strings.Builder
	space := false
	for _, r := range s { // an invalid byte arrives as U+FFFD
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Z, r):
			space = true
			continue
		case unicode.Is(unicode.C, r): // format characters: U+202E and its kind, zero width ones, private use
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return capped(b.String(), limit)
}

// name is a name from the configuration or a claim, ready to be shown.
func name(s string) string { return clean(s, maxName) }

// clauses cuts a sentence to limit runes, the last of which is then an ellipsis: behind a whole clause where there is one, so that
// little is said by half. Why… says the rest.
func clauses(s string, limit int) string {
	short := capped(s, limit)
	if end := strings.LastIndexAny(short, ",;"); short != s && end > limit/3 {
		return short[:end] + "…"
	}
	return short
}

// capped cuts s to limit runes, the last of which is then an ellipsis.
func capped(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return strings.TrimRight(string(runes[:limit-1]), " ") + "…"
}

// count writes 1 cluster, 2 clusters.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// span writes 45 seconds, 30 minutes, 8 hours: d rounded down.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return count(int(d/time.Hour), "hour")
	case d >= time.Minute:
		return count(int(d/time.Minute), "minute")
	}
	return count(int(d/time.Second), "second")
}

// list writes the names as a person would say them: at most three, then how many more there are.
func list(names []string) string {
	shown := make([]string, 0, 3)
	for i, n := range names {
		if i == 3 {
			break
		}
		shown = append(shown, name(n))
	}
	switch more := len(names) - len(shown); {
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), more)
	case len(shown) > 1:
		last := len(shown) - 1
		return strings.Join(shown[:last], ", ") + " and " + shown[last]
	}
	return strings.Join(shown, "")
}
