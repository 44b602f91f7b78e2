package kubeconfig_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

const (
	sequences = 1000
	steps     = 6
	byKubectl = 20 // every so many, kubectl itself is judge and other writer
)

// sequence is one life of a kubeconfig: what is in it, and what must be.
type sequence struct {
	*testing.T
	*rand.Rand
	path string
	real bool                         // with kubectl itself
	ours map[string]kubeconfig.Change // by cluster: what our entries must say; those that are gone are not in it
	log  []string

	adopted *before // what legacy was; nil: it is not adopted

	seen, says string // the file that kubectl was shown last, and what it said
}

// An operation happens to the kubeconfig.
type operation struct {
	name string
	do   func(s *sequence)
}

func operations() []operation {
	return []operation{
		{"log in", func(s *sequence) { s.set(s.credential(s.cluster(), "token")) }},
		{"renewal", func(s *sequence) { s.update(s.IntN(1000)) }},
		{"log out", func(s *sequence) { s.update(-1) }},
		{"another delivery", func(s *sequence) { s.set(s.credential(s.cluster(), fmt.Sprint("token-", s.IntN(9)))) }},
		{"removal", func(s *sequence) {
			name := s.cluster().Name
			delete(s.ours, name)
			s.apply(kubeconfig.Change{Name: name, Remove: true})
		}},
		{"kubectl config set-cluster", func(s *sequence) { s.kubectl("set-cluster", s.other(), "--server=https://"+s.other()) }},
		{"kubectl config set-context", func(s *sequence) { s.kubectl("set-context", s.other(), "--namespace="+s.other()) }},
		{"kubectl config set-context of ours", func(s *sequence) {
			if names := slices.Sorted(maps.Keys(s.ours)); len(names) > 0 {
				s.kubectl("set-context", names[s.IntN(len(names))], "--namespace="+s.other())
			}
		}},
		{"kubectl config set-credentials", func(s *sequence) { s.kubectl("set-credentials", s.other(), "--token="+s.other()) }},
		{"kubelogin's set-up", func(s *sequence) { s.setUp() }},
		{"adopt", func(s *sequence) { s.adopt() }},
		{"release", func(s *sequence) { s.release() }},
		{"another tool's edit", func(s *sequence) { s.edit() }},
	}
}

func TestRandomSequencesChangeOurEntriesOnly(t *testing.T) {
	folder, counts := t.TempDir(), map[string]int{}
	for seed := range uint64(sequences) {
		s := &sequence{T: t, Rand: rand.New(rand.NewPCG(seed, 7)), path: filepath.Join(folder, fmt.Sprint(seed)), real: seed%byKubectl == 0,
			ours: map[string]kubeconfig.Change{}}
		must(t, os.WriteFile(s.path, []byte(s.file()), 0o600))
		s.log = append(s.log, read(t, s.path))
		for range steps {
			all := operations()
			op := all[s.IntN(len(all))]
			counts[op.name]++
			s.log = append(s.log, op.name)
			op.do(s)
			if t.Failed() {
				t.Fatalf("sequence %d:\n%s\nnow:\n%s", seed, strings.Join(s.log, "\n"), read(t, s.path))
			}
		}
		must(t, os.Remove(s.path))
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		total += counts[name]
		t.Logf("%4d × %s", counts[name], name)
	}
	t.Logf("%d sequences, %d operations; kubectl itself in every %dth sequence", sequences, total, byKubectl)
}

// cluster is one of three, at one of two servers.
func (s *sequence) cluster() kubeconfig.Change {
	c := want([]string{"prod", "test/eu", "a b: c"}[s.IntN(3)])
	if s.IntN(3) == 0 {
		c.Server, c.CAData = "https://moved", []byte("-----BEGIN CERTIFICATE-----\n"+strings.Repeat("x", 100+s.IntN(200))+"\n-----END CERTIFICATE-----\n")
	}
	return c
}

// credential gives c one of the four deliveries.
func (s *sequence) credential(c kubeconfig.Change, token string) kubeconfig.Change {
	switch s.IntN(4) {
	case 0:
		c.Instead = kubeconfig.Token{Value: secret.New(token)}
	case 1:
		c.Instead = kubeconfig.TokenFile{Path: "/state/tokens/" + token}
	case 2:
		c.Instead = kubeconfig.AuthProvider{Issuer: "https://idp", ClientID: "kube", IDToken: secret.New(token), CAFile: "/ca.pem"}
	}
	return c
}

func (s *sequence) other() string { return fmt.Sprint("other-", s.IntN(4)) }

// set makes or changes the entries of a cluster.
func (s *sequence) set(c kubeconfig.Change) {
	s.ours[c.Name] = c
	s.apply(c)
}

// update brings all that is there a new token, or for a negative number none.
func (s *sequence) update(n int) {
	var all []kubeconfig.Change
	for _, name := range slices.Sorted(maps.Keys(s.ours)) {
		c := s.ours[name]
		token := secret.New(fmt.Sprint("renewed-", n))
		if n < 0 {
			token = secret.Text{}
		}
		switch how := c.Instead.(type) {
		case kubeconfig.Token:
			c.Instead = kubeconfig.Token{Value: token}
		case kubeconfig.AuthProvider:
			how.IDToken = token
			c.Instead = how
		}
		c.Update = true
		s.ours[name] = c
		all = append(all, c)
	}
	gone := want("never-there")
	gone.Update = true
	s.apply(append(all, gone)...)
}

// apply makes changes of ours, and checks that nothing else changed.
func (s *sequence) apply(changes ...kubeconfig.Change) {
	before, text := s.view(), read(s, s.path)
	must(s, apply(s.Context(), s.path, changes...))
	after := s.view()
	if before.CurrentContext == "" {
		after.CurrentContext = ""
	}
	if b, a := withoutOurs(before), withoutOurs(after); !reflect.DeepEqual(b, a) {
		s.Errorf("others' entries differ:\n%+v\n%+v", b, a)
	}
	if b, a := othersLines(s, text), othersLines(s, read(s, s.path)); !slices.Equal(b, a) {
		s.Errorf("bytes outside our entries differ:\n%q\n%q", b, a)
	}
	s.check()
}

// check compares our entries with what they must say.
func (s *sequence) check() {
	s.Helper()
	files, err := kubeconfig.Load([]string{s.path})
	must(s, err)
	changes := slices.Collect(maps.Values(s.ours))
	if diff, err := files.Plan(changes...); err != nil || !diff.Empty() {
		s.Errorf("our entries do not say what they must: %v", err)
	}
	config := s.loaded()
	for kind, names := range map[string][]string{"contexts": slices.Collect(maps.Keys(config.Contexts)), "clusters": slices.Collect(maps.Keys(config.Clusters))} {
		for _, name := range names {
			if _, must := s.ours[name]; isOurs(name) && !must {
				s.Errorf("%s: %s is still there", kind, name)
			}
		}
	}
	for name := range s.ours {
		if config.Contexts[name] == nil || config.Clusters[name] == nil || config.AuthInfos[kubeconfig.UserName(name)] == nil {
			s.Errorf("%s is not there", name)
		}
	}
}

// loaded is the kubeconfig as client-go reads it.
func (s *sequence) loaded() *api.Config {
	s.Helper()
	config, err := clientcmd.Load([]byte(read(s, s.path)))
	must(s, err)
	return config
}

// view is what `kubectl config view --raw` says, or what that runs inside.
func (s *sequence) view() *api.Config {
	s.Helper()
	if !s.real {
		return s.loaded()
	}
	text := read(s, s.path)
	if text != s.seen {
		out, err := kubectl(s.Context(), s.path, "config", "view", "--raw")
		must(s, err)
		s.seen, s.says = text, out
	}
	config, err := clientcmd.Load([]byte(s.says))
	must(s, err)
	return config
}

// kubectl runs `kubectl config`, or what that runs inside.
func (s *sequence) kubectl(verb, name, flag string) {
	_, value, _ := strings.Cut(flag, "=")
	if s.real {
		_, err := kubectl(s.Context(), s.path, "config", verb, name, flag)
		must(s, err)
		s.check()
		return
	}
	options := clientcmd.NewDefaultPathOptions()
	options.GlobalFile, options.EnvVar = s.path, ""
	config, err := options.GetStartingConfig()
	must(s, err)
	switch verb {
	case "set-cluster":
		config.Clusters[name] = &api.Cluster{Server: value}
	case "set-credentials":
		config.AuthInfos[name] = &api.AuthInfo{Token: value}
	case "set-context":
		c := config.Contexts[name]
		if c == nil {
			c = api.NewContext()
			config.Contexts[name] = c
		}
		c.Namespace = value
	}
	must(s, clientcmd.ModifyConfig(options, *config, false))
	s.check()
}

// edit is what an editor or another tool does: a comment, a key that nobody knows, an entry in a style of its own.
func (s *sequence) edit() {
	text := read(s, s.path)
	switch s.IntN(4) {
	case 0:
		text = "# edited by hand: ü\n\n" + text
	case 1:
		if !strings.Contains(text, "x-tool:") && !strings.HasPrefix(strings.TrimSpace(text), "{") {
			text = strings.TrimRight(text, "\n") + "\n\nx-tool: {a: [1, 2]} # theirs\n"
		}
	case 2:
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	case 3:
		text = strings.Replace(text, "name: other-1\n", "name: other-1   # mine\n", 1)
	}
	must(s, os.WriteFile(s.path, []byte(text), 0o600))
	s.check()
}

// file is a kubeconfig to begin with, in one of the styles that people and programs use.
func (s *sequence) file() string {
	item := func(key, inner, pad string) string {
		if s.IntN(2) == 0 {
			return pad + "- name: " + s.other2(key) + "\n" + pad + "  " + key + ":\n" + pad + "    " + inner + "\n"
		}
		return pad + "- " + key + ": {" + inner + "}   # flow\n" + pad + "  name: " + s.other2(key) + "\n"
	}
	list := func(key, inner string) string {
		pad := []string{"", "  "}[s.IntN(2)]
		switch s.IntN(5) {
		case 0:
			return key + "s: []\n"
		case 1:
			return ""
		}
		return key + "s:\n" + item(key, inner, pad) + []string{"", "\n", pad + "# below\n"}[s.IntN(3)]
	}
	parts := []string{"apiVersion: v1\n", "kind: Config\n", "x-unknown: {a: b}\n", list("cluster", "server: https://one"),
		list("user", "token: abc"), list("context", "cluster: one")}
	if s.IntN(2) == 0 {
		parts = append(parts, "current-context: other-0\n")
	}
	s.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return strings.Join(parts, []string{"", "\n", "# a comment\n"}[s.IntN(3)])
}

func (s *sequence) other2(key string) string {
	return map[string]string{"cluster": "one", "user": "me", "context": "other-1"}[key]
}

func isOurs(name string) bool {
	return slices.Contains([]string{"prod", "test/eu", "a b: c", "never-there", legacy}, strings.TrimPrefix(name, "kubecreds-"))
}

// withoutOurs is c without what is ours.
func withoutOurs(c *api.Config) *api.Config {
	c = c.DeepCopy()
	maps.DeleteFunc(c.Clusters, func(name string, _ *api.Cluster) bool { return isOurs(name) })
	maps.DeleteFunc(c.Contexts, func(name string, _ *api.Context) bool { return isOurs(name) })
	maps.DeleteFunc(c.AuthInfos, func(name string, _ *api.AuthInfo) bool { return isOurs(name) })
	return c
}

// othersLines are the lines of text that are not of our entries, line ends included; but for those that make room for them: the
// lists' keys, and the current context. Our entries are in block style here.
func othersLines(t testing.TB, text string) []string {
	t.Helper()
	var doc yaml.Node
	must(t, yaml.Unmarshal([]byte(text), &doc))
	lines := strings.SplitAfter(text, "\n")
	gone := map[int]bool{}
	root := doc.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		key, list := root.Content[i], root.Content[i+1]
		switch key.Value {
		case "clusters", "users", "contexts":
			gone[key.Line-1] = true
			for _, item := range list.Content {
				if !isOurs(nameOf(item)) {
					continue
				}
				gone[item.Line-1] = true
				for n := item.Line; n < len(lines); n++ { // deeper than the dash
					blanks := len(lines[n]) - len(strings.TrimLeft(lines[n], " "))
					if blanks < list.Column || strings.TrimSpace(lines[n]) == "" || strings.HasPrefix(lines[n][blanks:], "#") {
						break
					}
					gone[n] = true
				}
			}
		case "current-context":
			gone[key.Line-1] = true
		}
	}
	var rest []string
	for i, l := range lines {
		if !gone[i] && l != "" {
			rest = append(rest, strings.TrimRight(l, "\n"))
		}
	}
	return rest
}

func nameOf(item *yaml.Node) string {
	for i := 0; i < len(item.Content); i += 2 {
		if item.Content[i].Value == "name" {
			return item.Content[i+1].Value
		}
	}
	return ""
}
