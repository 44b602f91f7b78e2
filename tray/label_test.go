package tray

import "testing"

func TestLabelsShowUnderscoresAndAmpersandsOnEverySystem(t *testing.T) {
	const in = "gke_proj_zone R&D"
	for _, c := range []struct{ system, desktop, want string }{
		{"linux", "XFCE", "gke__proj__zone R&D"},
		{"linux", "KDE", "gke__proj__zone R&D"},
		{"linux", "ubuntu:GNOME", "gke__proj_zone R&D"},
		{"windows", "", "gke_proj_zone R&&D"},
		{"darwin", "", in},
	} {
		if got := escaper(c.system, c.desktop)(in); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.system, c.desktop, got, c.want)
		}
	}
}

func TestTooltipsAreCutBetweenRunes(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"aüb", 2, "aü"},
		{"ab😀", 3, "ab"},
		{"ab😀", 4, "ab😀"},
		{"", 3, ""},
	} {
		if got := cutUTF16(c.in, c.limit); got != c.want {
			t.Errorf("%q to %d: got %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}
