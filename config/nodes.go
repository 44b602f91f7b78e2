package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// fields are the keys that a mapping may have, and what reads each one's value.
type fields map[string]func(*yaml.Node)

// mapping reads n, which is what, by its fields. Keys that are unknown or there twice are faults.
func (l *loader) mapping(n *yaml.Node, what string, f fields) {
	if n.Kind != yaml.MappingNode {
		l.fault(n, "key: value lines", "%s must be a mapping", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		reader, known := f[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !known:
			l.fault(key, suggest(key.Value, f), "unknown key %q in %s", key.Value, what)
		case seen[key.Value]:
			l.fault(key, "it once", "the key %q stands twice in %s", key.Value, what)
		default:
			seen[key.Value] = true
			reader(value)
		}
	}
}

// suggest returns the known key that was probably meant, or all of them.
func suggest(key string, f fields) string {
	best, least := "", max(2, len(key)/3)+1 // that many slips are too many
	known := make([]string, 0, len(f))
	for k := range f {
		known = append(known, k)
	}
	slices.Sort(known)
	for _, k := range known {
		if d := distance(plainKey(key), plainKey(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return best
	}
	return "one of " + strings.Join(known, ", ")
}

// plainKey makes client_id, client-id and clientID the same.
func plainKey(s string) string {
	if len(s) > 40 {
		s = s[:40] // no key is longer
	}
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
}

// distance is the Levenshtein distance of a and b in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// sequence returns the entries of the list n, which may be left out (nil) or empty.
func (l *loader) sequence(n *yaml.Node, key, write string) []*yaml.Node {
	switch {
	case n == nil || null(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		l.fault(n, write, "%s must be a list", key)
		return nil
	}
	return n.Content
}

// null reports whether n is a value that was not written.
func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// texts returns the strings of the list n.
func (l *loader) texts(n *yaml.Node, key, example string) (all []string) {
	for _, e := range l.sequence(n, key, key+": ["+example+"]") {
		if s := l.text(e, key); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// text returns the string n, which must not be empty: an empty value is a forgotten one. It returns "" after a fault.
func (l *loader) text(n *yaml.Node, key string) string {
	switch {
	case n.Kind == yaml.AliasNode:
		l.fault(n, "the value itself", "%s is an alias, which is not read here", key)
	case n.Kind != yaml.ScalarNode:
		l.fault(n, key+": …", "%s must be a text", key)
	case null(n) || n.Value == "":
		l.fault(n, "a value, or leave "+key+" out", "%s is empty", key)
	case n.Tag != "!!str":
		l.fault(n, fmt.Sprintf("%q", n.Value), "%s must be a text", key)
	case strings.ContainsFunc(n.Value, unicode.IsControl):
		l.fault(n, "it in one line", "%s holds a line break or another control character", key)
	default:
		return n.Value
	}
	return ""
}

// flag returns the truth value n.
func (l *loader) flag(n *yaml.Node, key string) bool {
	var v bool
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(&v) != nil {
		l.fault(n, key+": true, or leave it out", "%s must be true or false", key)
	}
	return v
}

// word returns the string n, which must be one of words.
func word[T ~string](l *loader, n *yaml.Node, key string, words ...T) T {
	s := T(l.text(n, key))
	if s != "" && !slices.Contains(words, s) {
		l.fault(n, anyOf(words), "%s cannot be %q", key, s)
		return ""
	}
	return s
}

// anyOf returns "a, b or c".
func anyOf[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// clean makes s one line that moves no cursor and is at most 300 characters long.
func clean(s string) string {
	const longest = 300
	r := []rune(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }), " "))
	if len(r) > longest {
		r = append(r[:longest-1], '…')
	}
	return string(r)
}
