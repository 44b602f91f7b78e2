package kubeconfig

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// member is a key that the root gets: one of the lists, or the current context.
type member struct {
	key   string
	items []rendered
	word  string // instead of items
}

// setCurrent returns the edits that make name the current context, or the member that the root lacks for that.
func (d *document) setCurrent(name string) ([]edit, []member, error) {
	const key = "current-context"
	k, value, err := d.member(key)
	if err != nil {
		return nil, nil, err
	}
	if k == nil {
		return nil, []member{{key: key, word: name}}, nil
	}
	text, err := word(name, d.inFlow())
	if err != nil {
		return nil, nil, err
	}
	edits, err := d.setValue(k, value, text)
	return edits, nil, err
}

// setValue replaces a value on one line that is empty, null, "" or [].
func (d *document) setValue(key, value *yaml.Node, text []byte) ([]edit, error) {
	if value.Anchor != "" || value.Style&yaml.TaggedStyle != 0 || value.Kind == yaml.AliasNode {
		return nil, refuse(key, key.Value+" has an anchor, an alias or a tag; write it out")
	}
	if value.Kind == yaml.ScalarNode && value.Value == "" && value.Style == 0 {
		colon, err := d.colon(key)
		return []edit{{start: colon, end: colon, text: append([]byte(" "), text...)}}, err
	}
	start, err := d.offset(value)
	if err != nil {
		return nil, err
	}
	end, err := d.end(value)
	if err == nil && bytes.ContainsAny(d.text[start:end], "#\r\n") {
		err = refuse(key, "more than a value")
	}
	return []edit{{start: start, end: end, text: text}}, err
}

// addMembers adds keys at the end of the root. A document without a root gets one, with version and kind.
func (d *document) addMembers(members []member) ([]edit, error) {
	switch {
	case len(members) == 0:
		return nil, nil
	case d.inFlow():
		return d.addFlowMembers(members)
	}
	at, indent, err := d.bottom()
	if err != nil {
		return nil, err
	}
	var lines []string
	if d.root == nil {
		lines = append(lines, "apiVersion: v1", "kind: Config")
	}
	pad := strings.Repeat(" ", indent)
	for _, m := range members {
		if m.items == nil {
			text, err := word(m.word, false)
			if err != nil {
				return nil, err
			}
			lines = append(lines, pad+m.key+": "+string(text))
			continue
		}
		items, err := d.itemLines(d.listIndent(), m.items)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, pad+m.key+":"), items...)
	}
	return []edit{{start: at, end: at, text: []byte(strings.Join(lines, d.eol)), lines: true}}, nil
}

// bottom returns where new keys of a root in block style go, and their column.
func (d *document) bottom() (offset, indent int, err error) {
	if d.root == nil {
		return d.tail, 0, nil
	}
	end, err := d.end(d.root)
	if err != nil {
		return 0, 0, err
	}
	if err := d.restBlank(d.root, end); err != nil {
		return 0, 0, err
	}
	indent = d.root.Content[0].Column - 1
	return d.afterComments(end, indent), indent, nil
}

func (d *document) addFlowMembers(members []member) ([]edit, error) {
	prefix, step := d.rootIndent()
	separator := ", "
	if step != "" {
		separator = "," + d.eol + prefix
	}
	var parts []string
	for _, m := range members {
		value, err := word(m.word, true)
		if m.items != nil {
			value, err = d.flowList(m.items)
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, `"`+m.key+`": `+string(value))
	}
	text := strings.Join(parts, separator)
	if len(d.root.Content) > 0 {
		at, err := d.lastEnd(d.root)
		return []edit{{start: at, end: at, text: []byte(separator + text)}}, err
	}
	start, err := d.offset(d.root)
	if err != nil {
		return nil, err
	}
	end, err := d.end(d.root)
	if err != nil {
		return nil, err
	}
	at := start + bytes.IndexByte(d.text[start:end], '{') + 1
	return []edit{{start: at, end: at, text: []byte(text)}}, nil
}
