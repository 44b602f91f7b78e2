package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// is checks one finding: its level, and what it says and advises.
func is(t *testing.T, what string, f wire.Finding, level wire.Level, says string) {
	t.Helper()
	if f.Level != level || !strings.Contains(f.Says+" -> "+f.Do, says) {
		t.Errorf("%s: %+v; want %s with %q", what, f, level, says)
	}
	if f.Level == wire.Failure && f.Do == "" {
		t.Errorf("%s: a failure that does not say what to do: %+v", what, f)
	}
}

func TestChecksRunAtOnceAndKeepTheirOrderAndOneThatHangsIsGivenUp(t *testing.T) {
	met := make(chan struct{})
	hang := make(chan struct{})
	defer close(hang)
	found := Run(t.Context(), []Check{
		One("first", "", func(context.Context) wire.Finding { <-met; return wire.OKf("met the second") }),
		One("second", "corp", func(context.Context) wire.Finding { close(met); f := wire.OKf("x"); f.Area = "its own"; return f }),
		One("third", "", func(context.Context) wire.Finding { <-hang; return wire.Finding{} }),
		{"fourth", "", func(context.Context) []wire.Finding { return []wire.Finding{wire.OKf("a"), wire.OKf("b")} }},
	}, time.Second)
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprint(f.Level, " ", f.Area, " ", f.About))
	}
	if want := "ok first |ok its own corp|failure third |ok fourth |ok fourth "; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
	is(t, "the one that hangs", found[2], wire.Failure, "no result within 1s")
}

func TestAProviderIsJudgedByWhatItShows(t *testing.T) {
	weather := &oidc.Weather{Words: "login.example.com cannot be reached"}
	wrong := &oidc.Refusal{Kind: oidc.Misconfigured, Words: `issuer: the provider calls itself "x"; write exactly that`}
	is(t, "all well", discovery(oidc.Report{Host: "h", Discovered: true}, nil), wire.OK, "h answers and describes itself")
	is(t, "endpoints", discovery(oidc.Report{Host: "h"}, nil), wire.OK, "its endpoints are configured")
	is(t, "weather", discovery(oidc.Report{}, weather), wire.Failure, "cannot be reached -> check network")
	is(t, "another issuer", discovery(oidc.Report{}, wrong), wire.Failure, "write exactly that -> change config.yaml")

	is(t, "same", clock(400*time.Millisecond), wire.OK, "agree (0s)")
	is(t, "a bit", clock(-29*time.Second), wire.OK, "agree (29s)")
	is(t, "behind", clock(-31*time.Second), wire.Warning, "31s behind the provider's -> set")
	is(t, "ahead", clock(time.Hour), wire.Failure, "1h0m0s ahead of the provider's -> set")

	r := oidc.Report{Signer: "CN=CA", CertEnds: noon.Add(15 * 24 * time.Hour)}
	is(t, "certificate", certificate(r, noon), wire.OK, "signed by CN=CA, good until 20 Jan 2026")
	r.CertEnds = noon.Add(24 * time.Hour)
	is(t, "soon", certificate(r, noon), wire.Warning, "good until 6 Jan 2026 -> tell")
}

func TestWaysToLogInAreJudgedByTheGrantsOnOffer(t *testing.T) {
	const device = "urn:ietf:params:oauth:grant-type:device_code"
	for name, c := range map[string]struct {
		ways, offered []string
		level         wire.Level
		says          string
	}{
		"browser":                     {[]string{"browser"}, []string{"authorization_code", "refresh_token"}, wire.OK, "all offered, and refresh tokens"},
		"not said":                    {[]string{"password"}, nil, wire.OK, "does not say"},
		"password beside the browser": {[]string{"password", "browser"}, []string{"password", "authorization_code", "refresh_token"}, wire.Warning, "RFC 9700 section 2.4"},
		"password beside a device":    {[]string{"password"}, []string{"password", device, "refresh_token"}, wire.Warning, "-> write login: [device]"},
		"password alone":              {[]string{"password"}, []string{"password", "refresh_token"}, wire.OK, "all offered"},
		"not offered":                 {[]string{"device"}, []string{"authorization_code", "refresh_token"}, wire.Warning, "does not offer device -> write login: [browser, …]"},
		"no refresh token":            {[]string{"browser"}, []string{"authorization_code"}, wire.Warning, "does not offer refresh_token"},
	} {
		is(t, name, grants(c.ways, c.offered), c.level, c.says)
	}
}

func TestASessionIsJudgedWithoutSayingWhose(t *testing.T) {
	for name, c := range map[string]struct {
		st    auth.Status
		level wire.Level
		says  string
	}{
		"valid":        {auth.Status{Phase: auth.Valid}, wire.OK, "a refresh token was given"},
		"none given":   {auth.Status{Phase: auth.Valid, Troubles: auth.NoRefreshToken}, wire.Warning, "-> ask for the scope offline_access"},
		"no ID token":  {auth.Status{Phase: auth.Valid, Troubles: auth.NoIDTokenOnRenewal}, wire.Warning, "renews no ID token"},
		"not stored":   {auth.Status{Phase: auth.Valid, Troubles: auth.NotStored}, wire.Warning, "the keychain refused"},
		"offline":      {auth.Status{Phase: auth.Offline, Reason: auth.Reason{Code: auth.CodeUnreachable}}, wire.Warning, "cannot be reached"},
		"ended":        {auth.Status{Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded}}, wire.Failure, "the provider ended the session -> kubectl creds login corp"},
		"logged out":   {auth.Status{Phase: auth.LoggedOut}, wire.Warning, "nobody is logged in -> kubectl creds login corp"},
		"logging in":   {auth.Status{Phase: auth.LoggingIn}, wire.OK, "under way"},
		"locked":       {auth.Status{Reason: auth.Reason{Code: auth.CodeKeychainLocked}}, wire.Failure, "locked"},
		"at the start": {auth.Status{}, wire.Warning, "has not answered yet"},
	} {
		c.st.Person, c.st.User = "alice@example.com", "alice"
		f := session("corp", c.st)
		is(t, name, f, c.level, c.says)
		if strings.Contains(f.Says+f.Do, "alice") {
			t.Errorf("%s says whose: %+v", name, f)
		}
	}
	all := Provider(auth.Account{Name: "corp", Login: []string{"browser"}}, auth.Status{Phase: auth.Valid},
		oidc.Report{Host: "h", Discovered: true, Dated: true, CertEnds: noon.Add(time.Hour)}, nil, noon)
	var areas []string
	for _, f := range all {
		areas = append(areas, f.Area)
	}
	if want := "provider|clock|provider's certificate|ways to log in|session"; strings.Join(areas, "|") != want {
		t.Errorf("%q", areas)
	}
	if all := Provider(auth.Account{Name: "corp"}, auth.Status{}, oidc.Report{}, errors.New("x"), noon); len(all) != 2 {
		t.Errorf("of a provider that does not answer: %+v", all)
	}
}

func TestTheMachineIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		f     wire.Finding
		level wire.Level
		says  string
	}{
		"configuration":   {Configuration("c.yaml", "", 1, 2), wire.OK, "c.yaml: accounts: 1, clusters: 2"},
		"a fault":         {Configuration("c.yaml", "c.yaml: line 3: unknown key", 1, 2), wire.Failure, "line 3"},
		"no account":      {Configuration("c.yaml", "", 0, 0), wire.Warning, "configures no account"},
		"keychain":        {Keychain("linux", "gnome-keyring-daemon", nil), wire.OK, "Secret Service (gnome-keyring-daemon): an item was written, read back and deleted"},
		"Windows":         {Keychain("windows", "", nil), wire.OK, "Credential Manager: "},
		"locked":          {Keychain("linux", "", fmt.Errorf("%w: x", keychain.ErrLocked)), wire.Failure, "locked -> unlock it"},
		"none":            {Keychain("linux", "", fmt.Errorf("%w: no bus", keychain.ErrUnavailable)), wire.Failure, "no bus -> install"},
		"refuses":         {Keychain("darwin", "", errors.New("writing: full")), wire.Failure, "login keychain: writing: full"},
		"autostart":       {Autostart(true, nil), wire.OK, "on: "},
		"no autostart":    {Autostart(false, nil), wire.OK, "off: "},
		"autostart fails": {Autostart(false, errors.New("read-only")), wire.Failure, "read-only"},
		"no icon wanted":  {Tray(false, false, errors.New("no bus")), wire.OK, "without an icon"},
		"no bus":          {Tray(true, false, errors.New("no bus")), wire.Warning, "no session bus"},
		"no host":         {Tray(true, false, nil), wire.Warning, "-> GNOME: install"},
		"icon":            {Tray(true, true, nil), wire.OK, "shows tray icons"},
		"wake":            {Wake(nil, nil), wire.OK, "are told"},
		"half awake":      {Wake([]string{"logind (sleep)"}, nil), wire.Warning, "not there: logind (sleep); the clock is watched"},
		"no system bus":   {Wake(nil, errors.New("no system bus")), wire.Warning, "no system bus; the clock is watched"},
		"same version":    {Versions("1.0", "1.0"), wire.OK, "1.0"},
		"other versions":  {Versions("1.0", "1.1"), wire.Warning, "kubecreds 1.0, kubectl-creds 1.1"},
		"terminal":        {Terminal([]string{"/a", "/b"}, []string{"/b"}), wire.OK, "reads /b"},
		"other terminal":  {Terminal([]string{"/a"}, []string{"/b"}), wire.Failure, "KUBECONFIG is /a, and entries are written to /b -> add"},
	} {
		is(t, name, c.f, c.level, c.says)
	}
}

func TestProxiesAreNamedWithWhereTheyComeFrom(t *testing.T) {
	found := Proxy([]Route{
		{"login", "http://proxy:3128", "HTTPS_PROXY"}, {"prod", "http://proxy:3128", "HTTPS_PROXY"}, {"prod", "http://proxy:3128", "HTTPS_PROXY"},
		{"localhost", "", "HTTPS_PROXY leaves it out"}, {"lab", "", ""},
	})
	var got []string
	for _, f := range found {
		got = append(got, f.Says)
	}
	want := "http://proxy:3128 (HTTPS_PROXY): for login, prod|none (HTTPS_PROXY leaves it out): for localhost|none: for lab"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
	if found := Proxy(nil); len(found) != 1 || found[0].Level != wire.OK {
		t.Errorf("%+v", found)
	}
}

func TestAKubeconfigEntryIsComparedWithTheConfiguration(t *testing.T) {
	cl := config.Cluster{Name: "prod", Server: "https://prod:6443", Delivery: config.Exec}
	entry := func(change func(*kubeconfig.Entry)) []kubeconfig.Entry {
		e := kubeconfig.Entry{File: "/k", Context: "prod", Server: cl.Server, How: kubeconfig.HowExec, Ours: true}
		change(&e)
		return []kubeconfig.Entry{{Context: "other"}, e}
	}
	right := entry(func(*kubeconfig.Entry) {})
	files := []string{"/k"}
	is(t, "right", entryOf(cl, right, files, "", true), wire.OK, "context prod in /k")
	is(t, "not written", entryOf(cl, right, files, "no permission", true), wire.Failure, "no permission")
	is(t, "gone", entryOf(cl, nil, files, "", true), wire.Failure, "there is no context prod in /k")
	is(t, "not yet", entryOf(cl, nil, files, "", false), wire.OK, "written at the login")
	is(t, "another's", entryOf(cl, entry(func(e *kubeconfig.Entry) { e.Ours = false }), files, "", true), wire.Failure, "is not ours -> rename")
	is(t, "elsewhere", entryOf(cl, entry(func(e *kubeconfig.Entry) { e.Server = "https://x" }), files, "", true), wire.Failure, "leads to https://x")
	is(t, "otherwise", entryOf(cl, entry(func(e *kubeconfig.Entry) { e.How = kubeconfig.HowToken }), files, "", true), wire.Failure, "delivers by token")
}

func entryOf(cl config.Cluster, entries []kubeconfig.Entry, files []string, writeError string, written bool) wire.Finding {
	_, f := Entry(cl, entries, files, writeError, written)
	return f
}

func TestAnAdoptedEntryIsFoundByItsServer(t *testing.T) {
	cl := config.Cluster{Name: "prod", Server: "https://prod:6443", Delivery: config.Exec, Adopted: true}
	e := kubeconfig.Entry{File: "/k", Context: "theirs", Server: cl.Server, How: kubeconfig.HowExec, Command: "/opt/kubectl-creds"}
	is(t, "adopted", entryOf(cl, []kubeconfig.Entry{{Context: "prod"}, e}, nil, "", true), wire.OK, "context theirs in /k, adopted")
	e.Command = "/opt/kubelogin"
	is(t, "put back", entryOf(cl, []kubeconfig.Entry{e}, nil, "", true), wire.Failure, "-> kubectl creds adopt")
}

func TestThePluginMustBeThereAndRunnable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubectl-creds")
	look := func() wire.Finding { fi, err := os.Stat(path); return Plugin(path, fi, err) }
	is(t, "missing", look(), wire.Failure, "is not there")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, "not executable", look(), wire.Failure, "cannot be run -> chmod +x "+path)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	is(t, "there", look(), wire.OK, path)
	is(t, "a folder", Plugin(path, stat(t, filepath.Dir(path)), nil), wire.Failure, "cannot be run")
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fi
}

func TestKubectlsOwnPolicyIsRead(t *testing.T) {
	const command = "/opt/kubecreds/kubectl-creds"
	for name, c := range map[string]struct {
		text  string
		level wire.Level
		says  string
	}{
		"empty":              {"", wire.OK, "allows every plugin"},
		"other preferences":  {"apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\naliases: [{name: getn}]", wire.OK, "allows every plugin"},
		"AllowAll":           {"credentialPluginPolicy: AllowAll", wire.OK, "allows every plugin"},
		"DenyAll":            {"credentialPluginPolicy: DenyAll", wire.Failure, "forbids every plugin -> write credentialPluginPolicy: Allowlist"},
		"allowed":            {"credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- command: /x\n- command: " + command, wire.OK, "allows the plugin"},
		"allowed, old key":   {"credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: " + command, wire.OK, "allows the plugin"},
		"by its name":        {"credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: kubectl-creds}]", wire.Warning, "in the terminal's PATH"},
		"not on the list":    {"credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: /x}]", wire.Failure, "does not allow the plugin -> add to credentialPluginAllowlist in kuberc: - command: " + command},
		"a policy of 2030":   {"credentialPluginPolicy: AskMe", wire.Warning, `"AskMe"`},
		"no YAML":            {"\t{", wire.Warning, "cannot be read"},
		"not what it should": {"credentialPluginAllowlist: 3", wire.Warning, "cannot be read"},
	} {
		is(t, name, Kuberc("kuberc", []byte(c.text), nil, command), c.level, c.says)
	}
	is(t, "no file", Kuberc("kuberc", nil, fs.ErrNotExist, command), wire.OK, "no policy")
	is(t, "no permission", Kuberc("kuberc", nil, fs.ErrPermission, command), wire.Warning, "permission")
}
