// Package hostile makes the names and texts that an attacker would choose: for tests of everything that shows or writes what
// came from outside.
package hostile

import (
	"math/rand/v2"
	"strings"
)

// Texts are how many there are.
const Texts = 200

// All returns the same Texts texts each time: each known trick by itself first, then mixtures of them with ordinary names.
func All() []string {
	tricks := []string{
		"", " ", "-", "--", "--gtk-module=x", "--help", "-h", "--version", "--display=:99", "--list", "--text=forged", "-e id", "@/etc/passwd",
		"<b>bold</b>", "<b>open", "</span>", "&amp;", "&&", "&lt;script&gt;", "a & b", "<a href=\"file:///etc/passwd\">click</a>",
		"__", "_", "a_b_c", "gke_proj_zone_cl", "&", "R&D", "%s%n%d", "%", "{{.}}", "$HOME", "${IFS}", "$(id)", "`id`", "; id", "| id", "> /tmp/x", "' ; id ; '",
		"\" & (do shell script \"id\") & \"", "end tell\ntell application \"Finder\"", "\\", "\\n", "\\t\\x41", "C:\\temp\\new", "'", "\"", "''\"\"",
		"two\nlines", "a\r\nb", "a\rb", "\n", "\t", "a\tb", "a\x00b", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x7f", "\u0085", "\u2028", "\u2029",
		"\u202eexe.gnp", "\u2066isolated\u2069", "\u200fright", "\u200b", "\u00ad", "\ufeffbom", "\u0301combining", "\u0336struck", "\U000e0041tag",
		"\xff\xfe", "caf\xc3", "\xed\xa0\x80", "ünïcödé", "日本語", "שלום", "😀", "👨‍👩‍👧‍👦", "a|b", "a,b", "a;b", "a=b", "key: value", "- item", "# comment", "[x]", "{x}", "!!binary", "*alias", "&anchor", "~", "null", "true",
		"../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "javascript:alert(1)", "ms-settings:", "CON", "a/b", "prod: valid until 23:59", "Quit (renewal stops)", "● ready", "✓",
		"level=ERROR msg=forged", strings.Repeat("x", 10000), strings.Repeat("w ", 5000), strings.Repeat("ä", 10000), strings.Repeat("😀", 2500), strings.Repeat("\n", 10000), strings.Repeat("_", 10000), strings.Repeat("&", 10000),
		strings.Repeat("<b>", 3000), strings.Repeat("\u202e", 3000), strings.Repeat("a\u0301", 3000),
	}
	r := rand.New(rand.NewPCG(1, 2)) // the same mixtures each time
	names := []string{"prod", "staging-eu", "corp", "alice@example.com", "login.example.com"}
	all := tricks
	for len(all) < Texts {
		mix := names[r.IntN(len(names))]
		for range 1 + r.IntN(3) {
			trick := []rune(tricks[r.IntN(len(tricks))])
			trick = trick[:min(len(trick), 40)]
			if r.IntN(2) == 0 {
				mix += string(trick)
			} else {
				mix = string(trick) + mix
			}
		}
		all = append(all, mix)
	}
	return all[:Texts]
}
