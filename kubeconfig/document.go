package kubeconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// document is a kubeconfig's text with the places of its parts. Its nodes say where things begin, extent.go where they end.
type document struct {
	text  []byte
	lines []line
	eol   string     // the line end that the file uses
	root  *yaml.Node // a mapping; nil: the file holds nothing but blanks and comments
	tail  int        // the offset where the document ends: before "...", or at the end of the text
}

// line is one line's extent, without its line end.
type line struct{ start, end int }

// refusal says that a document is built in a way that the writer does not handle.
type refusal struct {
	line int // counted from 1; 0: none in particular
	what string
}

func (r *refusal) Error() string {
	if r.line == 0 {
		return r.what
	}
	return fmt.Sprintf("line %d: %s", r.line, r.what)
}

func refuse(n *yaml.Node, what string) error { return &refusal{n.Line, what} }

// locate parses text, which client-go accepts.
func locate(text []byte) (*document, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, &refusal{1, "the file is in UTF-16; save it as UTF-8"}
	}
	d := &document{text: text, lines: splitLines(text), tail: len(text)}
	d.eol = "\n"
	if first := d.lines[0]; len(d.lines) > 1 {
		d.eol = string(text[first.end:d.lines[1].start])
	}
	var doc, next yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return d, nil
	} else if err != nil {
		return nil, &refusal{0, oneLine(err.Error())}
	}
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, &refusal{next.Line, "a second document, which kubectl would not read"}
	}
	root := doc.Content[0]
	d.tail = d.marker(root)
	switch {
	case root.Kind == yaml.MappingNode:
		d.root = root
	case root.Kind != yaml.ScalarNode || root.Value != "" || root.Style != 0 || root.Anchor != "":
		return nil, refuse(root, "not a mapping")
	}
	return d, nil
}

// marker returns the offset of the line that ends root's document, or the end of the text.
func (d *document) marker(root *yaml.Node) int {
	for _, l := range d.lines[min(root.Line, len(d.lines)):] {
		rest, ok := bytes.CutPrefix(d.text[l.start:l.end], []byte("..."))
		if ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t') {
			return l.start
		}
	}
	return len(d.text)
}

// splitLines finds the lines as YAML 1.1 counts them. There is always one.
func splitLines(text []byte) []line {
	var lines []line
	start := 0
	for i := 0; i < len(text); {
		n := breakLen(text[i:])
		if n == 0 {
			i++
			continue
		}
		lines = append(lines, line{start, i})
		i += n
		start = i
	}
	return append(lines, line{start, len(text)})
}

// breakLen returns the length of the line break that b begins with: LF, CRLF, CR, NEL, LS or PS (YAML 1.1, 4.2); else 0.
func breakLen(b []byte) int {
	switch {
	case b[0] == '\n':
		return 1
	case b[0] == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	case b[0] == '\r':
		return 1
	case b[0] == 0xC2 && len(b) > 1 && b[1] == 0x85:
		return 2
	case b[0] == 0xE2 && len(b) > 2 && b[1] == 0x80 && (b[2] == 0xA8 || b[2] == 0xA9):
		return 3
	}
	return 0
}

// lineOf returns the index of the line that holds the offset.
func (d *document) lineOf(offset int) int {
	return sort.Search(len(d.lines), func(i int) bool { return d.lines[i].start > offset }) - 1
}

// offset returns where n begins: with its anchor or tag, if it has one. Columns count characters.
func (d *document) offset(n *yaml.Node) (int, error) {
	if n.Line < 1 || n.Line > len(d.lines) {
		return 0, refuse(n, "cannot be located")
	}
	at := d.lines[n.Line-1].start
	if at == 0 {
		at = len(d.text) - len(bytes.TrimPrefix(d.text, []byte("\ufeff")))
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(d.text[at:])
		at += size
	}
	return at, nil
}

// list is one of the three lists.
type list struct {
	key   *yaml.Node // nil: the file does not have it
	value *yaml.Node
	items map[string]int // the index in value.Content of each name
}

// list finds the list of that kind, and refuses one in which it cannot name the entries as client-go does, which found
// those in want.
func (d *document) list(k kind, want []string) (list, error) {
	key, value, err := d.member(k.key())
	if err != nil {
		return list{}, err
	}
	l := list{key: key, value: value, items: map[string]int{}}
	if key == nil {
		if len(want) > 0 {
			return l, refuse(d.root, "the "+k.key()+" come from elsewhere")
		}
		return l, nil
	}
	if value.Anchor != "" || value.Style&yaml.TaggedStyle != 0 || value.Kind == yaml.AliasNode {
		return l, refuse(key, "the list "+k.key()+" has an anchor, an alias or a tag; write it out")
	}
	for i, item := range value.Content {
		name, err := entryName(item)
		if err != nil {
			return l, err
		}
		l.items[name] = i
	}
	if len(l.items) != len(want) {
		return l, refuse(key, "the names of the "+k.key()+" are not plain")
	}
	for _, name := range want {
		if _, ok := l.items[name]; !ok {
			return l, refuse(key, fmt.Sprintf("the name %q is not plain", name))
		}
	}
	return l, nil
}

// member finds a key of the root and its value; nil if it has none.
func (d *document) member(name string) (key, value *yaml.Node, err error) {
	if d.root == nil {
		return nil, nil, nil
	}
	for i := 0; i < len(d.root.Content); i += 2 {
		if k := d.root.Content[i]; k.Kind == yaml.ScalarNode && k.Value == name {
			if key != nil {
				return nil, nil, refuse(k, fmt.Sprintf("a second %q", name))
			}
			key, value = k, d.root.Content[i+1]
		}
	}
	return key, value, nil
}

// entryName returns what client-go takes for the name of a list's item: an item without one is named "".
func entryName(item *yaml.Node) (string, error) {
	of := item
	if of.Kind == yaml.AliasNode {
		of = of.Alias
	}
	if of.Kind != yaml.MappingNode {
		return "", nil
	}
	name, found := "", false
	for i := 0; i < len(of.Content); i += 2 {
		if of.Content[i].Value != "name" {
			continue
		}
		v := of.Content[i+1]
		if v.Kind == yaml.AliasNode {
			v = v.Alias
		}
		if found || v.Kind != yaml.ScalarNode {
			return "", refuse(item, "an entry with more than one name")
		}
		name, found = v.Value, true
	}
	return name, nil
}
