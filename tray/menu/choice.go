package menu

import "strings"

// Choices are the rows of a menu as a list in which a person chooses by number, where no tray draws them: said is what only
// informs, choices are the rows that do something or lead further.
func Choices(rows []Row) (said []string, choices []Row) {
	for _, r := range rows {
		switch {
		case r.Separator:
		case len(r.Sub) > 0 && !r.Disabled, r.Do.Verb != "" && !r.Disabled:
			choices = append(choices, r)
		case r.Do.Verb == "": // what cannot be done now is not worth a line
			said = append(said, r.Text)
		}
	}
	return said, choices
}

// Line is r in a list: whether it is on is said in words.
func Line(r Row) string {
	switch {
	case r.Checkable && r.Checked:
		return r.Text + " (on)"
	case r.Checkable:
		return r.Text + " (off)"
	case len(r.Sub) > 0 && !strings.HasSuffix(r.Text, "…"):
		return r.Text + " ▸"
	}
	return r.Text
}
