package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// addInBrackets puts entries at the end of a list in flow style that has some.
func addInBrackets[T any](p *page, list *yaml.Node, entries []T) error {
	text := p.bytes()
	at, err := closing(text, p.offset(list))
	if err != nil {
		return fmt.Errorf("line %d: %w", list.Line, err)
	}
	last := len(strings.TrimRight(string(text[:at]), " \t\r\n"))
	var added strings.Builder
	if text[last-1] != ',' {
		added.WriteByte(',')
	}
	for i, e := range entries {
		one, err := inline(e)
		if err != nil {
			return err
		}
		if i > 0 {
			added.WriteByte(',')
		}
		added.WriteString(" " + one)
	}
	next := string(text[:last]) + added.String() + string(text[last:])
	p.lines = []string{next}
	return nil
}

// inline returns v on one line.
func inline(v any) (string, error) {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return "", err
	}
	n.Style |= yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = yaml.DoubleQuotedStyle // what stands in brackets is not plain as soon as it has a comma
	}
	b, err := yaml.Marshal(&n)
	return strings.TrimSuffix(string(b), "\n"), err
}

// offset is where n begins in the page's text. Columns count characters.
func (p *page) offset(n *yaml.Node) int {
	at := 0
	for _, line := range p.lines[:n.Line-1] {
		at += len(line)
	}
	line := p.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		at, line = at+size, line[size:]
	}
	return at
}

// closing is the place of the bracket that ends the list that begins at start.
func closing(text []byte, start int) (int, error) {
	depth := 0
	for i := start; i < len(text); i++ {
		switch c := text[i]; {
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				return i, nil
			}
		case (c == '"' || c == '\'') && strings.IndexByte(" \t\n[{,:", text[i-1]) >= 0:
			i = quoteEnd(text, i)
		case c == '#' && strings.IndexByte(" \t\n", text[i-1]) >= 0:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		}
	}
	return 0, errors.New("brackets that kubecreds does not understand")
}

// quoteEnd is the place of the quote that ends the text that begins with one at start.
func quoteEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && text[start] == '"':
			i++
		case text[i] != text[start]:
		case text[start] == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		default:
			return i
		}
	}
	return len(text)
}
