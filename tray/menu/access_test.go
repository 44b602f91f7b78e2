package menu

import (
	"strings"
	"testing"
	"time"
)

func TestWhatTheAPIServersSayIsToldInOneNotification(t *testing.T) {
	good := Access{Cluster: "prod", Accepted: true, User: "alice@example.com", Groups: []string{"a", "b", "c", "d"}, Took: 12 * time.Millisecond}
	silent := Access{Cluster: "old", Accepted: true, Why: "it accepts the token, but cannot say for whom"}
	bad := Access{Cluster: "dev", Why: "it does not accept the token (401); likely: another audience"}
	out := Access{Cluster: "lab", Why: "login needed", Login: true}
	evil := Access{Cluster: "prod", Accepted: true, User: "a\n<b>\u202e" + strings.Repeat("x", 500), Groups: []string{"\x1b[31m"}}
	for name, c := range map[string]struct {
		all   []Access
		title string
		body  string
		login bool
	}{
		"one":       {[]Access{good}, "prod: you have access", "It takes you for alice@example.com, in a, b, c and 1 more. It answered in 12 ms.", false},
		"no groups": {[]Access{{Cluster: "p", Accepted: true, User: "a"}}, "p: you have access", "It takes you for a. It answered in 0 ms.", false},
		"silent":    {[]Access{silent}, "old: you have access", "It accepts the token, but cannot say for whom.", false},
		"refused":   {[]Access{bad}, "dev: no access", "It does not accept the token (401); likely: another audience.", false},
		"no token":  {[]Access{out}, "lab: no access", "Login needed.", true},
		"all":       {[]Access{good, silent}, "corp: you have access", "All 2 API servers accept the token.", false},
		"some": {[]Access{good, bad, out}, "corp: no access to 2 of 3",
			"Without: dev and lab. dev: It does not accept the token (401); likely: another audience.", true},
		"hostile": {[]Access{evil}, "prod: you have access", "It takes you for a <b>" + strings.Repeat("x", 54) + "…, in [31m. It answered in 0 ms.", false},
	} {
		t.Run(name, func(t *testing.T) {
			n := AccessNotice("corp", c.all)
			if n.Title != c.title || n.Body != c.body || n.Tag != "access:corp" || (n.Icon == IconReady) != strings.HasSuffix(c.title, "you have access") || (len(n.Buttons) > 0) != c.login {
				t.Errorf("%+v\nwant %q, %q, login %v", n, c.title, c.body, c.login)
			}
		})
	}
}
