package config

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// addition is an account and two clusters, as `add` and `adopt` make them.
func addition(dir string) Edit {
	return Edit{
		Accounts: []Account{{
			Name: "new", Issuer: "https://new.example.com", ClientID: "kubernetes", Scopes: []string{"openid", "email: x", "groups,all"},
			Login: []Method{Password, Browser}, Username: "alice", CertificateAuthority: filepath.Join(dir, "ca.pem"),
			AuthParams: map[string]string{"domain_hint": "5", "resource": "urn:k8s"}, Redirect: "http://localhost:8000", Bearer: AccessToken,
		}},
		Clusters: []Cluster{
			{Name: "one", Account: "new", Server: "https://one.example.com:6443", CertificateAuthorityData: []byte(pemText), Adopted: true},
			{Name: "true", Account: "new", Server: "https://two.example.com", Servers: []string{"https://127.0.0.1:6443"}, Delivery: TokenFile},
		},
	}
}

func TestWhatIsAddedIsReadBackAndTakenOutAgainLeavesTheFileAsItWas(t *testing.T) {
	for name, text := range map[string]string{
		"none":                "",
		"comments":            "# mine\n\n# still mine\n",
		"entries":             corp + prod,
		"clusters first":      "clusters:\n- name: prod\n  account: corp\n  server: https://prod.example.com:6443\n\n# accounts\n" + corp,
		"indented":            "accounts:\n  # first\n  - name: corp   # corp\n    issuer: https://login.example.com\n    clientID: kubernetes\n    # the end\n\n# below\nclusters: []  # none\n",
		"null":                "accounts:\nclusters: null # none\n",
		"no last line end":    strings.TrimSuffix(corp+prod, "\n"),
		"CRLF":                strings.ReplaceAll("# x\n"+corp+prod, "\n", "\r\n"),
		"end of the document": "---\n" + corp + "...\n",
		"dashes alone":        "accounts:\n-\n  name: corp\n  issuer: https://login.example.com\n  clientID: kubernetes\n",
		"a block scalar":      "accounts:\n- name: corp\n  issuer: https://login.example.com\n  clientID: >-\n    kubernetes\n\n\nclusters: []\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, text)
			before, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			before.Kubeconfigs = DefaultKubeconfigs()
			e := addition(filepath.Dir(path))
			if _, err := e.Apply(path); err != nil {
				t.Fatal(err)
			}
			after, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(after.Accounts) != len(before.Accounts)+1 || len(after.Clusters) != len(before.Clusters)+2 || after.Clusters[len(before.Clusters)].Name != "one" {
				t.Errorf("%+v", after)
			}
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); !strings.Contains(strings.ReplaceAll(content(t, path), "  #", " #"), strings.NewReplacer(" null", "", " []", "", "  #", " #").Replace(line)) {
					t.Errorf("%q is gone from\n%s", line, content(t, path))
				}
			}
			if _, err := (Edit{Remove: []string{"one", "true", "new", "gone already"}}).Apply(path); err != nil {
				t.Fatal(err)
			}
			if again, err := Load(path); err != nil || !reflect.DeepEqual(again, before) {
				t.Errorf("%v: %+v\nwas %+v", err, again, before)
			}
			if plain(content(t, path)) != plain(text) {
				t.Errorf("left over:\n%s\nwas\n%s", content(t, path), text)
			}
		})
	}
}

// plain is text without what makes room for entries.
func plain(text string) string {
	return strings.NewReplacer("accounts:", "", "clusters:", "", "[]", "", "null", "", " ", "", "\r", "", "\n", "").Replace(text)
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestListsInBracketsGetMore(t *testing.T) {
	path := write(t, "kubeconfigs: [ a, \"b]\", 'c''s', # comment ]\n  d ]  # these\naccounts: [{name: corp, issuer: 'https://login.example.com', clientID: it's, scopes: [openid]},]\n")
	e := addition(filepath.Dir(path))
	e.Kubeconfigs = []string{filepath.Join(filepath.Dir(path), "a"), filepath.Join(filepath.Dir(path), "e, f")}
	c, err := e.Apply(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Kubeconfigs) != 5 || filepath.Base(c.Kubeconfigs[4]) != "e, f" || len(c.Accounts) != 2 {
		t.Errorf("%+v", c)
	}
	if text := content(t, path); !strings.HasPrefix(text, "kubeconfigs: [ a, \"b]\", 'c''s', # comment ]\n  d, \"") || !strings.Contains(text, "# these\n") {
		t.Error(text)
	}
}

func TestTheDefaultKubeconfigStaysWhereClustersHaveTheirEntriesInIt(t *testing.T) {
	fresh := write(t, "")
	other := filepath.Join(filepath.Dir(fresh), "other")
	if c, err := (Edit{Kubeconfigs: []string{other}}).Apply(fresh); err != nil || len(c.Kubeconfigs) != 1 || c.Kubeconfigs[0] != other {
		t.Errorf("%v %v", c.Kubeconfigs, err)
	}
	used := write(t, corp+prod)
	if c, err := (Edit{Kubeconfigs: []string{other}}).Apply(used); err != nil || len(c.Kubeconfigs) != 2 || c.Kubeconfigs[1] != other {
		t.Errorf("%v %v", c.Kubeconfigs, err)
	}
}

func TestAFileInWhichSomethingIsWrongIsNotTouched(t *testing.T) {
	for text, says := range map[string]string{
		corp + "clusterz: []\n":                            "config.yaml:5: unknown key",
		"accounts: [\n":                                    "config.yaml:",
		"{accounts: []}\n":                                 "line 1: it is written in braces",
		corp + "---\n" + corp:                              "config.yaml:5: a second document",
		"accounts: # none\n  []\n":                         "in a way that kubecreds cannot change safely",
		strings.Replace(corp, "corp", "new", 1):            `config.yaml:5: the name "new" is taken by line 2`,
		strings.Replace(prod, "prod\n", "one\n", 1) + corp: "is taken",
	} {
		path := write(t, text)
		_, err := addition(filepath.Dir(path)).Apply(path)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasSuffix(err.Error(), "nothing was written") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
		if content(t, path) != text {
			t.Errorf("%q was touched:\n%s", text, content(t, path))
		}
	}
}

func TestTheFileKeepsItsModeAndItsLinkAndANewOneIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("no modes here")
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "config.yaml")
	e := Edit{Accounts: []Account{{Name: "a", Issuer: "https://a", ClientID: "c"}}}
	mode := func(path string) string {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().String()
	}
	if _, err := e.Apply(path); err != nil || mode(path) != "-rw-------" || mode(filepath.Dir(path)) != "drwx------" {
		t.Fatalf("%v %s %s", err, mode(path), mode(filepath.Dir(path)))
	}
	if err := errors.Join(os.Chmod(path, 0o640), os.Symlink(path, filepath.Join(dir, "config.yaml"))); err != nil {
		t.Fatal(err)
	}
	if _, err := (Edit{Remove: []string{"a"}}).Apply(filepath.Join(dir, "config.yaml")); err != nil || mode(path) != "-rw-r-----" || mode(filepath.Join(dir, "config.yaml"))[0] != 'L' {
		t.Errorf("%v %s %s", err, mode(path), mode(filepath.Join(dir, "config.yaml")))
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left over: %v %v", entries, err)
	}
}

func TestAChangeMadeMeanwhileIsKept(t *testing.T) {
	path := write(t, corp)
	if err := replace(path, []byte("what was read"), []byte("what was made of it")); !errors.Is(err, errMoved) || content(t, path) != corp {
		t.Errorf("%v:\n%s", err, content(t, path))
	}
}

func TestRandomFilesKeepEveryLineThroughRandomEdits(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		noise := func() string { return []string{"", "", "\n", "# note\n", "  # deep\n", "\n\n# - name: x\n"}[r.IntN(6)] }
		pad := []string{"", "  "}[r.IntN(2)]
		text := noise() + "accounts:" + []string{"", " # all"}[r.IntN(2)] + "\n"
		for i := range 1 + r.IntN(3) {
			text += noise() + fmt.Sprintf("%s- name: a%d\n%s  issuer: https://i%d # i\n", pad, i, pad, i) + noise() + pad + "  clientID: \"c # d\"\n"
		}
		text += noise() + "clusters:\n"
		for i := range r.IntN(3) {
			text += noise() + fmt.Sprintf("- {name: c%d, account: a0, server: \"https://s%d\"}\n", i, i)
		}
		text += noise()
		path := write(t, text)
		if _, err := addition(filepath.Dir(path)).Apply(path); err != nil {
			t.Fatalf("%d: %v\n%s", seed, err, text)
		}
		if _, err := (Edit{Remove: []string{"new", "one", "true"}}).Apply(path); err != nil {
			t.Fatalf("%d: %v\n%s", seed, err, content(t, path))
		}
		if got := strings.Replace(content(t, path), "clusters: []\n", "clusters:\n", 1); got != text && strings.TrimSuffix(got, "\n") != strings.TrimSuffix(text, "\n") {
			t.Fatalf("%d: left over\n%s\nwas\n%s", seed, got, text)
		}
	}
}
