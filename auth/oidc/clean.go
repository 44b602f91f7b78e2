package oidc

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxWords is how many characters of what a provider says reach a person.
const maxWords = 200

// cleaned makes one line of what somebody else wrote: without control, bidirectional and other invisible characters, white
// space folded, cut to maxWords characters.
func cleaned(s string) string {
	var out []rune
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = len(out) > 0
			continue
		case !unicode.IsGraphic(r) || r == unicode.ReplacementChar:
			continue
		}
		if space {
			out, space = append(out, ' '), false
		}
		if out = append(out, r); len(out) > maxWords {
			out = append(out[:maxWords-1], '…')
			break
		}
	}
	return string(out)
}

// object is a JSON object from outside. Unlike a struct's fields its names are compared exactly, and a field of the wrong
// type is as good as absent instead of spoiling the rest.
type object map[string]json.RawMessage

func (o object) text(name string) string {
	var s string
	if json.Unmarshal(o[name], &s) != nil {
		return ""
	}
	return s
}

func (o object) truth(name string) bool {
	var b bool
	return json.Unmarshal(o[name], &b) == nil && b
}

// texts reads an array of strings, or one string.
func (o object) texts(name string) []string {
	var list []string
	if json.Unmarshal(o[name], &list) == nil && list != nil {
		return list
	}
	if s := o.text(name); s != "" {
		return []string{s}
	}
	return nil
}

// number reads a number, also one written as a string, as some providers do.
func (o object) number(name string) (float64, bool) {
	var n json.Number
	if o[name] == nil || json.Unmarshal(o[name], &n) != nil || n == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// date reads a NumericDate (RFC 7519 section 2); the zero time if there is none that a clock can show.
func (o object) date(name string) time.Time {
	f, ok := o.number(name)
	if !ok || f <= 0 || f > 1<<36 { // the year 4147
		return time.Time{}
	}
	return time.Unix(int64(f), 0)
}

// lifetime reads a number of seconds; 0 if there is none that believable says.
func (o object) lifetime(name string) time.Duration {
	f, ok := o.number(name)
	if !ok || f < 1 || f > maxLife.Seconds() {
		return 0
	}
	return time.Duration(f) * time.Second
}

const maxLife = 400 * 24 * time.Hour

// believable reports whether d is a life that tokens have. Others count as absent.
func believable(d time.Duration) bool { return d >= time.Second && d <= maxLife }

// readObject reads JSON that must be an object.
func readObject(b []byte) (object, bool) {
	var o object
	return o, json.Unmarshal(b, &o) == nil && o != nil
}

// b64token is RFC 6750 section 2.1: the characters a bearer token may have, so none that could end a header or a line.
func b64token(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~+/", c) >= 0) {
			return false
		}
	}
	return body != ""
}

// Cleaned makes one line of what somebody else wrote, as the words of this package's errors are made: without control,
// bidirectional and other invisible characters, white space folded, cut to 200 characters.
func Cleaned(s string) string { return cleaned(s) }
