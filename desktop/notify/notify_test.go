package notify

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kubecreds/kubecreds/internal/hostile"
	"github.com/kubecreds/kubecreds/tray/menu"
)

func TestABodyIsPlainTextOnEveryServer(t *testing.T) {
	button := []menu.Button{{Label: "Log in"}}
	for _, c := range []struct {
		notice  menu.Notice
		buttons bool
		want    string
	}{
		{menu.Notice{Body: "ends at 14:32", Buttons: button}, true, "ends at 14:32"},
		{menu.Notice{Body: `<b>a</b> & "b" &amp; <img src="x">`}, true, `&lt;b&gt;a&lt;/b&gt; &amp; "b" &amp;amp; &lt;img src="x"&gt;`},
		{menu.Notice{Body: "ends at 14:32", Buttons: button}, false, "ends at 14:32\n" + where},
		{menu.Notice{Buttons: button}, false, where},
		{menu.Notice{Body: "that is all"}, false, "that is all"},
		{menu.Notice{Body: "a\x00b\x1b[31m\u202ec\nd\xff"}, true, "ab[31mc\nd"},
	} {
		if got := body(c.notice, c.buttons); got != c.want {
			t.Errorf("%+v, buttons %v:\ngot  %q\nwant %q", c.notice, c.buttons, got, c.want)
		}
	}
	if got := title(menu.Notice{Title: "a <b> & \x00c"}); got != "a <b> & c" {
		t.Errorf("a title is not markup: %q", got)
	}
}

func TestAFieldOfWindowsHoldsWholeCharactersAndEndsWithAZero(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"abc", "abc"}, {"1234567", "1234567"}, {"12345678", "1234567"}, {"123456ä8", "123456ä"}, {"123456😀", "123456"}, {"12345😀", "12345😀"}, {"a\xff", "a\ufffd"},
	} {
		field := []uint16{9, 9, 9, 9, 9, 9, 9, 9}
		fill(field, c.text)
		end := slices.Index(field, 0)
		if end < 0 || string(utf16.Decode(field[:end])) != c.want {
			t.Errorf("%q: %v", c.text, field)
		}
	}
}

func TestOnlyWhatIsOnTheScreenIsWithdrawn(t *testing.T) {
	var s standing
	if s.withdraws("") || s.withdraws("corp") {
		t.Error("nothing is on the screen")
	}
	s.shows("corp")
	s.shows("lab")
	if s.withdraws("corp") || !s.withdraws("lab") || s.withdraws("lab") {
		t.Error("the last one is on the screen, once")
	}
}

func TestNoTextIsAnOptionOrAProgramToOsascript(t *testing.T) {
	for _, h := range hostile.All() {
		args := scriptArgs(menu.Notice{Title: h, Body: h, Buttons: []menu.Button{{Label: h}}})
		if len(args) != 3 || args[0] != "-" || strings.HasPrefix(args[1], "-") || strings.HasPrefix(args[2], "-") || len(args[1])+len(args[2]) > 5*(titleMax+bodyMax) {
			t.Errorf("%.60q: %.200q", h, args)
		}
	}
	got := scriptArgs(menu.Notice{Title: "corp: login needed", Body: "Say \"hi\".", Buttons: []menu.Button{{Label: "Log in"}}})
	if want := []string{"-", "corp: login needed", "Say \"hi\".\n" + where}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
