package menu

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// draw writes a whole menu as text, every field of it, so that tests read like the menu: a disabled row stands in
// brackets, a row's action behind an arrow.
func draw(m Menu) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", m.Icon, m.Tooltip)
	drawRows(&b, m.Rows, "")
	return b.String()
}

func drawRows(b *strings.Builder, rows []Row, indent string) {
	for _, r := range rows {
		if r.Separator {
			b.WriteString(indent + "--\n")
			continue
		}
		line := r.Text
		if r.Disabled {
			line = "[" + line + "]"
		}
		if r.State != "" {
			line = string(r.State) + " " + line
		}
		if r.Checkable {
			line = fmt.Sprintf("%s checked=%v", line, r.Checked)
		}
		if r.Do != (Action{}) {
			line += strings.TrimRight(" -> "+r.Do.Verb+" "+r.Do.On, " ")
		}
		b.WriteString(indent + line + "\n")
		drawRows(b, r.Sub, indent+"  ")
	}
}

// help is what every menu ends with, but for its last row.
const help = `Help and diagnostics
  Save diagnostics… -> diagnostics
  Open log -> log
  Edit configuration -> configuration
  About kubecreds 1.0 -> about
`

// noon is now in most tests: a Tuesday.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("CET", 3600)) }

func at(hour, minute int) time.Time {
	n := noon()
	return time.Date(n.Year(), n.Month(), n.Day(), hour, minute, 0, 0, n.Location())
}

// one is a configuration of one account and one cluster.
func one(st auth.Status) *auth.Snapshot {
	st.Account = "corp"
	return &auth.Snapshot{Accounts: []auth.Status{st}, Clusters: []auth.Cluster{{Name: "dev", Account: "corp"}}}
}

func valid() auth.Status {
	return auth.Status{Phase: auth.Valid, Until: at(14, 32), Person: "alice@example.com"}
}

func with(st auth.Status, change func(*auth.Status)) auth.Status {
	change(&st)
	return st
}

func TestTheMenuShowsEveryState(t *testing.T) {
	settings := Settings{CanAutostart: true, Autostart: true, Version: "1.0"}
	// What stands between the first row and the last ones differs by state; the rest is the same for one cluster.
	menu := func(icon, summary, state, first, renew, logout, account, all string) string {
		check := "Check access -> check dev" // where there is a session to log out of
		if logout != "Log out -> logout corp" {
			check = "[Check access] -> check dev"
		}
		return fmt.Sprintf(`%s: kubecreds: %s
[%s]
--
%s
  %s
  %s
  %s
  Why… -> why dev
  %s
--
%s
%s
--
Start at login checked=true -> autostart off
`+help+`Quit (renewal stops) -> quit
`, icon, summary, summary, state, first, renew, check, logout, account, all)
	}
	const (
		login, relogin    = "Log in… -> login dev", "Re-login… -> login dev"
		renew, noRenew    = "Renew now -> renew dev", "[Renew now] -> renew dev"
		logout, noLogout  = "Log out -> logout corp", "[Log out] -> logout corp"
		all, noAll        = "Renew all now -> renew", "[Renew all now] -> renew"
		alice, loginCorp  = "[corp: logged in as alice@example.com]", "Log in to corp… -> login corp"
		unlock            = "Unlock keychain… -> unlock"
		ready, notReady   = "1 of 1 cluster ready", "0 of 1 cluster ready"
		readyDev, offline = "ready dev: valid until 14:32", "offline dev: provider unreachable"
	)
	ended := auth.Reason{Code: auth.CodeEnded, Words: "Session not active"}
	unreachable := auth.Reason{Code: auth.CodeUnreachable}
	for name, c := range map[string]struct {
		st   auth.Status
		want string
	}{
		"logged out": {auth.Status{Phase: auth.LoggedOut},
			menu("nothing", notReady+"; dev is not logged in", "nothing dev: not logged in", login, noRenew, noLogout, loginCorp, noAll)},
		"login failed": {auth.Status{Phase: auth.LoggedOut, LastLogin: auth.Reason{Code: auth.CodeTooManyAttempts}},
			menu("nothing", notReady+"; dev is not logged in", "nothing dev: not logged in; the last login failed: the password was wrong three times", login, noRenew, noLogout, loginCorp, noAll)},
		"login cancelled": {auth.Status{Phase: auth.LoggedOut, LastLogin: auth.Reason{Code: auth.CodeCancelled}},
			menu("nothing", notReady+"; dev is not logged in", "nothing dev: not logged in", login, noRenew, noLogout, loginCorp, noAll)},
		"logging in": {auth.Status{Phase: auth.LoggingIn},
			menu("renewing", notReady+"; dev is logging in", "busy dev: logging in…", "Cancel login -> cancel corp", noRenew, noLogout, "Cancel login to corp -> cancel corp", noAll)},
		"valid": {valid(),
			menu("ready", ready, readyDev, relogin, renew, logout, alice, all)},
		"valid until tomorrow": {with(valid(), func(s *auth.Status) { s.Until = at(9, 5).AddDate(0, 0, 1) }),
			menu("ready", ready, "ready dev: valid until Wed 09:05", relogin, renew, logout, alice, all)},
		"renewing": {with(valid(), func(s *auth.Status) { s.Renewing = true }),
			menu("renewing", ready, "busy dev: valid until 14:32, renewing…", relogin, renew, logout, alice, all)},
		"token ended, being renewed": {with(valid(), func(s *auth.Status) { s.Until = at(11, 59) }),
			menu("renewing", notReady+"; dev is renewing", "busy dev: renewing…", relogin, renew, logout, alice, all)},
		"session ends": {with(valid(), func(s *auth.Status) { s.SessionEnds = at(18, 0) }),
			menu("ready", ready, readyDev+", session ends at 18:00", relogin, renew, logout, alice, all)},
		"session ends soon": {with(valid(), func(s *auth.Status) { s.SessionEnds = at(12, 40) }),
			menu("ready", ready, readyDev+", session ends at 12:40", relogin, renew, logout, "Log in to corp again, before 12:40… -> login corp", all)},
		"offline, token still good": {with(valid(), func(s *auth.Status) { s.Phase, s.Reason = auth.Offline, unreachable }),
			menu("ready", ready, "offline dev: valid until 14:32, provider unreachable", relogin, renew, logout, alice, all)},
		"offline, token gone": {with(valid(), func(s *auth.Status) {
			s.Phase, s.Reason, s.Until, s.RetryAt = auth.Offline, unreachable, at(11, 0), at(12, 5)
		}),
			menu("offline", notReady+"; dev has no token: provider unreachable", offline+", trying again at 12:05", relogin, renew, logout, alice, all)},
		"offline, being tried": {with(valid(), func(s *auth.Status) { s.Phase, s.Until = auth.Offline, time.Time{} }),
			menu("offline", notReady+"; dev has no token: provider unreachable", offline+", trying again", relogin, renew, logout, alice, all)},
		"misconfigured": {with(valid(), func(s *auth.Status) {
			s.Phase, s.Reason = auth.Offline, auth.Reason{Code: auth.CodeMisconfigured, Words: "invalid_client"}
		}),
			menu("attention", ready+"; dev is misconfigured", "attention dev: valid until 14:32, check the configuration (invalid_client)", relogin, renew, logout, alice, all)},
		"login needed": {auth.Status{Phase: auth.LoginNeeded, Reason: ended},
			menu("attention", notReady+"; dev needs a login", "attention dev: login needed: the provider ended the session", relogin, renew, logout, loginCorp, all)},
		"login needed, token still good": {with(valid(), func(s *auth.Status) { s.Phase, s.Reason = auth.LoginNeeded, ended }),
			menu("attention", notReady+"; dev needs a login", "attention dev: login needed: the provider ended the session; kubectl works until 14:32", relogin, renew, logout, loginCorp, all)},
		"login needed, nothing to renew with": {auth.Status{Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeNoRefreshToken}},
			menu("attention", notReady+"; dev needs a login", "attention dev: login needed: the token ended and there is no refresh token", relogin, noRenew, logout, loginCorp, noAll)},
		"keychain locked at start": {auth.Status{Troubles: auth.KeychainLocked},
			menu("attention", notReady+"; dev waits for the keychain to be unlocked", "attention dev: keychain locked", unlock, noRenew, noLogout, unlock, noAll)},
		"keychain locked while valid": {with(valid(), func(s *auth.Status) { s.Troubles = auth.KeychainLocked }),
			menu("attention", ready+"; the keychain is locked", "attention dev: valid until 14:32; keychain locked", unlock, renew, logout, unlock, all)},
		"keychain locked at a renewal": {with(valid(), func(s *auth.Status) { s.Troubles = auth.KeychainLocked | auth.NotStored }),
			menu("attention", ready+"; the keychain is locked", "attention dev: valid until 14:32; not kept: keychain locked", unlock, renew, logout, unlock, all)},
		"the account's configuration cannot work": {auth.Status{Phase: auth.LoggedOut, Reason: auth.Reason{Code: auth.CodeMisconfigured, Words: "no such file"}},
			menu("attention", notReady+"; dev is misconfigured", "attention dev: not logged in; check the configuration (no such file)", login, noRenew, noLogout, loginCorp, noAll)},
		"a re-login failed": {auth.Status{Phase: auth.LoginNeeded, Reason: ended, LastLogin: unreachable},
			menu("attention", notReady+"; dev needs a login", "attention dev: login needed: the provider ended the session; the last login failed: provider unreachable", relogin, renew, logout, loginCorp, all)},
		"keychain unusable": {auth.Status{Reason: auth.Reason{Code: auth.CodeKeychain, Words: "no Secret Service"}},
			menu("attention", notReady+"; dev waits for the keychain", "attention dev: the keychain cannot be used (no Secret Service)", login, noRenew, noLogout, loginCorp, noAll)},
		"starting": {auth.Status{},
			menu("nothing", notReady, "nothing dev: reading the keychain…", "[Log in…] -> login dev", noRenew, noLogout, "[corp: reading the keychain…]", noAll)},
		"not stored": {with(valid(), func(s *auth.Status) { s.Troubles = auth.NotStored }),
			menu("ready", ready, readyDev+"; not kept: the keychain refused it", relogin, renew, logout, alice, all)},
		"clock wrong": {with(valid(), func(s *auth.Status) { s.Troubles = auth.ClockWrong }),
			menu("attention", ready+"; this computer's clock is wrong", "attention dev: valid until 14:32; this computer's clock is wrong", relogin, renew, logout, alice, all)},
		"no refresh token": {with(valid(), func(s *auth.Status) { s.Troubles = auth.NoRefreshToken }),
			menu("ready", ready, readyDev+"; cannot be renewed: the provider gave no refresh token", relogin, noRenew, logout, alice, noAll)},
		"no ID token on renewal": {with(valid(), func(s *auth.Status) { s.Troubles = auth.NoIDTokenOnRenewal }),
			menu("ready", ready, readyDev+"; cannot be renewed: the provider renews no ID token", relogin, renew, logout, alice, all)},
		"person unknown": {with(valid(), func(s *auth.Status) { s.Person = "" }),
			menu("ready", ready, readyDev, relogin, renew, logout, "[corp: logged in]", all)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := draw(View(one(c.st), settings, noon())); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTheMenuOfThreeClustersKeepsTheConfigurationsOrder(t *testing.T) {
	s := &auth.Snapshot{
		Accounts: []auth.Status{
			{Account: "corp", Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded}},
			with(valid(), func(s *auth.Status) { s.Account = "lab" }),
		},
		Clusters: []auth.Cluster{
			{Name: "staging", Account: "lab"},
			{Name: "prod-eu", Account: "corp"},
			{Name: "dev", Account: "lab", Rejected: auth.Reason{Code: auth.CodeUntrusted, Words: "Unauthorized"}},
		},
	}
	want := `attention: kubecreds: 1 of 3 clusters ready; prod-eu needs a login; dev is rejected by the API server
[1 of 3 clusters ready; prod-eu needs a login; dev is rejected by the API server]
--
ready staging: valid until 14:32
  Re-login… -> login staging
  Renew now -> renew staging
  Check access -> check staging
  Why… -> why staging
  Log out -> logout lab
attention prod-eu: login needed: the provider ended the session
  Re-login… -> login prod-eu
  Renew now -> renew prod-eu
  Check access -> check prod-eu
  Why… -> why prod-eu
  Log out -> logout corp
attention dev: rejected by the API server (Unauthorized); valid until 14:32
  Re-login… -> login dev
  Renew now -> renew dev
  Check access -> check dev
  Why… -> why dev
  Log out -> logout lab
--
Log in to corp… -> login corp
[lab: logged in as alice@example.com]
Renew all now -> renew
--
` + help + `Quit (renewal stops) -> quit
`
	if got := draw(View(s, Settings{Version: "1.0"}, noon())); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAFaultyConfigurationStandsFirst(t *testing.T) {
	want := `attention: kubecreds: configuration not in force; No clusters configured yet
configuration: /home/alice/.config/kubecreds/config.yaml:3: unknown key "isuer"; did you mean issuer? -> configuration
[No clusters configured yet]
--
` + help + `Quit (renewal stops) -> quit
`
	s := &auth.Snapshot{Config: "/home/alice/.config/kubecreds/config.yaml:3: unknown key \"isuer\"; did you mean issuer?"}
	if got := draw(View(s, Settings{Version: "1.0"}, noon())); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNothingConfigured(t *testing.T) {
	want := `nothing: kubecreds: No clusters configured yet
[No clusters configured yet]
--
Add clusters…
  Choose a file from your platform team… -> add file
  Paste an address from your platform team… -> add address
  Write the configuration yourself -> configuration
--
` + help + `Quit (renewal stops) -> quit
`
	if got := draw(View(&auth.Snapshot{}, Settings{Version: "1.0"}, noon())); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOneRowUnlocksTheKeychainForAllAccounts(t *testing.T) {
	s := &auth.Snapshot{Accounts: []auth.Status{
		{Account: "corp", Troubles: auth.KeychainLocked}, {Account: "lab", Troubles: auth.KeychainLocked},
	}}
	got := draw(View(s, Settings{Version: "1.0"}, noon()))
	if want := "Unlock keychain… -> unlock\n[lab: keychain locked]\n[Renew all now]"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
}

// kinds writes the structure of rows and nothing else.
func kinds(rows []Row) string {
	s := ""
	for _, r := range rows {
		s += fmt.Sprint(r.Separator, r.Checkable, "(", kinds(r.Sub), ")")
	}
	return s
}

func TestTheStructureFollowsFromTheConfigurationAlone(t *testing.T) {
	want := kinds(View(one(valid()), Settings{Version: "1.0"}, noon()).Rows)
	for phase := auth.Unknown; phase <= auth.LoginNeeded; phase++ {
		for troubles := range auth.Troubles(1 << 5) {
			for _, until := range []time.Time{{}, at(14, 32)} {
				st := auth.Status{Phase: phase, Troubles: troubles, Until: until}
				if got := kinds(View(one(st), Settings{Version: "1.0"}, noon()).Rows); got != want {
					t.Fatalf("%+v: got %s, want %s", st, got, want)
				}
			}
		}
	}
}

func TestAKubeconfigThatCannotBeWrittenChangesItsClustersRow(t *testing.T) {
	s := one(valid())
	s.Clusters[0].Remark = "Start at login is off"
	if got, want := View(s, Settings{Version: "1.0"}, noon()).Rows[2].Text, "dev: valid until 14:32; Start at login is off"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.Clusters[0].Remark, s.Clusters[0].WriteError = "", "~/.kube/config: permission denied"
	m := View(s, Settings{Version: "1.0"}, noon())
	if got, want := m.Rows[2].Text, "dev: kubeconfig not written: ~/.kube/config: permission denied; valid until 14:32"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if m.Icon != IconAttention || m.Rows[0].Text != "0 of 1 cluster ready; dev is not in the kubeconfig" {
		t.Errorf("got icon %s, first row %q", m.Icon, m.Rows[0].Text)
	}
}
