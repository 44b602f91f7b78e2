package theme

import (
	"slices"
	"strconv"
	"strings"
)

// The values of color-scheme in org.freedesktop.appearance.
const (
	schemeNone  = 0
	schemeDark  = 1
	schemeLight = 2
)

// linuxPanel decides what the panel of the desktop called desktop ($XDG_CURRENT_DESKTOP, names between colons) looks like.
// scheme is the portal's color-scheme, 0 where there is none; plasmarc and kdeglobals are what KDE's files of these names hold.
//
//   - GNOME's top bar is dark whatever the scheme says, in its own session.
//   - KDE's panel has the colours of the Plasma style, or, where that follows the colour scheme, the scheme's own.
//   - Elsewhere panels follow the scheme.
func linuxPanel(desktop string, scheme uint32, plasmarc, kdeglobals string) Panel {
	names := strings.Split(desktop, ":")
	switch {
	case slices.Contains(names, "KDE"):
		if p := kdePanel(plasmarc, kdeglobals); p != Any {
			return p
		}
	case slices.Contains(names, "GNOME") && !slices.Contains(names, "GNOME-Classic") && !slices.Contains(names, "Budgie"):
		return Dark
	}
	switch scheme {
	case schemeDark:
		return Dark
	case schemeLight:
		return Light
	}
	return Any
}

// kdePanel reads KDE's settings: the Plasma style where it has one colour only, else the colour of windows, else the name of
// the colour scheme.
func kdePanel(plasmarc, kdeglobals string) Panel {
	switch style := strings.ToLower(value(plasmarc, "Theme", "name")); {
	case strings.Contains(style, "dark"):
		return Dark
	case strings.Contains(style, "light"):
		return Light
	}
	if dark, ok := isDark(value(kdeglobals, "Colors:Window", "BackgroundNormal")); ok {
		if dark {
			return Dark
		}
		return Light
	}
	switch scheme := strings.ToLower(value(kdeglobals, "General", "ColorScheme")); {
	case strings.Contains(scheme, "dark"):
		return Dark
	case strings.Contains(scheme, "light"):
		return Light
	}
	return Any
}

// isDark judges a colour as KDE writes one: 42,46,50 or 42,46,50,255 or #2a2e32. ok is false where it is none.
func isDark(colour string) (dark, ok bool) {
	var rgb [3]uint64
	parts := strings.Split(colour, ",")
	base := 10
	if hex, is := strings.CutPrefix(colour, "#"); is && len(hex) == 6 {
		parts, base = []string{hex[:2], hex[2:4], hex[4:]}, 16
	}
	if len(parts) < 3 {
		return false, false
	}
	for i := range rgb {
		n, err := strconv.ParseUint(strings.TrimSpace(parts[i]), base, 8)
		if err != nil {
			return false, false
		}
		rgb[i] = n
	}
	return 299*rgb[0]+587*rgb[1]+114*rgb[2] < 128*1000, true // ITU-R BT.601
}

// value reads one value of a file of groups, keys and values, "" where there is none.
func value(text, group, key string) string {
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = line == "["+group+"]"
			continue
		}
		name, v, found := strings.Cut(line, "=")
		if inside && found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// windowsPanel reads SystemUsesLightTheme; found is whether the registry has it. Windows before it had a dark taskbar.
func windowsPanel(light uint64, found bool) Panel {
	if found && light != 0 {
		return Light
	}
	return Dark
}
