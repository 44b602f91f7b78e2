package kubeconfig

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// FuzzPlan asserts, for any file that client-go accepts, that a plan either refuses or leaves all that is not ours: as
// client-go sees it, and as bytes.
func FuzzPlan(f *testing.F) {
	files, _ := filepath.Glob("testdata/golden/*.txt")
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(raw), beforeMark)
		before, after, _ := strings.Cut(rest, afterMark)
		for _, vary := range variants {
			f.Add(vary(before))
			f.Add(vary(after))
		}
	}
	for _, seed := range oddFiles() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		before, err := clientcmd.Load([]byte(text))
		if err != nil {
			return
		}
		if strings.Count(text, pemStart) > 0 {
			// The stand-ins must not decide what is valid.
			if _, err := parseFile("f", []byte(text)); err != nil {
				t.Fatalf("client-go accepts it, but: %v", err)
			}
		}
		added, err := keepsOthers(t, text, before, want("prod"), Change{Name: "test", Remove: true})
		if err != nil {
			return
		}
		after, err := clientcmd.Load([]byte(added))
		if err != nil {
			t.Fatal(err)
		}
		user := after.AuthInfos["kubecreds-prod"]
		if got := how(user); got != HowExec {
			t.Fatalf("the user's way is %s", got)
		}
		if old := before.AuthInfos["kubecreds-prod"]; old != nil && !bytes.Equal(old.ClientCertificateData, user.ClientCertificateData) {
			t.Fatalf("a certificate in our entry changed from\n%s\nto\n%s", old.ClientCertificateData, user.ClientCertificateData)
		}
		// Another way takes the place of the first, and a token, logged out, of that.
		for _, w := range []struct {
			by  Credential
			how How
		}{{AuthProvider{Issuer: "https://idp", ClientID: "kube", IDToken: secret.New("a.b.c")}, HowAuthProvider}, {Token{}, HowToken}} {
			c := want("prod")
			c.Instead, c.Update = w.by, true
			if added, err = keepsOthers(t, added, after, c); err != nil {
				t.Fatalf("our own entry cannot be changed: %v", err)
			}
			if after, err = clientcmd.Load([]byte(added)); err != nil {
				t.Fatal(err)
			}
			if got := how(after.AuthInfos["kubecreds-prod"]); got != w.how {
				t.Fatalf("the user's way is %s, want %s", got, w.how)
			}
		}
		if removed, err := keepsOthers(t, added, after, Change{Name: "prod", Remove: true}); err == nil {
			if again, err := clientcmd.Load([]byte(removed)); err != nil || pick(again, clusters, "prod") != nil {
				t.Fatalf("not removed: %v", err)
			}
		}
	})
}

// keepsOthers applies changes to a file, and asserts that nothing else in it changed. It returns the new text, or why the plan
// was refused.
func keepsOthers(t testing.TB, text string, before *api.Config, want ...Change) (string, error) {
	t.Helper()
	f := memory(t, text)
	d, err := f.Plan(want...)
	if err != nil {
		if s := err.Error(); strings.ContainsAny(s, "\r\n") || !strings.HasPrefix(s, want[0].Name) && !strings.HasPrefix(s, f.files[0].path) {
			t.Fatalf("not one line that begins with the file: %q", s)
		}
		return "", err
	}
	if d.Empty() {
		return text, nil
	}
	result := string(d.rewrites[0].text)
	after, err := clientcmd.Load([]byte(result))
	if err != nil {
		t.Fatalf("client-go refuses the result: %v\n%s", err, result)
	}
	if b, a := others(before, before, want), others(after, before, want); !reflect.DeepEqual(b, a) {
		t.Fatalf("others' entries changed\nfrom %q\nto   %q", text, result)
	}
	if missing := lost(theirText(text, before), result); missing != "" {
		t.Fatalf("bytes are lost: %q\nfrom %q\nto   %q", missing, text, result)
	}
	return result, nil
}

// others returns what of c the changes to before do not concern.
func others(c, before *api.Config, want []Change) *api.Config {
	rest := shallow(c)
	for _, w := range want {
		for _, k := range kinds() {
			if ours(before, k, w.name(k)) || pick(before, k, w.name(k)) == nil {
				drop(rest, k, w.name(k))
			}
		}
	}
	if before.CurrentContext == "" {
		rest.CurrentContext = ""
	}
	return rest
}

// theirText returns a file's text, or nothing if some of it is ours: then bytes may go, and only client-go can tell which.
func theirText(text string, c *api.Config) string {
	for _, k := range kinds() {
		for _, name := range names(c, k) {
			if ours(c, k, name) {
				return ""
			}
		}
	}
	return text
}

// lost returns what of text is not in result, in order; but for blanks and the words for nothing, which make room for lists.
func lost(text, result string) string {
	strip := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "[", "", "]", "", "null", "", "Null", "", "NULL", "", "~", "", `"`, "", "'", "")
	text, result = strip.Replace(text), strip.Replace(result)
	for i := range len(text) {
		at := strings.IndexByte(result, text[i])
		if at < 0 {
			return text[i:]
		}
		result = result[at+1:]
	}
	return ""
}

// oddFiles are files that client-go accepts, some of which are beyond the writer.
func oddFiles() []string {
	pem := base64.StdEncoding.EncodeToString([]byte("-----BEGIN CERTIFICATE-----\n" + strings.Repeat("abc", 60)))
	return []string{
		"? clusters\n: - name: x\n",
		"clusters: &a\n- name: x\nusers: []\n",
		"clusters: !!seq\n- name: x\n",
		"a: 1\n---\nb: 2\n",
		"clusters: []\nclusters: []\n",
		"<<: {clusters: [{name: x}]}\nusers: []\n",
		"x: &x {name: a}\nclusters: [*x]\nusers:\n- *x\n",
		"clusters: [{name: a}, # comment\n {name: b}]\n",
		"clusters: [ # comment\n]\n",
		"clusters:\n- {name: a\n  }\ncontexts: [{name: b, context: {user: \"x\\\n y\"}}]",
		"null\n", "---\nnull", "{}", "---\n{}\n...\n", "clusters:\n", "clusters: \n\n\nusers:\n",
		"users:\n- name: kubecreds-prod\n  user: {token: \"" + pem + "\"}\n",
		"users:\n- name: a\n  user:\n    token: \"" + pem + "\"\n    as: " + pem + "\n- name: kubecreds-prod\n  user: {extensions: [{name: kubecreds, extension: " + pem + "\n }]}\n",
		"{\"users\": [{\"name\": \"a\", \"user\": {\"token\": \"" + pem + "\",\n \"as\": \"" + pem + "\"\n}}]}",
		"users:\n- name: kubecreds-prod\n  user: {client-certificate-data: " + pem + ", extensions: [{name: kubecreds}]}\n",
		"users:\n- name: kubecreds-prod\n  user:\n    client-certificate-data: >-\n      " + pem + "\n    extensions: [{name: kubecreds}]\n",
		"users:\n- name: kubecreds-prod\n  user:\n    client-certificate-data: \"" + pem[:40] + "\\\n  \\x" + fmt.Sprintf("%x", pem[40]) + pem[41:] + "\"\n    extensions: [{name: kubecreds}]\n",
		"x: |+2\n   a\n\n\nclusters: []\n", "clusters:\n- name: |+\n    a\n\n\n",
		"clusters:\n- name: \"\\u00e9\u00e9\"\n  é: {}\n", "users:\r- name: a\rclusters:\r", "a: b\u0085clusters: []\u2028",
		"clusters:\n- name: a\n  cluster:\n    extensions:\n    - {name: x, extension: 2001-01-01}\n",
	}
}

func TestRefusesWhatItDoesNotUnderstandWithFileAndLine(t *testing.T) {
	for text, part := range map[string]string{
		"a: 1\n---\nb: 2\n":                          "line 2: a second document",
		"clusters: []\nusers: []\nclusters: []\n":    `line 3: a second "clusters"`,
		"a: 1\nclusters: &all\n- name: x\n":          "line 2: the list clusters has an anchor",
		"<<: {clusters: [{name: x}]}\nusers: []\n":   "line 1: the clusters come from elsewhere",
		"x: &x {name: a}\nusers:\n- <<: *x\n":        "line 2: the name \"a\" is not plain",
		"clusters:\n  [\n  # none\n  ]\nusers: []\n": "line 2: a comment inside []",
		"\xff\xfea\x00:\x00 \x001\x00\n\x00":         "line 1: the file is in UTF-16",
		"null\n":                                     "line 1: not a mapping",
	} {
		_, err := memory(t, text).Plan(want("prod"))
		if err == nil || !strings.Contains(err.Error(), part) || !strings.HasPrefix(err.Error(), filepath.Join("folder", "a")+": ") ||
			!strings.HasSuffix(err.Error(), "; nothing was written") {
			t.Errorf("%q: %v, want %s", text, err, part)
		}
	}
}

func TestNamesTheKeyToChangeWhereANameIsTaken(t *testing.T) {
	for kind, text := range map[string]string{
		"cluster": "clusters: [{name: prod, cluster: {extensions: [{name: theirs, extension: {}}]}}]",
		"user":    "users: [{name: kubecreds-prod, user: {}}]",
		"context": "contexts: [{name: prod}]",
	} {
		_, err := memory(t, "", text).Plan(want("prod"))
		var taken *TakenError
		if !errors.As(err, &taken) || taken.Kind != kind || taken.File != filepath.Join("folder", "b") || !strings.Contains(err.Error(), "clusters: name: prod") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
