package kubeconfig

import (
	"bytes"
	"strings"
)

// flowEdits changes a list in flow style that has items.
func (d *document) flowEdits(l list, c listChange) ([]edit, error) {
	spans := make([]line, len(l.value.Content))
	for i, item := range l.value.Content {
		start, end, err := d.span(l, item)
		if err != nil {
			return nil, err
		}
		spans[i] = line{start, end}
	}
	var edits []edit
	for i, r := range c.replace {
		prefix, step := d.flowIndent(spans[i].start)
		text, err := r.flow(prefix, step, d.eol)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit{start: spans[i].start, end: spans[i].end, text: text})
	}
	removed, err := d.flowRemovals(l, spans, c.remove)
	if err != nil || len(c.add) == 0 {
		return append(edits, removed...), err
	}
	last := spans[len(spans)-1]
	prefix, step := d.flowIndent(last.start)
	separator := ", "
	if step != "" {
		separator = "," + d.eol + prefix
	}
	for _, r := range c.add {
		text, err := r.flow(prefix, step, d.eol)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit{start: last.end, end: last.end, text: append([]byte(separator), text...)})
	}
	return edits, nil
}

// flowRemovals removes items with the comma that follows them, or, after the last that stays, with the one before them.
func (d *document) flowRemovals(l list, spans []line, remove map[int]bool) ([]edit, error) {
	stays := len(spans) - 1
	for stays >= 0 && remove[stays] {
		stays--
	}
	if stays < 0 {
		return d.emptyFlow(l, spans)
	}
	var edits []edit
	for i := range spans {
		if !remove[i] {
			continue
		}
		e := edit{start: spans[i].start, end: spans[i].end}
		if i < stays {
			e.end = spans[i+1].start
		} else {
			e.start = spans[i-1].end
		}
		gap := string(d.text[e.start:spans[i].start]) + string(d.text[spans[i].end:e.end])
		if strings.Trim(gap, " \t\r\n,") != "" {
			return nil, refuse(l.value.Content[i], "a comment between the entries of a list in brackets")
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// emptyFlow removes all items of a list, and what separates them.
func (d *document) emptyFlow(l list, spans []line) ([]edit, error) {
	start, err := d.offset(l.value)
	if err != nil {
		return nil, err
	}
	end, err := d.end(l.value)
	if err != nil {
		return nil, err
	}
	e := edit{start: start + 1, end: end - 1}
	at := e.start
	for _, s := range append(spans, line{e.end, e.end}) {
		if strings.Trim(string(d.text[at:s.start]), " \t\r\n,") != "" {
			return nil, refuse(l.value, "a comment between the entries of a list in brackets")
		}
		at = s.end
	}
	return []edit{e}, nil
}

// fillFlow gives items to a list that is null or [] in a document in flow style.
func (d *document) fillFlow(l list, items []rendered) ([]edit, error) {
	text, err := d.flowList(items)
	if err != nil {
		return nil, err
	}
	return d.setValue(l.key, l.value, text)
}

// flowList returns a list of the items, to be the value of a key of the root.
func (d *document) flowList(items []rendered) ([]byte, error) {
	prefix, step := d.rootIndent()
	open, separator, shut := "[", ", ", "]"
	if step != "" {
		open, separator, shut = "["+d.eol+prefix+step, ","+d.eol+prefix+step, d.eol+prefix+"]"
	}
	var b bytes.Buffer
	b.WriteString(open)
	for i, r := range items {
		text, err := r.flow(prefix+step, step, d.eol)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.Write(text)
	}
	b.WriteString(shut)
	return b.Bytes(), nil
}

// rootIndent returns how the keys of a root in flow style are indented, and how much one level is; "" if they do not stand
// on lines of their own.
func (d *document) rootIndent() (prefix, step string) {
	if len(d.root.Content) == 0 {
		return "", ""
	}
	at, err := d.offset(d.root.Content[0])
	if err != nil {
		return "", ""
	}
	prefix, ok := d.indentOf(at)
	if !ok {
		return "", ""
	}
	return prefix, oneLevel(prefix)
}

// flowIndent is rootIndent for an item of a list in flow style that begins at the offset.
func (d *document) flowIndent(at int) (prefix, step string) {
	prefix, ok := d.indentOf(at)
	if !ok {
		return "", ""
	}
	if _, step = d.rootIndent(); step == "" {
		step = oneLevel("")
	}
	return prefix, step
}

// oneLevel returns the indentation of one level in a document whose first level is indented by prefix.
func oneLevel(prefix string) string {
	switch {
	case strings.HasPrefix(prefix, "\t"):
		return "\t"
	case len(prefix) == 4:
		return prefix
	}
	return "  "
}

// indentOf returns the blanks before the offset, if there is nothing else on its line.
func (d *document) indentOf(at int) (string, bool) {
	before := string(d.text[d.lines[d.lineOf(at)].start:at])
	return before, strings.Trim(before, " \t") == ""
}
