package kubeconfig

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// end returns the offset after n's last byte. yaml.Node says where a node begins only, so this reads the text again, as far
// as that takes, and refuses where it does not find what the node says.
func (d *document) end(n *yaml.Node) (int, error) {
	start, err := d.offset(n)
	if err != nil {
		return 0, err
	}
	at, after := d.properties(n, start)
	flow := n.Style&yaml.FlowStyle != 0
	switch {
	case n.Kind == yaml.AliasNode:
		at = start + 1 + len(n.Value)
	case n.Kind == yaml.ScalarNode:
		return d.scalarEnd(n, at, after)
	case flow && at < len(d.text) && (d.text[at] == '[' || d.text[at] == '{'):
		return d.flowEnd(n, at)
	case len(n.Content) == 0:
		return 0, refuse(n, "not understood")
	default:
		return d.lastEnd(n)
	}
	if at > len(d.text) {
		return 0, refuse(n, "not understood")
	}
	return at, nil
}

// lastEnd returns the end of n's last child. An empty value has its key's place or a later one.
func (d *document) lastEnd(n *yaml.Node) (int, error) {
	last, err := d.end(n.Content[len(n.Content)-1])
	if err != nil || n.Kind != yaml.MappingNode {
		return last, err
	}
	key, err := d.end(n.Content[len(n.Content)-2])
	return max(key, last), err
}

// properties skips n's anchor and tag, which begin at start. It returns where the content begins, and where the properties
// end, for a node that has nothing else.
func (d *document) properties(n *yaml.Node, start int) (content, after int) {
	if n.Kind == yaml.AliasNode || n.Anchor == "" && n.Style&yaml.TaggedStyle == 0 {
		return start, start
	}
	content, after = start, start
	for content < len(d.text) && (d.text[content] == '&' || d.text[content] == '!') {
		length := bytes.IndexAny(d.text[content:], " \t\r\n,[]{}")
		if length < 0 {
			length = len(d.text) - content
		}
		after = content + length
		content = d.skipBlank(after, "")
	}
	return content, after
}

// skipBlank returns the offset of the first byte from at on that is neither blank, nor of a comment, nor in also.
func (d *document) skipBlank(at int, also string) int {
	for at < len(d.text) {
		switch c := d.text[at]; {
		case c == ' ' || c == '\t' || strings.IndexByte(also, c) >= 0:
			at++
		case c == '#':
			at = d.lines[d.lineOf(at)].end
		default:
			n := breakLen(d.text[at:])
			if n == 0 {
				return at
			}
			at += n
		}
	}
	return at
}

func (d *document) flowEnd(n *yaml.Node, start int) (int, error) {
	at, closing := start+1, byte(']')
	if d.text[start] == '{' {
		closing = '}'
	}
	if len(n.Content) > 0 {
		var err error
		if at, err = d.lastEnd(n); err != nil {
			return 0, err
		}
	}
	at = d.skipBlank(at, ",:")
	if at >= len(d.text) || d.text[at] != closing {
		return 0, refuse(n, "not understood")
	}
	return at + 1, nil
}

func (d *document) scalarEnd(n *yaml.Node, at, after int) (int, error) {
	var end int
	ok := true
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		end, ok = d.quotedEnd(at, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		end, ok = d.quotedEnd(at, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		end, ok = d.blockEnd(at, strings.TrimSpace(n.Value) == "")
	case n.Value == "":
		end = after
	default:
		end, ok = d.plainEnd(at, n.Value)
	}
	if !ok {
		return 0, refuse(n, "not understood")
	}
	return end, nil
}

func (d *document) quotedEnd(at int, quote byte) (int, bool) {
	if at >= len(d.text) || d.text[at] != quote {
		return 0, false
	}
	for i := at + 1; i < len(d.text); i++ {
		switch {
		case d.text[i] == '\\' && quote == '"':
			i++
		case d.text[i] != quote:
		case quote == '\'' && i+1 < len(d.text) && d.text[i+1] == quote:
			i++
		default:
			return i + 1, true
		}
	}
	return 0, false
}

// plainEnd follows value through the text. A plain scalar differs from its text in blanks and line ends only.
func (d *document) plainEnd(at int, value string) (int, bool) {
	for i := 0; i < len(value); {
		r, size := utf8.DecodeRuneInString(value[i:])
		if isBlank(r) {
			i += size
			continue
		}
		for {
			t, n := utf8.DecodeRune(d.text[at:])
			if n == 0 {
				return 0, false
			}
			at += n
			if t == r {
				break
			}
			if !isBlank(t) {
				return 0, false
			}
		}
		i += size
	}
	return at, true
}

func isBlank(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

// blockEnd returns the end of a literal or folded scalar whose header is at the offset: of its last line that is not blank,
// or, where the header says to keep them, of the blank lines after it. An indentation in the header is not understood.
func (d *document) blockEnd(at int, empty bool) (int, bool) {
	at0 := d.lineOf(at)
	header, _, _ := strings.Cut(string(d.text[at:d.lines[at0].end]), " ")
	if strings.ContainsAny(header, "123456789") {
		return 0, false
	}
	last, keep, depth := at0, strings.Contains(header, "+"), -1
	for i := at0 + 1; i < len(d.lines) && d.lines[i].start < d.tail; i++ {
		l := d.text[d.lines[i].start:d.lines[i].end]
		indent := len(l) - len(bytes.TrimLeft(l, " "))
		if len(bytes.TrimSpace(l)) == 0 {
			if keep {
				last = i
			}
			continue
		}
		if empty || depth >= 0 && indent < depth {
			break
		}
		if depth < 0 {
			depth = indent
		}
		last = i
	}
	return d.lines[last].end, true
}
