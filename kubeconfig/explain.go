package kubeconfig

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime"
)

// explain says in one line why client-go does not take text. client-go's own words are not used where they repeat the
// file: its error for a name that comes twice prints all users with their tokens.
func explain(path string, text []byte, err error) error {
	line, what := diagnose(text, err)
	if line == 0 {
		return fmt.Errorf("%s: %s", path, what)
	}
	return fmt.Errorf("%s: line %d: %s", path, line, what)
}

func diagnose(text []byte, err error) (line int, what string) {
	if line, what, ok := syntax(err); ok {
		return line, what
	}
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return 0, "not a kubeconfig"
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return root.Line, "not a kubeconfig: not a mapping"
	}
	if runtime.IsNotRegisteredError(err) {
		version, kind := child(root, "apiVersion"), child(root, "kind")
		if kind != nil && kind.Value != "" && kind.Value != "Config" {
			return kind.Line, "not a kubeconfig: its kind is not Config"
		}
		if version != nil {
			return version.Line, "an apiVersion that is not v1"
		}
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		what = fmt.Sprintf("%s cannot be of type %s", mismatch.Field, mismatch.Value)
		if n := misfit(root, strings.Split(mismatch.Field, "."), mismatch.Value); n != nil {
			return n.Line, what
		}
		return 0, what
	}
	if n, what := repeated(root); n != nil {
		return n.Line, what
	}
	if n := notBase64(root); n != nil {
		return n.Line, "not base64"
	}
	return 0, "not a kubeconfig that kubectl reads"
}

// syntax reads an error of the YAML parser, whose words are fixed but for what it calls an invalid key.
func syntax(err error) (line int, what string, ok bool) {
	m := regexp.MustCompile(`^(?:error converting YAML to JSON: )?yaml: (?:line (\d+): )?(.*)`).FindStringSubmatch(err.Error())
	if m == nil {
		return 0, "", false
	}
	line = 1 // where the parser names no line it means the first
	if m[1] != "" {
		_, _ = fmt.Sscan(m[1], &line)
		if strings.HasPrefix(m[2], "did not find expected") {
			line++ // of its parser's errors the library counts lines from 0, of its scanner's from 1
		}
	}
	switch {
	case strings.HasPrefix(m[2], "invalid map key"):
		return 0, "not a kubeconfig: a key that is not a word", true
	case strings.HasPrefix(m[2], "unmarshal errors"), strings.HasPrefix(m[2], "unknown anchor"), strings.HasPrefix(m[2], "document contains"):
		return 0, "not YAML: " + oneLine(m[2]), true
	}
	return line, "not YAML: " + oneLine(m[2]), true
}

// misfit finds the first node at path, through lists, whose value is of the JSON type that did not fit.
func misfit(n *yaml.Node, path []string, is string) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return nil
	}
	if len(path) == 0 && jsonType(n, is) {
		return n
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			if found := misfit(item, path, is); found != nil {
				return found
			}
		}
		return nil
	}
	if len(path) == 0 {
		return nil
	}
	if c := child(n, path[0]); c != nil {
		return misfit(c, path[1:], is)
	}
	return nil
}

// jsonType reports whether n is of the type that encoding/json calls is: "number 3" counts as a number.
func jsonType(n *yaml.Node, is string) bool {
	is, _, _ = strings.Cut(is, " ")
	switch n.Tag {
	case "!!int", "!!float":
		return is == "number"
	case "!!bool":
		return is == "bool"
	case "!!map":
		return is == "object"
	case "!!seq":
		return is == "array"
	}
	return is == "string"
}

// repeated finds the second of two entries with one name.
func repeated(root *yaml.Node) (*yaml.Node, string) {
	for _, k := range kinds() {
		list := child(root, k.key())
		if list == nil {
			continue
		}
		seen := map[string]bool{}
		for _, item := range list.Content {
			name, err := entryName(item)
			if err == nil && seen[name] {
				return item, fmt.Sprintf("a second %s named %q", k, name)
			}
			seen[name] = true
		}
	}
	return nil, ""
}

// notBase64 finds a certificate or key that is not base64.
func notBase64(n *yaml.Node) *yaml.Node {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && strings.HasSuffix(n.Content[i-1].Value, "-data") && c.Kind == yaml.ScalarNode {
			if _, err := base64.StdEncoding.DecodeString(c.Value); err != nil {
				return c
			}
		}
		if found := notBase64(c); found != nil {
			return found
		}
	}
	return nil
}

// child returns the value of a mapping's key, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// oneLine cuts s to one short line of printable characters.
func oneLine(s string) string {
	s = strings.TrimPrefix(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s), "yaml: ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}
