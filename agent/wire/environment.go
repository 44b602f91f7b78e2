package wire

import (
	"os"
	"path/filepath"
	"strings"
)

// agentEnvironment keeps of environ what an agent needs, by name: it outlives the shell it is started from, and what else
// lies in that shell's environment (other programs' tokens, say) is none of its business. Over ssh the display is left out:
// it is a screen elsewhere, and goes away with the connection.
func agentEnvironment(goos string, environ []string) []string {
	remote := overSSH(environ)
	var kept []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if goos == "windows" {
			name = strings.ToUpper(name) // where names have no case
		}
		if isNamed(goos, name) || isDisplay(name) && !remote {
			kept = append(kept, kv)
		}
	}
	return kept
}

func isNamed(goos, name string) bool {
	switch name {
	case "LANG", "LANGUAGE", "HOME", "PATH", "USER", "LOGNAME", "KUBECREDS_CONFIG",
		"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY":
		return true
	case "TMPDIR":
		return goos == "darwin" // where it is a folder of the user's own
	case "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "PROGRAMDATA", "PROGRAMFILES", "TEMP", "TMP",
		"USERPROFILE", "USERNAME", "USERDOMAIN", "APPDATA", "LOCALAPPDATA", "HOMEDRIVE", "HOMEPATH":
		return goos == "windows" // where most programs do not run without
	}
	return strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "XDG_") || strings.HasPrefix(name, "DBUS_")
}

func isDisplay(name string) bool {
	return name == "DISPLAY" || name == "WAYLAND_DISPLAY" || name == "XAUTHORITY"
}

// hasDesktop reports whether a program with this environment can show a tray icon to its person. Over ssh it could not,
// whatever display is forwarded.
func hasDesktop(goos string, environ []string) bool {
	if overSSH(environ) {
		return false
	}
	if goos != "linux" {
		return true
	}
	if lookup(environ, "DISPLAY") == "" && lookup(environ, "WAYLAND_DISPLAY") == "" {
		return false
	}
	if lookup(environ, "DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	dir := lookup(environ, "XDG_RUNTIME_DIR")
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "bus"))
	return err == nil
}

func overSSH(environ []string) bool {
	return lookup(environ, "SSH_CONNECTION") != "" || lookup(environ, "SSH_TTY") != ""
}

func lookup(environ []string, name string) string {
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}
