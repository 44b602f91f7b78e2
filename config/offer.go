package config

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Offer reads text, a configuration that comes from elsewhere under the name file. It may hold accounts and clusters: issuers,
// endpoints, client IDs, scopes, ways to log in, certificates written out. What would run a program, lead around the network or
// read a file of this machine is refused by name. use is the name of an account that exists already and is meant where the
// clusters say so, "" for none: what text says of it does not count.
func Offer(file string, text []byte, use string) (Config, error) {
	l := &loader{file: file, lines: map[string]int{}, use: use}
	root, ok := l.document(text)
	if !ok {
		return Config{}, l.first()
	}
	if root == nil {
		return Config{}, &Error{File: file, Problem: "it is empty", Write: "accounts and clusters as in config.yaml"}
	}
	if l.refuse(root); len(l.faults) > 0 {
		return Config{}, l.first()
	}
	c := l.config(root)
	c.Kubeconfigs = nil
	c.Accounts = slices.DeleteFunc(c.Accounts, func(a Account) bool { return a.Name == use })
	return c, l.first()
}

// refuse notes the keys that a configuration from elsewhere must not have.
func (l *loader) refuse(root *yaml.Node) {
	refused := map[string]string{
		"kubeconfigs":              "it names files of yours; write them into config.yaml yourself",
		"browserCommand":           "it runs a program; write it into config.yaml yourself",
		"proxy":                    "it leads everything you send through it; write it into config.yaml yourself",
		"certificateAuthority":     "it is a path; write certificateAuthorityData instead",
		"clientCertificate":        "client certificates are not used",
		"clientCertificateData":    "client certificates are not used",
		"clientKey":                "client certificates are not used",
		"clientKeyData":            "client certificates are not used",
		"client-certificate-data":  "client certificates are not used",
		"client-key-data":          "client certificates are not used",
		"refreshTokenInKubeconfig": "it leaves a secret in a file; write it into config.yaml yourself",
		"adopted":                  "only `kubectl creds adopt` writes it",
	}
	check := func(n *yaml.Node) {
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if why, no := refused[n.Content[i].Value]; no {
				l.fault(n.Content[i], "the file without it", "%s is not taken from elsewhere: %s", n.Content[i].Value, why)
			}
		}
	}
	check(root)
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		for _, entry := range root.Content[i+1].Content {
			check(entry)
		}
	}
}
