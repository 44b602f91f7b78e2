package main

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/kubecreds/kubecreds/demo/control"
)

// configText is the configuration of kubecreds for the demo. Paths are quoted as JSON strings, which YAML reads.
const configText = `# Written by the demo's servers at each start.
kubeconfigs: [{{json .Kubeconfig}}]
accounts:
- name: corp
  issuer: {{json .Issuer}}
  clientID: {{.ClientID}}
{{.Account}}  certificateAuthority: {{json .CertificateAuthority}}
clusters:
{{- range .Clusters}}
- name: {{.Name}}
  account: corp
  server: {{json .Server}}
  certificateAuthority: {{json $.CertificateAuthority}}
{{- end}}
`

// accountText is what the account needs beside issuer and client where the provider has these manners, in the words of
// docs/providers.md.
func accountText(m control.Manners) string {
	scopes := "  scopes: [openid, email, profile, groups, offline_access]\n"
	switch m {
	case control.Google:
		return "  scopes: [openid, email, profile]\n  login: [browser]\n  prompt: consent\n  authParams: {access_type: offline}\n"
	case control.Hydra:
		return scopes + "  login: [browser]\n"
	case control.Panva:
		return scopes + "  login: [password, browser]\n  prompt: consent\n"
	case control.Entra:
		return scopes + "  login: [password, browser]\n  redirect: http://localhost\n"
	case control.Glewlwyd, control.Okta:
		return scopes + "  login: [password, browser]\n  redirect: http://localhost:8000\n"
	case control.DOT:
		return scopes + "  login: [browser]\n"
	}
	return scopes + "  login: [password]\n"
}

// write writes all files into s.dir, servers.json last, and returns the path of that.
func (running *servers) write(s settings) (ready string, err error) {
	described := control.Servers{
		Issuer:               running.provider.Issuer(),
		CertificateAuthority: filepath.Join(s.dir, "ca.pem"),
		Control:              running.control,
		Config:               filepath.Join(s.dir, "kubecreds", "config.yaml"),
	}
	for _, c := range running.clusters {
		described.Clusters = append(described.Clusters, control.Cluster{Name: c.Name(), Server: c.URL()})
	}
	if err := replace(described.CertificateAuthority, running.ca.PEM()); err != nil {
		return "", err
	}
	account := accountText(s.manners)
	if s.confidential {
		account = "  clientSecret: true\n" + account
	}
	config, err := renderConfig(described, cmp.Or(s.kubeconfig, filepath.Join(s.dir, "kubeconfig")), s.client(), account)
	if err != nil {
		return "", err
	}
	if err := replace(described.Config, []byte(config)); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(described, "", "  ")
	if err != nil {
		return "", err
	}
	ready = filepath.Join(s.dir, "servers.json")
	if err := replace(ready, append(data, '\n')); err != nil {
		return "", err
	}
	if s.readyFile != "" {
		return ready, replace(s.readyFile, append(data, '\n'))
	}
	return ready, nil
}

func renderConfig(described control.Servers, kubeconfig, client, account string) (string, error) {
	quote := func(v string) (string, error) {
		data, err := json.Marshal(v)
		return string(data), err
	}
	t, err := template.New("config").Funcs(template.FuncMap{"json": quote}).Parse(configText)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = t.Execute(&text, struct {
		control.Servers
		Kubeconfig, ClientID, Account string
	}{described, kubeconfig, client, account})
	return text.String(), err
}

// replace writes a file, and its folder, so that a reader finds the old contents or the new, never a part.
func replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) // gone already if all went well
	if _, err := draft.Write(data); err != nil {
		draft.Close()
		return err
	}
	if err := draft.Close(); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
