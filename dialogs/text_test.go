package dialogs

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth"
)

func TestATitleNamesTheAccountAndWhereThePasswordGoesWithinWhatIsSeen(t *testing.T) {
	for _, c := range []struct{ account, host, want string }{
		{"corp", "login.example.com", "corp: login.example.com"},
		{"corp", "127.0.0.1:38443", "corp: 127.0.0.1:38443"},
		{"corp", "a-very-long-name.identity.example.com", "corp: …e.identity.example.com"},
		{"the whole company's account", "login.example.com", "the whole…: login.example.com"},
		{"the whole company's account", "a-very-long-name.identity.example.com", "the who…: …entity.example.com"},
		{"corp", "good.example.evil-host-of-somebody.test", "corp: …-host-of-somebody.test"},
		{"co\x1b[2Jrp\n", "login\u202e.example.com", "co [2Jrp: login .example.com"},
	} {
		got := title(c.account, c.host)
		if got != c.want {
			t.Errorf("title(%q, %q) = %q, want %q", c.account, c.host, got, c.want)
		}
		if n := utf8.RuneCountInString(got); n > titleMax {
			t.Errorf("title(%q, %q) has %d characters, %d are seen", c.account, c.host, n, titleMax)
		}
	}
}

// room makes texts as where there is room for one line, or for more, whatever system this is.
func room(t *testing.T, forOne bool) {
	was := narrow
	narrow = forOne
	t.Cleanup(func() { narrow = was })
}

func TestATextSaysForWhomWhereAndWhatWentWrong(t *testing.T) {
	room(t, false)
	q := auth.Question{Account: "corp", Host: "login.example.com", User: "alice"}
	if got, want := passwordText(q), "Password of alice at login.example.com for corp"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	q.Problem = "the provider refused user name and password"
	want := "Please try again: the provider refused user name and\npassword\n\nPassword of alice at login.example.com for corp"
	if got := passwordText(q); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	want = "Please try again: the provider refused user name and\npassword\n\nUser name at login.example.com for corp"
	if got := userText(q); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhereThereIsRoomForOneLineItIsTheOneThatMattersMost(t *testing.T) {
	room(t, true)
	q := auth.Question{Account: "corp", Host: "login.example.com", User: "alice@example.com"}
	again := q
	again.Problem = "Wrong user name or password"
	for got, want := range map[string]string{
		passwordText(q): "Password of alice@example.com", userText(q): "User name",
		passwordText(again): "Wrong user name or password", userText(again): "Wrong user name or password",
		clientText(auth.ClientQuestion{Client: strings.Repeat("x", 50)}):       "Client secret of xxxxxxxxxxxxxxxxxxxx…",
		visitText(auth.Visit{Account: "corp", Host: "login.example.com"}, nil): "Open this address in a browser:",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestATextBeginsWithAWordOfOursAndStaysSmallWhateverComesFromOutside(t *testing.T) {
	room(t, false)
	for _, words := range []string{
		"--list", "-h", strings.Repeat("x", 20000), strings.Repeat("word ", 4000), strings.Repeat("line\n", 100),
		"\x00\x1b[31m\u202e", "\xff\xfe", "ä€😀 " + strings.Repeat("ü", 500),
	} {
		q := auth.Question{Account: words, Host: words, User: words, Problem: words}
		for _, got := range []string{passwordText(q), userText(q), passwordText(auth.Question{User: words})} {
			if !strings.HasPrefix(got, "Please try again:") && !strings.HasPrefix(got, "Password of") {
				t.Errorf("%.40q… begins with %.40q", words, got)
			}
			lines := strings.Split(got, "\n")
			if len(lines) > 13 {
				t.Errorf("%.40q… makes %d lines", words, len(lines))
			}
			for _, line := range lines {
				if utf8.RuneCountInString(line) > wordMax || clean(line, 1000) != line {
					t.Errorf("%.40q… makes the line %q", words, line)
				}
			}
		}
	}
}
