package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// page is a configuration file's text by lines. Its nodes say where things stand; what is not changed keeps its bytes. It is
// not meant to handle every way to write YAML: the caller reads what comes out.
type page struct {
	lines []string // each with its line end, but perhaps the last
	eol   string
	root  *yaml.Node // nil: nothing but blanks and comments
}

// open reads text, which parse accepts.
func open(text []byte) (*page, error) {
	p := &page{eol: "\n", lines: slices.Collect(strings.Lines(string(text)))}
	if len(p.lines) > 0 && strings.HasSuffix(p.lines[0], "\r\n") {
		p.eol = "\r\n"
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); errors.Is(err, io.EOF) {
		return p, nil
	} else if err != nil {
		return nil, errUnsafe // the step before made this of it
	}
	switch root := doc.Content[0]; {
	case root.Kind == yaml.MappingNode && root.Style&yaml.FlowStyle == 0:
		p.root = root
	case !null(root) || root.Value != "":
		return nil, fmt.Errorf("line %d: it is written in braces, which kubecreds does not change; write a key a line", root.Line)
	}
	return p, nil
}

func (p *page) bytes() []byte { return []byte(strings.Join(p.lines, "")) }

// member returns the place of key among the root's nodes, and its value; -1 and nil where it is not there.
func (p *page) member(key string) (int, *yaml.Node) {
	if p.root != nil {
		for i := 0; i+1 < len(p.root.Content); i += 2 {
			if p.root.Content[i].Value == key {
				return i, p.root.Content[i+1]
			}
		}
	}
	return -1, nil
}

// addAll puts entries at the end of the list that key has.
func addAll[T any](p *page, key string, entries []T) error {
	i, value := p.member(key)
	switch {
	case value == nil:
		items, err := block(entries, 0, p.eol)
		if err != nil {
			return err
		}
		if n := len(p.lines); n > 0 && !strings.HasSuffix(p.lines[n-1], "\n") {
			p.lines[n-1] += p.eol
		}
		p.insert(p.bottom(), append([]string{key + ":" + p.eol}, items...))
		return nil
	case value.Kind == yaml.SequenceNode && len(value.Content) > 0 && value.Style&yaml.FlowStyle != 0:
		return addInBrackets(p, value, entries)
	}
	column := p.root.Content[i].Column - 1
	if value.Kind == yaml.SequenceNode && len(value.Content) > 0 {
		column = value.Column - 1
	} else if err := p.clear(i); err != nil {
		return err
	}
	items, err := block(entries, column, p.eol)
	if err != nil {
		return err
	}
	p.insert(p.end(i, column), items)
	return nil
}

// bottom is the place of a new key: after everything, but before the line that ends the document.
func (p *page) bottom() int {
	for i := range p.lines {
		if i > 0 && strings.HasPrefix(p.lines[i], "...") {
			return i
		}
	}
	return len(p.lines)
}

// insert puts lines before the one with that index.
func (p *page) insert(at int, lines []string) {
	if at > 0 && !strings.HasSuffix(p.lines[at-1], "\n") {
		p.lines[at-1] += p.eol
	}
	p.lines = slices.Insert(p.lines, at, lines...)
}

// end is the index of the line after the last that belongs to the list at the root's place i, whose dashes stand in column.
// Comments below it belong to it if they are indented deeper.
func (p *page) end(i, column int) int {
	at := p.bottom()
	if i+2 < len(p.root.Content) {
		at = p.root.Content[i+2].Line - 1
	}
	return p.shrink(p.root.Content[i].Line, at, column)
}

// shrink is the index after the last line before at that is neither blank nor a comment of what follows.
func (p *page) shrink(from, at, column int) int {
	for at > from {
		line := strings.TrimRight(p.lines[at-1], "\r\n\t ")
		rest := strings.TrimLeft(line, " ")
		if rest != "" && (rest[0] != '#' || len(line)-len(rest) > column) {
			return at
		}
		at--
	}
	return at
}

// clear takes away the [] or null that the root's key at place i has for a value.
func (p *page) clear(i int) error {
	key := p.root.Content[i]
	line := p.lines[key.Line-1]
	before, after, _ := strings.Cut(line, ":")
	rest := strings.TrimRight(after, "\r\n")
	comment := ""
	if at := strings.Index(rest, "#"); at >= 0 {
		rest, comment = rest[:at], " "+rest[at:]
	}
	switch strings.Join(strings.Fields(rest), "") {
	case "", "[]", "null", "~":
		p.lines[key.Line-1] = before + ":" + comment + line[len(strings.TrimRight(line, "\r\n")):]
		return nil
	}
	return fmt.Errorf("line %d: %s is empty in a way that kubecreds does not change; write %s: []", key.Line, key.Value, key.Value)
}

// remove takes the account or cluster called name away.
func (p *page) remove(name string) error {
	for _, key := range []string{"accounts", "clusters"} {
		i, value := p.member(key)
		if value == nil {
			continue
		}
		for j, item := range value.Content {
			if named(item) != name {
				continue
			}
			if value.Style&yaml.FlowStyle != 0 {
				return fmt.Errorf("line %d: %s is written in brackets, which kubecreds does not take out; do it by hand", item.Line, name)
			}
			column := value.Column - 1
			from, to := p.dash(item, column), p.end(i, column)
			if j+1 < len(value.Content) {
				to = p.shrink(from, p.dash(value.Content[j+1], column), column)
			}
			p.lines = slices.Delete(p.lines, from, to)
			if len(value.Content) == 1 {
				at := p.root.Content[i].Line - 1
				p.lines[at] = strings.Replace(p.lines[at], ":", ": []", 1)
			}
			return nil
		}
	}
	return nil // it is gone already
}

// dash is the index of the line where an item of a list begins.
func (p *page) dash(item *yaml.Node, column int) int {
	at := item.Line - 1
	for at > 0 && !strings.HasPrefix(p.lines[at], strings.Repeat(" ", column)+"-") {
		at--
	}
	return at
}

// named is the name that an entry has.
func named(item *yaml.Node) string {
	for i := 0; i+1 < len(item.Content); i += 2 {
		if item.Content[i].Value == "name" {
			return item.Content[i+1].Value
		}
	}
	return ""
}

// block returns the lines of entries, their dashes in column.
func block[T any](entries []T, column int, eol string) ([]string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := enc.Encode(entries); err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.Repeat(" ", column)+strings.TrimSuffix(line, "\n")+eol)
	}
	return lines, nil
}
