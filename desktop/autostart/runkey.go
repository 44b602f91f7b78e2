package autostart

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// runMax is how long Windows' Run command may be, in UTF-16 units.
const runMax = 260

// runCommand returns the command line that runs program with args as Windows' C runtime and Go read one: every part between
// quotes, so that a space in the program's path starts no other program.
func runCommand(program string, args []string) (string, error) {
	var parts []string
	for _, arg := range append([]string{program}, args...) {
		if strings.ContainsRune(arg, 0) {
			return "", fmt.Errorf("start at login: %q contains a NUL byte", arg)
		}
		parts = append(parts, quoteWindows(arg))
	}
	if strings.Contains(program, `"`) {
		return "", fmt.Errorf("start at login: the program's path %s contains a quote", program)
	}
	line := strings.Join(parts, " ")
	if len(utf16.Encode([]rune(line))) > runMax {
		return "", fmt.Errorf("start at login: the command is longer than Windows' %d characters: %s", runMax, line)
	}
	return line, nil
}

// quoteWindows puts arg between quotes. Backslashes count only before a quote: there they are doubled.
func quoteWindows(arg string) string {
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, c := range []byte(arg) {
		switch c {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteByte(c)
	}
	b.WriteString(strings.Repeat(`\`, slashes))
	b.WriteByte('"')
	return b.String()
}

// approved reads a value of StartupApproved, where Windows keeps what was switched off in its settings or the task manager: an
// odd first byte. No value is approval.
func approved(value []byte) bool { return len(value) == 0 || value[0]&1 == 0 }
