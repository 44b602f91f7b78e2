package autostart

import (
	"fmt"
	"path"
	"strings"
)

// fileName is the entry's name in an autostart folder; one of the same name in the person's folder replaces the system's.
const fileName = "kubecreds.desktop"

// desktopFile returns the text of the autostart entry (Desktop Entry Specification 1.5, Desktop Application Autostart
// Specification 0.5) that runs program with args. It fails for what such a file cannot say.
func desktopFile(program string, args []string) (string, error) {
	switch {
	case !path.IsAbs(program):
		return "", fmt.Errorf("start at login: the program's path %q is not absolute", program)
	case strings.Contains(program, "="):
		return "", fmt.Errorf("start at login: the program's path %q contains =, which desktop entries do not allow", program)
	}
	command := make([]string, 0, 1+len(args))
	for _, arg := range append([]string{program}, args...) {
		if strings.ContainsRune(arg, 0) {
			return "", fmt.Errorf("start at login: %q contains a NUL byte", arg)
		}
		command = append(command, quote(arg))
	}
	return "[Desktop Entry]\n" +
		"Type=Application\n" +
		"Name=kubecreds\n" +
		"Comment=Keeps your Kubernetes credentials fresh\n" +
		"Exec=" + escape(strings.Join(command, " ")) + "\n" +
		"Icon=kubecreds\n" +
		"Terminal=false\n" +
		"StartupNotify=false\n" +
		"X-GNOME-Autostart-enabled=true\n", nil
}

// quote makes one argument of an Exec line of arg: between double quotes unless it is plain, with a backslash before
// what a shell would take for its own, and % doubled (it begins a field code, within quotes as well).
func quote(arg string) string {
	arg = strings.ReplaceAll(arg, "%", "%%")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,+@%=", r)
	}
	if arg != "" && strings.TrimFunc(arg, plain) == "" {
		return arg
	}
	return `"` + strings.NewReplacer(`"`, `\"`, "`", "\\`", `$`, `\$`, `\`, `\\`).Replace(arg) + `"`
}

// escape makes a value of type string of s. It comes after quote, so that a backslash within quotes ends up as four.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
}

// switchedOff reports whether an autostart entry's text says that it is not to be run: Hidden (the specification's way),
// or GNOME's key, which other desktops' settings write too.
func switchedOff(text string) bool {
	ours := false // within the group [Desktop Entry]
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			ours = line == "[Desktop Entry]"
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if ours && (key == "Hidden" && value == "true" || key == "X-GNOME-Autostart-enabled" && value == "false") {
			return true
		}
	}
	return false
}
