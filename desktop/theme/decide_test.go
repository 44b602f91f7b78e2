package theme

import "testing"

const (
	breezeLight    = "[Colors:Window]\nBackgroundAlternate=227,229,231\nBackgroundNormal=239,240,241\n\n[General]\nColorScheme=BreezeLight\n"
	breezeDark     = "[Colors:View]\nBackgroundNormal=252,252,252\n[Colors:Window]\nBackgroundNormal=42,46,50\n[General]\nColorScheme=BreezeDark\n"
	schemeNameOnly = "[General]\nColorScheme=BreezeDark\n"
)

func TestThePanelIsDarkOrLightAsItsDesktopDrawsIt(t *testing.T) {
	for _, c := range []struct {
		name, desktop  string
		scheme         uint32
		plasmarc, kdeg string
		want           Panel
	}{
		{"a portal that says dark", "XFCE", schemeDark, "", "", Dark},
		{"a portal that says light", "X-Cinnamon", schemeLight, "", "", Light},
		{"no portal, or one without preference", "XFCE", schemeNone, "", "", Any},
		{"a scheme from the future", "XFCE", 7, "", "", Any},
		{"no desktop", "", schemeNone, "", "", Any},
		{"GNOME's bar is dark in the light scheme too", "ubuntu:GNOME", schemeLight, "", "", Dark},
		{"classic GNOME's is not", "GNOME-Classic:GNOME", schemeLight, "", "", Light},
		{"nor is Budgie's", "Budgie:GNOME", schemeLight, "", "", Light},
		{"KDE's colour scheme", "KDE", schemeDark, "", breezeLight, Light},
		{"the same, dark", "KDE", schemeLight, "", breezeDark, Dark},
		{"Twilight: light windows, a dark panel", "KDE", schemeLight, "[Theme]\nname=breeze-dark\n", breezeLight, Dark},
		{"a light style", "KDE", schemeDark, "[Theme]\nname = breeze-light\n", breezeDark, Light},
		{"a style that follows the scheme", "KDE", schemeNone, "[Theme]\nname=default\n", breezeDark, Dark},
		{"a scheme known by name only", "KDE", schemeNone, "", schemeNameOnly, Dark},
		{"KDE as installed: the portal", "KDE", schemeLight, "", "", Light},
		{"files that hold something else", "KDE", schemeDark, "\x00\xff[", "[Colors:Window]\nBackgroundNormal=1,2\n=\n[", Dark},
	} {
		if got := linuxPanel(c.desktop, c.scheme, c.plasmarc, c.kdeg); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestColoursAreJudged(t *testing.T) {
	for colour, want := range map[string]struct{ dark, ok bool }{
		"42,46,50": {true, true}, "239, 240, 241": {false, true}, "0,0,0,255": {true, true}, "#2a2e32": {true, true}, "#EFF0F1": {false, true},
		"255,0,0": {true, true}, "255,255,0": {false, true},
		"": {}, "red": {}, "1,2": {}, "256,0,0": {}, "-1,0,0": {}, "#12345": {}, "#gggggg": {}, "a,b,c": {},
	} {
		if dark, ok := isDark(colour); dark != want.dark || ok != want.ok {
			t.Errorf("%q: %v, %v", colour, dark, ok)
		}
	}
}

func TestWindowsBeforeTheValueHadADarkTaskbar(t *testing.T) {
	if windowsPanel(0, false) != Dark || windowsPanel(0, true) != Dark || windowsPanel(1, true) != Light {
		t.Error("wrong")
	}
}

func TestTheNewestPanelIsKept(t *testing.T) {
	panels := make(chan Panel, 1)
	offer(panels, Dark)
	offer(panels, Light)
	if got := <-panels; got != Light {
		t.Errorf("got %v", got)
	}
}
