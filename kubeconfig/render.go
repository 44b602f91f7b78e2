package kubeconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// rendered is an entry as an item of its list, in the order of keys that kubectl writes.
type rendered struct{ node *yaml.Node }

// render takes the entry of that kind in one.
func render(k kind, one *api.Config) (rendered, error) {
	text, err := clientcmd.Write(*one)
	if err != nil {
		return rendered{}, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return rendered{}, err
	}
	if list := child(doc.Content[0], k.key()); list != nil && len(list.Content) == 1 {
		return rendered{list.Content[0]}, nil
	}
	return rendered{}, errors.New("client-go did not write the entry")
}

// block returns the item in block style, with its dash, its lines but the first indented by indent columns.
func (r rendered) block(indent int, eol string) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := enc.Encode(r.node); err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return []byte("- " + strings.ReplaceAll(text, "\n", eol+strings.Repeat(" ", indent+2))), nil
}

// flow returns the item as JSON, which is YAML in flow style: on one line if step is empty, else with its lines but the
// first indented by prefix and nested by step.
func (r rendered) flow(prefix, step, eol string) ([]byte, error) {
	var v any
	if err := r.node.Decode(&v); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if step != "" {
		enc.SetIndent(prefix, step)
	}
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\n"), []byte(eol)), nil
}

// word returns s as a scalar on one line, of YAML or of JSON.
func word(s string, flow bool) ([]byte, error) {
	if flow {
		return json.Marshal(s)
	}
	text, err := yaml.Marshal(s)
	return bytes.TrimSuffix(text, []byte("\n")), err
}
