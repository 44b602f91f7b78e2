package tray

import (
	"strings"
	"unicode/utf16"
)

// escaper returns what makes a text safe as a menu label: cluster names hold characters that menus take as marks of an
// access key and do not show. system is a GOOS; desktop is $XDG_CURRENT_DESKTOP.
//
//   - Linux: an underscore, written twice to be seen; GNOME's extension eats the first one only.
//   - Windows: an ampersand, written twice to be seen.
//   - macOS: none.
func escaper(system, desktop string) func(string) string {
	switch {
	case system == "windows":
		return func(s string) string { return strings.ReplaceAll(s, "&", "&&") }
	case system == "darwin":
		return func(s string) string { return s }
	case strings.Contains(desktop, "GNOME"):
		return func(s string) string { return strings.Replace(s, "_", "__", 1) }
	}
	return func(s string) string { return strings.ReplaceAll(s, "_", "__") }
}

// cutUTF16 cuts s to at most limit UTF-16 units, never inside a rune: Windows' tooltips have room for 127.
func cutUTF16(s string, limit int) string {
	units := 0
	for i, r := range s {
		units += utf16.RuneLen(r) // ranging yields valid runes only, U+FFFD for a bad byte
		if units > limit {
			return s[:i]
		}
	}
	return s
}
