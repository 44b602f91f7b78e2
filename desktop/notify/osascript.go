package notify

import (
	"strings"

	"github.com/kubecreds/kubecreds/tray/menu"
)

// scriptArgs are osascript's arguments for n: the script is its standard input, title and text follow, and neither begins like
// an option. A notification made so has no buttons.
func scriptArgs(n menu.Notice) []string {
	return []string{"-", word(title(n)), word(plain(n, false))}
}

// word puts a word of ours before what could be taken for an option.
func word(s string) string {
	if strings.HasPrefix(s, "-") {
		return "kubecreds: " + s
	}
	return s
}
