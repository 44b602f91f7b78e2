package kubeconfig

import "strings"

// Shown is what the change does to users, for a person: lines that go begin with -, lines that come with +. Secrets are not in
// it.
func (d Diff) Shown() []string { return d.shown }

// show is what an edit of a user does, in a list whose dashes are indented so, in block style or not.
func (f *file) show(e edit, indent string, block bool) []string {
	k := Kept{Indent: indent, Block: block}
	old, err1 := k.replaced(string(f.text[e.start:e.end]), hide)
	next, err2 := k.replaced(string(e.text), hide)
	if err1 != nil || err2 != nil {
		return []string{"(it cannot be shown without its secrets)"}
	}
	return differences(linesOf(old), linesOf(next))
}

func hide(string, string) string { return "…" }

func linesOf(text string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\r\n", "\n"), "\n")
}

// differences puts - before what goes and + before what comes, between what stays at the beginning and at the end.
func differences(old, next []string) (lines []string) {
	same, end := 0, 0
	for same < len(old) && same < len(next) && old[same] == next[same] {
		same++
	}
	for end < len(old)-same && end < len(next)-same && old[len(old)-1-end] == next[len(next)-1-end] {
		end++
	}
	for _, part := range []struct {
		sign  string
		lines []string
	}{{"  ", old[:same]}, {"- ", old[same : len(old)-end]}, {"+ ", next[same : len(next)-end]}, {"  ", old[len(old)-end:]}} {
		for _, l := range part.lines {
			lines = append(lines, part.sign+l)
		}
	}
	return lines
}
