package kubeconfig

import (
	"bytes"
	"slices"
)

// edit replaces the bytes from start to end.
type edit struct {
	start, end int
	text       []byte
	lines      bool // text is whole lines, without the last line end, to stand after the line that start is in
}

// splice applies edits to text. An insertion at a place that another edit removes comes after what is left there.
func splice(text []byte, edits []edit, eol string) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	var out bytes.Buffer
	done := 0
	for _, e := range edits {
		if e.start > done {
			out.Write(text[done:e.start])
		}
		done = max(done, e.end)
		if e.lines && done == e.start && done < len(text) {
			n := breakLen(text[done:]) // the line keeps its own end, be it another one than eol
			out.Write(text[done : done+n])
			done += n
		}
		switch {
		case !e.lines:
			out.Write(e.text)
		case out.Len() == 0, endsInBreak(out.Bytes()):
			out.Write(e.text)
			out.WriteString(eol)
		default:
			out.WriteString(eol)
			out.Write(e.text)
		}
	}
	out.Write(text[done:])
	return out.Bytes()
}

func endsInBreak(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\n")) || bytes.HasSuffix(b, []byte("\r"))
}
