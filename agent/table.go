package agent

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// grid is a table of text: the titles of its columns and its rows.
type grid struct {
	titles []string
	rows   [][]string
}

// squeeze says how narrow a column may get before the next one gives way.
type squeeze struct{ column, least int }

const gap = "   " // between columns

// fit writes the table so that no line is wider than room; 0 is all the room it wants. Columns give way in the order of how;
// where that is not enough the last ones are left out. widths are those of the columns that are left.
func (g grid) fit(room int, how []squeeze) (text string, widths []int) {
	widths = g.widths()
	if room > 0 {
		for _, s := range how {
			if over := total(widths) - room; over > 0 {
				widths[s.column] -= min(over, max(widths[s.column]-s.least, 0))
			}
		}
		for len(widths) > 1 && total(widths) > room {
			widths = widths[:len(widths)-1]
		}
		widths[0] = min(widths[0], max(room, 1))
	}
	var b strings.Builder
	writeRow(&b, g.titles, widths)
	for _, row := range g.rows {
		writeRow(&b, row, widths)
	}
	return b.String(), widths
}

func (g grid) widths() []int {
	widths := make([]int, len(g.titles))
	for _, row := range append([][]string{g.titles}, g.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], cells(cell))
		}
	}
	return widths
}

func total(widths []int) int {
	sum := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// writeRow writes one line without spaces at its end.
func writeRow(b *strings.Builder, row []string, widths []int) {
	var line strings.Builder
	for i, w := range widths {
		cell := shortened(row[i], w)
		if i > 0 {
			line.WriteString(gap)
		}
		line.WriteString(cell + strings.Repeat(" ", w-cells(cell)))
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// shortened is s in at most so many cells of a terminal, with … where it was longer.
func shortened(s string, most int) string {
	if cells(s) <= most {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeCells(r); used > most-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// cells is how many cells of a terminal s takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// wrapped breaks line at spaces so that it is nowhere wider than room; what follows the first break is indented. 0 is all the
// room it wants.
func wrapped(line string, room int) string {
	const indent = "  "
	if room <= len(indent) || cells(line) <= room {
		return line + "\n"
	}
	var b strings.Builder
	used := 0
	for i, word := range strings.Fields(line) {
		switch {
		case i > 0 && used+1+cells(word) <= room:
			b.WriteByte(' ')
			used++
		case i > 0:
			b.WriteString("\n" + indent)
			used = len(indent)
		}
		word = shortened(word, room-len(indent))
		b.WriteString(word)
		used += cells(word)
	}
	return b.String() + "\n"
}
