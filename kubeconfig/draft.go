package kubeconfig

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// draft collects what happens to one file.
type draft struct {
	file        *file
	set, remove []setting
	current     string // the new current context; "": as it is
}

// setting is one entry of a change, and what it shall be.
type setting struct {
	kind   kind
	change Change
	wanted *api.Config
}

func (s setting) name() string { return s.change.name(s.kind) }

func draftOf(drafts map[*file]*draft, f *file) *draft {
	if drafts[f] == nil {
		drafts[f] = &draft{file: f}
	}
	return drafts[f]
}

// text returns the file's new text, once client-go has read in it exactly what was meant.
func (d *draft) text() ([]byte, error) {
	doc, err := locate(d.file.short)
	if err != nil {
		return nil, err
	}
	edits, err := d.edits(doc)
	if err != nil {
		return nil, err
	}
	for i, e := range edits {
		edits[i].start, edits[i].end = fullOffset(d.file.cuts, e.start), fullOffset(d.file.cuts, e.end)
	}
	text := splice(d.file.text, edits, doc.eol)
	if len(text) > maxSize {
		return nil, errors.New("the file would become too large")
	}
	short, _ := shorten(text)
	got, err := load(short)
	if err != nil || !reflect.DeepEqual(got, d.expected()) {
		return nil, errors.New("the file is written in a way that kubecreds cannot change safely; " +
			"`kubectl config view --raw` shows it in the plain way")
	}
	return text, nil
}

// expected returns what client-go must find in the new text.
func (d *draft) expected() *api.Config {
	c := shallow(d.file.config)
	for _, s := range d.remove {
		drop(c, s.kind, s.name())
	}
	for _, s := range d.set {
		put(c, s.wanted)
	}
	if d.current != "" {
		c.CurrentContext = d.current
	}
	return c
}

// touches reports whether entries of that kind change.
func (d *draft) touches(k kind) bool {
	of := func(s setting) bool { return s.kind == k }
	return slices.ContainsFunc(d.set, of) || slices.ContainsFunc(d.remove, of)
}

// edits returns all edits of the file, with offsets in its short text.
func (d *draft) edits(doc *document) ([]edit, error) {
	var edits []edit
	var missing []member
	for _, k := range kinds() {
		if !d.touches(k) {
			continue
		}
		l, err := doc.list(k, names(d.file.config, k))
		if err != nil {
			return nil, err
		}
		c, err := d.changes(doc, k, l)
		if err != nil {
			return nil, err
		}
		if l.key == nil {
			missing = append(missing, member{key: k.key(), items: c.add})
			continue
		}
		more, err := doc.edits(l, c)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	if d.current != "" {
		more, lacks, err := doc.setCurrent(d.current)
		if err != nil {
			return nil, err
		}
		edits, missing = append(edits, more...), append(missing, lacks...)
	}
	more, err := doc.addMembers(missing)
	return append(edits, more...), err
}

// changes returns what happens to the list of that kind.
func (d *draft) changes(doc *document, k kind, l list) (listChange, error) {
	c := listChange{replace: map[int]rendered{}, remove: map[int]bool{}}
	for _, s := range d.remove {
		if s.kind == k {
			c.remove[l.items[s.name()]] = true
		}
	}
	for _, s := range d.set {
		if s.kind != k {
			continue
		}
		i, exists := l.items[s.name()]
		var old *api.Config
		if exists {
			var err error
			if old, err = d.file.original(doc, l, i, k, s.name()); err != nil {
				return c, err
			}
		}
		r, err := render(k, s.change.entry(k, old))
		switch {
		case err != nil:
			return c, err
		case exists:
			c.replace[i] = r
		case len(c.remove) > 0:
			free := slices.Min(slices.Collect(maps.Keys(c.remove)))
			delete(c.remove, free)
			c.replace[free] = r
		default:
			c.add = append(c.add, r)
		}
	}
	return c, nil
}

// original returns the entry of that kind and name at place i of the list l with all its bytes, of which the file's config has
// only stand-ins.
func (f *file) original(doc *document, l list, i int, k kind, name string) (*api.Config, error) {
	item := l.value.Content[i]
	text, err := f.alone(doc, l, i, k)
	if err != nil {
		return nil, err
	}
	full, err1 := clientcmd.Load(text)
	short, err2 := load(text)
	if err1 != nil || err2 != nil || !reflect.DeepEqual(pick(short, k, name), pick(f.config, k, name)) {
		return nil, refuse(item, "an entry that cannot be read without the rest of the file")
	}
	return pick(full, k, name), nil
}

// alone returns the text of a file that holds nothing but the entry at place i of the list l of that kind, as it is written.
func (f *file) alone(doc *document, l list, i int, k kind) ([]byte, error) {
	text, indent, err := f.cutOut(doc, l, i)
	if err != nil {
		return nil, err
	}
	return enclose(text, indent, doc.isBlock(l), k), nil
}

// cutOut returns the bytes of the entry at place i of the list l, with its dash if it has one, and how its dash is indented.
func (f *file) cutOut(doc *document, l list, i int) (text, indent string, err error) {
	start, end, err := doc.span(l, l.value.Content[i])
	if err != nil {
		return "", "", err
	}
	if doc.isBlock(l) {
		indent, _ = doc.indentOf(start)
	}
	return string(f.text[fullOffset(f.cuts, start):fullOffset(f.cuts, end)]), indent, nil
}

// enclose makes a file of the text of one entry.
func enclose(text, indent string, block bool, k kind) []byte {
	if block {
		return []byte(k.key() + ":\n" + indent + text)
	}
	return []byte("{" + k.key() + ": [" + text + "]}")
}
