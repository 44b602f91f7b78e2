package kubeconfig

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// listChange is what happens to one list: the items at some places get another text or go, others are added at the end.
// An addition takes the place of a removal, so that a list never has both.
type listChange struct {
	replace map[int]rendered
	remove  map[int]bool
	add     []rendered
}

// edits returns the edits that make the change to the list l, which the document has.
func (d *document) edits(l list, c listChange) ([]edit, error) {
	switch {
	case d.isBlock(l):
		return d.blockEdits(l, c)
	case l.value.Kind == yaml.SequenceNode && len(l.value.Content) > 0:
		return d.flowEdits(l, c)
	case d.inFlow():
		return d.fillFlow(l, c.add)
	default:
		return d.fillBlock(l, c.add)
	}
}

// inFlow reports whether the document is JSON or another mapping in flow style.
func (d *document) inFlow() bool { return d.root != nil && d.root.Style&yaml.FlowStyle != 0 }

// isBlock reports whether l is a list in block style; if not, it is one in flow style, or null.
func (d *document) isBlock(l list) bool {
	return l.value.Kind == yaml.SequenceNode && l.value.Style&yaml.FlowStyle == 0
}

// span returns where an item of a list that is not empty begins, with its dash if it has one, and ends.
func (d *document) span(l list, item *yaml.Node) (start, end int, err error) {
	if d.isBlock(l) {
		return d.blockSpan(l, item)
	}
	if start, err = d.offset(item); err != nil {
		return 0, 0, err
	}
	end, err = d.end(item)
	return start, end, err
}

// blockEdits changes a list in block style.
func (d *document) blockEdits(l list, c listChange) ([]edit, error) {
	var edits []edit
	indent := l.value.Column - 1
	for i, item := range l.value.Content {
		r, replaced := c.replace[i]
		if !replaced && !c.remove[i] {
			continue
		}
		start, end, err := d.blockSpan(l, item)
		if err != nil {
			return nil, err
		}
		if replaced {
			text, err := r.block(indent, d.eol)
			if err != nil {
				return nil, err
			}
			edits = append(edits, edit{start: start, end: end, text: text})
			continue
		}
		edits = append(edits, d.wholeLines(start, end))
	}
	if len(c.remove) == len(l.value.Content) {
		colon, err := d.colon(l.key)
		if err != nil {
			return nil, err
		}
		return append(edits, edit{start: colon, end: colon, text: []byte(" []")}), nil
	}
	if len(c.add) == 0 {
		return edits, nil
	}
	_, end, err := d.blockSpan(l, l.value.Content[len(l.value.Content)-1])
	if err != nil {
		return nil, err
	}
	added, err := d.addLines(d.afterComments(end, indent), indent, c.add)
	return append(edits, added), err
}

// blockSpan returns where an item of a block list begins, with its dash, and ends; and refuses one that does not have its
// lines for itself.
func (d *document) blockSpan(l list, item *yaml.Node) (start, end int, err error) {
	start = -1
	column := l.value.Column - 1
	for i := item.Line - 1; i >= l.value.Line-1 && start < 0; i-- {
		text := string(d.text[d.lines[i].start:d.lines[i].end])
		if trimmed := strings.TrimLeft(text, " "); strings.HasPrefix(trimmed, "-") && len(text)-len(trimmed) == column {
			start = d.lines[i].start + column
		}
	}
	if start < 0 {
		return 0, 0, refuse(item, "an entry whose dash does not begin its line")
	}
	if end, err = d.end(item); err != nil {
		return 0, 0, err
	}
	return start, end, d.restBlank(item, end)
}

// restBlank refuses n if more than a comment follows the offset on its line.
func (d *document) restBlank(n *yaml.Node, at int) error {
	rest := strings.TrimLeft(string(d.text[at:d.lines[d.lineOf(at)].end]), " \t")
	if rest != "" && rest[0] != '#' {
		return refuse(n, "not understood")
	}
	return nil
}

// wholeLines removes the lines from the one of start to the one of end, and, at the end of a text that ends without a line
// end, the line end before them.
func (d *document) wholeLines(start, end int) edit {
	first, last := d.lineOf(start), d.lineOf(end)
	switch {
	case last+1 < len(d.lines):
		return edit{start: d.lines[first].start, end: d.lines[last+1].start}
	case first > 0:
		return edit{start: d.lines[first-1].end, end: d.lines[last].end}
	}
	return edit{start: d.lines[first].start, end: d.lines[last].end}
}

// afterComments returns the end of the line of offset, or of the last of the comments below it that are indented deeper
// than indent and so belong to what ends there.
func (d *document) afterComments(offset, indent int) int {
	i := d.lineOf(offset)
	for ; i+1 < len(d.lines) && d.lines[i+1].start < d.tail; i++ {
		l := string(d.text[d.lines[i+1].start:d.lines[i+1].end])
		if trimmed := strings.TrimLeft(l, " "); !strings.HasPrefix(trimmed, "#") || len(l)-len(trimmed) <= indent {
			break
		}
	}
	return d.lines[i].end
}

// addLines inserts items in block style, each with its dash at the column indent, after the line that ends at offset.
func (d *document) addLines(offset, indent int, items []rendered) (edit, error) {
	text, err := d.itemLines(indent, items)
	return edit{start: offset, end: offset, text: []byte(strings.Join(text, d.eol)), lines: true}, err
}

func (d *document) itemLines(indent int, items []rendered) ([]string, error) {
	lines := make([]string, len(items))
	for i, r := range items {
		text, err := r.block(indent, d.eol)
		if err != nil {
			return nil, err
		}
		lines[i] = strings.Repeat(" ", indent) + string(text)
	}
	return lines, nil
}

// listIndent returns the column of the dashes in the document's lists; without any, kubectl's way, that of the keys.
func (d *document) listIndent() int {
	if d.root == nil {
		return 0
	}
	for _, n := range d.root.Content {
		if n.Kind == yaml.SequenceNode && n.Style == 0 && n.Anchor == "" {
			return n.Column - 1
		}
	}
	return d.root.Content[0].Column - 1
}

// fillBlock gives items to a list that is null or [] in a document in block style.
func (d *document) fillBlock(l list, items []rendered) ([]edit, error) {
	colon, err := d.colon(l.key)
	if err != nil {
		return nil, err
	}
	end, err := d.end(l.value)
	if err != nil {
		return nil, err
	}
	start := colon
	if l.value.Kind == yaml.SequenceNode || l.value.Value != "" {
		if start, err = d.offset(l.value); err != nil {
			return nil, err
		}
		if l.value.Kind == yaml.SequenceNode && strings.Trim(string(d.text[start:end]), "[] \t\r\n") != "" {
			return nil, refuse(l.value, "a comment inside []")
		}
		if strings.Trim(string(d.text[colon:start]), " \t") == "" {
			start = colon
		}
	}
	end = max(end, colon)
	if err := d.restBlank(l.key, end); err != nil {
		return nil, err
	}
	added, err := d.addLines(d.lines[d.lineOf(end)].end, d.listIndent(), items)
	return []edit{{start: start, end: end}, added}, err
}

// colon returns the offset after the colon of a key.
func (d *document) colon(key *yaml.Node) (int, error) {
	at, err := d.end(key)
	if err != nil {
		return 0, err
	}
	if at = d.skipBlank(at, ""); at >= len(d.text) || d.text[at] != ':' {
		return 0, refuse(key, "a key without a colon")
	}
	return at + 1, nil
}
