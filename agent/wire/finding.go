package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Level says how a finding is meant.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // it works, and a person may want to know
	Failure Level = "failure" // something does not work
)

// Finding is one line of doctor. Both programs make some: a client, where no agent answers, those of Diagnose. None holds a
// secret: they are made to be pasted into a ticket.
type Finding struct {
	Area  string `json:"area"`            // what was looked at: configuration, keychain, provider, API server, …
	About string `json:"about,omitempty"` // the account or cluster
	Level Level  `json:"level"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"` // what a person can do about it
}

// OKf is a finding that all is well.
func OKf(format string, args ...any) Finding {
	return Finding{Level: OK, Says: fmt.Sprintf(format, args...)}
}

// Warn is a finding that a person may want to know, and what to do about it.
func Warn(says, do string) Finding { return Finding{Level: Warning, Says: says, Do: do} }

// Fail is a finding that something does not work, and what to do about it.
func Fail(says, do string) Finding { return Finding{Level: Failure, Says: says, Do: do} }

// Worst is the worst level among all.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level == Failure || f.Level == Warning && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

// FindingsText is a line a finding, and one more for each that says what to do.
func FindingsText(all []Finding) string {
	var b strings.Builder
	width := 0
	for _, f := range all {
		width = max(width, utf8.RuneCountInString(f.subject()))
	}
	for _, f := range all {
		fmt.Fprintf(&b, "%-7s   %-*s   %s\n", f.Level, width, f.subject(), f.Says)
		if f.Do != "" {
			fmt.Fprintf(&b, "%7s   %-*s   -> %s\n", "", width, "", f.Do)
		}
	}
	return b.String()
}

func (f Finding) subject() string {
	if f.About == "" {
		return f.Area
	}
	return f.About + ": " + f.Area
}

// FindingsJSON is what `doctor -o json` prints. Fields are only ever added.
func FindingsJSON(all []Finding) (string, error) {
	b, err := json.MarshalIndent(struct {
		Level    Level     `json:"level"` // the worst
		Findings []Finding `json:"findings"`
	}{Worst(all), all}, "", "  ")
	return string(b) + "\n", err
}
