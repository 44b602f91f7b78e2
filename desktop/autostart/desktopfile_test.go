package autostart

import (
	"strings"
	"testing"
)

func TestACommandIsQuotedAsTheDesktopEntrySpecificationSays(t *testing.T) {
	for _, c := range []struct {
		program string
		args    []string
		exec    string
	}{
		{"/usr/bin/kubecreds", nil, `/usr/bin/kubecreds`},
		{"/usr/bin/kubecreds", []string{"--home", "/srv/my demo"}, `/usr/bin/kubecreds --home "/srv/my demo"`},
		{"/opt/100%f/k", []string{"50% u"}, `/opt/100%%f/k "50%% u"`},
		{`/opt/a"b/k`, []string{"`id`", "$HOME", `c:\x y`}, "\"/opt/a\\\\\"b/k\" \"\\\\`id\\\\`\" \"\\\\$HOME\" \"c:\\\\\\\\x y\""},
		{"/k", []string{"", "a\nb", "a\tb", "~", "a;b", "é", "x=y"}, `/k "" "a\nb" "a\tb" "~" "a;b" "é" x=y`},
	} {
		text, err := desktopFile(c.program, c.args)
		if err != nil {
			t.Errorf("%q %q: %v", c.program, c.args, err)
			continue
		}
		_, rest, _ := strings.Cut(text, "\nExec=")
		if got, _, _ := strings.Cut(rest, "\n"); got != c.exec {
			t.Errorf("%q %q:\ngot  %s\nwant %s", c.program, c.args, got, c.exec)
		}
		if !strings.HasPrefix(text, "[Desktop Entry]\nType=Application\n") || switchedOff(text) {
			t.Errorf("%q %q: not an entry that is run:\n%s", c.program, c.args, text)
		}
	}
}

func TestAProgramThatAnEntryCannotNameIsRefused(t *testing.T) {
	for program, why := range map[string]string{
		"kubecreds": "not absolute", "": "not absolute", "/opt/a=b/kubecreds": "contains =", "/opt/\x00": "NUL",
	} {
		if _, err := desktopFile(program, nil); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %v, want an error that says %q", program, err, why)
		}
	}
}

func TestAnEntrySwitchedOffElsewhereIsOff(t *testing.T) {
	for _, c := range []struct {
		text string
		off  bool
	}{
		{"[Desktop Entry]\nExec=k\n", false},
		{"[Desktop Entry]\nExec=k\nHidden=true\n", true},
		{"[Desktop Entry]\nExec=k\nHidden=false\n", false},
		{"[Desktop Entry]\nExec=k\n X-GNOME-Autostart-enabled = false \r\n", true},
		{"[Desktop Entry]\nX-GNOME-Autostart-enabled=true\n", false},
		{"[Desktop Entry]\n#Hidden=true\n", false},
		{"[Desktop Entry]\nExec=k\n[Desktop Action x]\nHidden=true\n", false},
		{"Hidden=true\n", false},
		{"", false},
	} {
		if got := switchedOff(c.text); got != c.off {
			t.Errorf("%q: off is %v, want %v", c.text, got, c.off)
		}
	}
}
