package kubeconfig

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// dice writes random kubeconfigs in the styles that people and programs use.
type dice struct{ *rand.Rand }

func (d dice) oneOf(words ...string) string { return words[d.IntN(len(words))] }

// noise is what may stand between any two lines of a file in block style.
func (d dice) noise() string {
	return d.oneOf("", "", "", "", "\n", "# a comment\n", "\n\n# two: [lines,\n#- name: prod\n", "# kubecreds-prod: ü\n")
}

// entry is an item of the list, named name, each line indented by pad.
func (d dice) entry(k kind, name, pad string) string {
	inner := map[kind]string{
		clusters: "server: " + d.oneOf("https://x", `"https://x"  # quoted`, "'https://x'", ">-\nPAD      https://x"),
		users:    d.oneOf("token: abc", "client-key-data: LS0tLS1CRUdJTiBD"+strings.Repeat("QUJD", 60)+"QUI=", "{}", "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}", "as: \"a\\\nPAD     b\""),
		contexts: d.oneOf("{cluster: a, user: b} # flow", "cluster: a", "namespace: plain\nPAD      over lines", "x-unknown: [1, {a: b}]"),
	}[k]
	inner = strings.ReplaceAll(inner, "PAD", pad)
	item := k.String()
	switch {
	case strings.HasPrefix(inner, "{"):
		inner = " " + inner
	default:
		inner = "\n" + pad + "    " + inner
	}
	if d.IntN(2) == 0 {
		return fmt.Sprintf("%s- name: %s\n%s  %s:%s\n", pad, name, pad, item, inner)
	}
	return fmt.Sprintf("%s-   %s:%s\n%s    name: %s # last\n", pad, item, strings.ReplaceAll(inner, "\n"+pad, "\n"+pad+"  "), pad, name)
}

func (d dice) list(k kind) string {
	n := d.IntN(4)
	if n == 0 {
		return k.key() + ":" + d.oneOf(" []", " null", "", " [ ] # none", " ~") + "\n"
	}
	if d.IntN(5) == 0 {
		return k.key() + ": [{name: one}, {\"name\": \"two\",\n   " + k.String() + ": {}}" + d.oneOf("", ",", " ") + "]\n"
	}
	var b strings.Builder
	pad := d.oneOf("", "  ", "    ")
	b.WriteString(k.key() + ":" + d.oneOf("", " # these", "  ") + "\n")
	for i := range n {
		b.WriteString(d.noise() + d.entry(k, fmt.Sprintf("other-%d", i), pad))
	}
	return b.String()
}

func (d dice) file() string {
	parts := []string{"apiVersion: v1\n", "kind: Config\n", "x-more: {a: [1]}\n"}
	for _, k := range kinds() {
		if d.IntN(6) > 0 {
			parts = append(parts, d.list(k))
		}
	}
	if d.IntN(2) == 0 {
		parts = append(parts, "current-context: "+d.oneOf(`""`, "other-0", "")+"\n")
	}
	d.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var b strings.Builder
	b.WriteString(d.oneOf("", "", "---\n"))
	for _, p := range parts {
		b.WriteString(d.noise() + p)
	}
	text := b.String() + d.noise() + d.oneOf("", "", "...\n", "# end\n")
	return variants[d.oneOf("as it is", "as it is", "CRLF", "BOM", "no last line end")](text)
}

// change is a random operation on one of three clusters.
func (d dice) change() Change {
	c := want(d.oneOf("prod", "test", "dev"))
	switch d.IntN(4) {
	case 0:
		return Change{Name: c.Name, Remove: true}
	case 1:
		c.Server = "https://moved.example.com"
		c.Exec.Env = map[string]string{"KUBECREDS_SOCKET": "/run/x"}
	case 2:
		c.CAData = []byte("-----BEGIN CERTIFICATE-----\n" + strings.Repeat("x", 200+d.IntN(9)) + "\n-----END CERTIFICATE-----\n")
	}
	return c
}

// skeleton is a file's text without blanks and without what makes room for our entries; it must never change.
func skeleton(text string) []string {
	strip := strings.NewReplacer(" ", "", "\t", "", "\r", "", "[]", "", "[", "", "]", "", "null", "", "~", "", `""`, "", ",", "")
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(strip.Replace(line), "\n"); line != "" && !strings.HasPrefix(line, "current-context") && !strings.HasPrefix(line, "\ufeffcurrent-context") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestRandomFilesKeepAllThatIsNotOursThroughRandomChanges(t *testing.T) {
	const files, steps = 300, 3
	for seed := range uint64(files) {
		d := dice{rand.New(rand.NewPCG(seed, 1))}
		original := d.file()
		text := original
		for range steps {
			before, err := clientcmd.Load([]byte(text))
			if err != nil {
				t.Fatalf("%d: %v\n%s", seed, err, text)
			}
			next, err := keepsOthers(t, text, before, d.change())
			if err != nil {
				t.Fatalf("%d: refused: %v\n%s", seed, err, text)
			}
			text = next
			if missing := lost(original, text); missing != "" {
				t.Fatalf("%d: %q is gone from\n%s\nin\n%s", seed, missing, original, text)
			}
		}
		// What is left when all of ours go is what was there at first: nothing was taken, and nothing forgotten.
		text = planned(t, text, Change{Name: "prod", Remove: true}, Change{Name: "test", Remove: true}, Change{Name: "dev", Remove: true})
		got, first := skeleton(text), skeleton(original)
		for _, k := range kinds() {
			if !slices.Contains(first, k.key()+":") {
				got = slices.DeleteFunc(got, func(s string) bool { return s == k.key()+":" })
			}
		}
		if !slices.Equal(got, first) {
			t.Fatalf("%d: left over: %q\nwas %q", seed, got, first)
		}
	}
	t.Logf("%d files, %d changes each", files, steps)
}
