package kubeconfig

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// write makes a file in a folder of the test, old enough to count as settled, and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	age(t, path, time.Hour)
	return path
}

// age makes the file at path look as if it was last written that long ago.
func age(t testing.TB, path string, ago time.Duration) {
	t.Helper()
	then := time.Now().Add(-ago)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func load1(t testing.TB, paths ...string) *Files {
	t.Helper()
	f, err := Load(paths)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPathsAreThoseOfKubectl(t *testing.T) {
	sep := string(filepath.ListSeparator)
	for env, want := range map[string][]string{
		"":                              {filepath.Join("home", ".kube", "config")},
		"a":                             {"a"},
		sep + "a" + sep + "b" + sep:     {"a", "b"},
		"b" + sep + "a" + sep + "b":     {"b", "a"},
		sep:                             nil,
		"with blank" + sep + "a/b.conf": {"with blank", "a/b.conf"},
	} {
		if got := Paths(env, "home"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q", env, got)
		}
	}
}

func TestEntriesAreKubectlsViewOfAllFiles(t *testing.T) {
	f := memory(t,
		"contexts:\n- {name: b, context: {cluster: one, user: cert}}\n- {name: a, context: {cluster: none, user: none}}\n"+
			"users: [{name: cert, user: {client-certificate: /c}}, {name: both, user: {token: x, exec: {command: c, apiVersion: v, interactiveMode: Never}}}]\n",
		"contexts:\n- {name: b, context: {cluster: shadowed}}\n- {name: c, context: {cluster: one, user: both}}\n- {name: d, context: {user: file}}\n- {name: e, context: {user: old}}\n- {name: f, context: {user: basic}}\n"+
			"clusters: [{name: one, cluster: {server: \"https://one\"}}]\n"+
			"users: [{name: file, user: {tokenFile: /t}}, {name: old, user: {auth-provider: {name: oidc}}}, {name: basic, user: {username: u, password: p}}, {name: cert, user: {token: later}}]\n",
		planned(t, "", want("prod")),
	)
	a, b, c := f.files[0].path, f.files[1].path, f.files[2].path
	want := []Entry{
		{File: a, Context: "a", Cluster: "none", User: "none", How: HowNone},
		{File: a, Context: "b", Cluster: "one", User: "cert", Server: "https://one", How: HowCertificate},
		{File: b, Context: "c", Cluster: "one", User: "both", Server: "https://one", How: HowToken},
		{File: b, Context: "d", User: "file", How: HowTokenFile},
		{File: b, Context: "e", User: "old", How: HowAuthProvider},
		{File: b, Context: "f", User: "basic", How: HowPassword},
		{File: c, Context: "prod", Cluster: "prod", User: "kubecreds-prod", Server: "https://prod.example.com:6443", How: HowExec, Command: "/kubectl-creds", Ours: true},
	}
	if got := f.Entries(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestAnEntryIsOursOnlyIfContextClusterAndUserAre(t *testing.T) {
	ours := planned(t, "", want("prod"))
	for _, part := range []string{"clusters", "users", "contexts"} {
		at := strings.Index(ours, part+":")
		text := ours[:at] + strings.Replace(ours[at:], "name: kubecreds\n", "name: other\n", 1)
		if e := memory(t, text).Entries(); len(e) != 1 || e[0].Ours {
			t.Errorf("%s: %+v", part, e)
		}
	}
}

func TestRefusesBadFilesInOneLineThatNamesFileAndLine(t *testing.T) {
	for text, want := range map[string]string{
		"clusters: []\na: b: c\n":            "line 2: not YAML: mapping values are not allowed",
		"a: b: c\n":                          "line 1: not YAML",
		"clusters: []\r\na: b: c\r\n":        "line 2: not YAML: mapping values are not allowed",
		"\ufeffclusters: []\na: b: c\n":      "line 2: not YAML: mapping values are not allowed",
		"{\"clusters\": [],\n \"users\": [}": "line 2: not YAML",
		"{\"apiVersion\": \"v1\",\n\t\"kind\": \"Config\", \"users\": [{\"name\": \"a\"},\n\t{\"name\": \"a\"}]}": `line 3: a second user named "a"`,
		"apiVersion: v1\r\nkind: Config\r\nusers:\r\n- name: a\r\n- name: a\r\n":                                  `line 5: a second user named "a"`,
		"kind: Config\n\tclusters: []\n": "line 2: not YAML: found a tab character that violates indentation",
		"apiVersion: v2\nkind: Config\n": "line 1: an apiVersion that is not v1",
		"apiVersion: v1\nkind: Pod\n":    "line 2: not a kubeconfig: its kind is not Config",
		"- a\n":                          "line 1: not a kubeconfig: not a mapping",
		"clusters:\n- name: 3\n":         "line 2: clusters.name cannot be of type number",
		"clusters: none\n":               "line 1: clusters cannot be of type string",
		"users:\n- name: a\n  user: {token: TOPSECRET}\n- name: a\n":    `line 4: a second user named "a"`,
		"users:\n- name: a\n  user:\n    client-key-data: TOP-SECRET\n": "line 4: not base64",
		"{{TOPSECRET: x}: y}\n":                                   "a key that is not a word",
		"clusters: *unknown\n":                                    "not YAML: unknown anchor",
		strings.Repeat("x", 10) + ": \xff\n":                      "not YAML",
		"users:\n- name: a\n  user: {token: [TOPSECRET]}\n":       "line 3: users.user.token cannot be of type array",
		"users:\n- name: a\n  user: {exec: {env: [{name: 1}]}}\n": "line 3: users.user.exec.env.name cannot be of type number",
	} {
		path := write(t, "config", text)
		_, err := Load([]string{path})
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
			continue
		}
		if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: says too much: %v", text, err)
		}
	}
}

func TestRefusesWhatIsNotAFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := Load([]string{folder}); err == nil || err.Error() != folder+": a folder, not a file" {
		t.Error(err)
	}
	if _, err := Load(nil); err == nil {
		t.Error("no file at all is accepted")
	}
}

func TestRefusesAFileThatIsFarTooLarge(t *testing.T) {
	path := write(t, "config", "")
	if err := os.Truncate(path, maxSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{path}); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Error(err)
	}
}

func TestRefusesAFileThatItMayNotRead(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("this user may read everything")
	}
	path := write(t, "config", "")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{path}); err == nil || err.Error() != path+": permission denied" {
		t.Error(err)
	}
}

func TestAMissingFileIsAnEmptyOne(t *testing.T) {
	f := load1(t, filepath.Join(t.TempDir(), "none", "config"))
	if e := f.Entries(); len(e) != 0 {
		t.Error(e)
	}
}

func TestReloadReadsOnlyWhatChanged(t *testing.T) {
	a, b := write(t, "a", "contexts: [{name: a}]"), write(t, "b", "contexts: [{name: b}]")
	f := load1(t, a, b, filepath.Join(t.TempDir(), "none"))
	if again, err := f.Reload(); err != nil || again != f {
		t.Fatalf("read again though nothing changed: %v", err)
	}
	if err := os.WriteFile(b, []byte("contexts: [{name: c}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := f.Reload()
	if err != nil || again.files[0] != f.files[0] || again.Entries()[1].Context != "c" {
		t.Fatalf("%v %+v", err, again.Entries())
	}
	// A second write within a tick of the file system's clock, of the same length.
	stat, err := os.Stat(b)
	must(t, err)
	must(t, os.WriteFile(b, []byte("contexts: [{name: d}]"), 0o600))
	must(t, os.Chtimes(b, stat.ModTime(), stat.ModTime()))
	third, err := again.Reload()
	if err != nil || third.Entries()[1].Context != "d" {
		t.Error("a file that was written just before it was read counts as unchanged")
	}
	// It is read once more when that can no longer be, and then no more.
	third.files[1].readAt = stat.ModTime()
	fourth, err := third.Reload()
	must(t, err)
	if fourth.files[1] == third.files[1] || !fourth.files[1].readAt.After(third.files[1].readAt) {
		t.Error("not looked at again")
	}
	fourth.files[1].readAt = stat.ModTime().Add(time.Minute)
	if fifth, err := fourth.Reload(); err != nil || fifth != fourth {
		t.Error("read though nothing changed")
	}
}
