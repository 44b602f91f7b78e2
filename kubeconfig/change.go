package kubeconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	extension   = "kubecreds" // the name of the extension that says an entry is ours
	userPrefix  = "kubecreds-"
	execVersion = "client.authentication.k8s.io/v1"
	installHint = "kubecreds is not installed here; install it, or remove this user from the kubeconfig"
)

// Change is what we want of one cluster: its three entries as described, or gone.
//
// What a person added to our entries stays: a namespace, a proxy, impersonation, other extensions. The cluster's server and
// TLS settings and the user's credentials are ours to say.
type Change struct {
	Name   string // of cluster and context; the user is kubecreds-NAME
	Remove bool   // all of ours with that name, in all files; the fields below do not matter

	Account       string // noted in the extension
	Server        string // https URL
	TLSServerName string // "": the server's host
	// The API server's CA: an absolute path, or PEM, or neither for the system's roots.
	CAFile string
	CAData []byte
	// How kubectl gets the token: by Exec, unless there is something Instead. Other ways leave the user entry.
	Exec    Exec
	Instead Credential
	// Update says to change the entries that are there and to make none: a person may have removed them.
	Update bool
}

// Exec is the credential plugin that kubectl runs. It gets the cluster's data, and the terminal where there is one.
type Exec struct {
	Command string // absolute and clean, so that a kuberc policy can name it; no path that an upgrade changes
	Args    []string
	Env     map[string]string
}

// UserName returns the name of the user entry for the cluster of that name.
func UserName(cluster string) string { return userPrefix + cluster }

// TakenError says that an entry we want to write exists and is not ours.
type TakenError struct {
	Name string // of the entry
	Kind string // "cluster", "user" or "context"
	File string

	cluster string // of the change
}

// Error names the key to change.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s: this name is taken: change it in config.yaml (clusters: name: %s), or the %s %q in %s, which kubecreds did not write",
		e.cluster, e.cluster, e.Kind, e.Name, e.File)
}

// check says what is wrong with c by itself.
func (c Change) check() error {
	switch {
	case c.Name == "" || strings.ContainsFunc(c.Name, unicode.IsControl):
		return fmt.Errorf("%q cannot be the name of a cluster", c.Name)
	case c.Remove:
		return nil
	case c.Server == "":
		return fmt.Errorf("%s: no server", c.Name)
	case c.CAFile != "" && len(c.CAData) > 0:
		return fmt.Errorf("%s: both a file and data for the certificate authority; choose one", c.Name)
	case c.CAFile != "" && !filepath.IsAbs(c.CAFile):
		return fmt.Errorf("%s: the certificate authority's path %s is not absolute", c.Name, c.CAFile)
	case c.Instead != nil:
		if err := c.Instead.check(); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		return nil
	case !filepath.IsAbs(c.Exec.Command) || filepath.Clean(c.Exec.Command) != c.Exec.Command:
		return fmt.Errorf("%s: the plugin's path %s is not absolute and clean", c.Name, c.Exec.Command)
	}
	return nil
}

// name returns the name of the change's entry of that kind.
func (c Change) name(k kind) string {
	if k == users {
		return UserName(c.Name)
	}
	return c.Name
}

// entry returns the wanted entry of that kind: a copy of old, if there is one, with what is ours to say.
func (c Change) entry(k kind, old *api.Config) *api.Config {
	note, _ := json.Marshal(map[string]string{"account": c.Account}) // strings always marshal
	sign := &runtime.Unknown{Raw: note, ContentType: runtime.ContentTypeJSON}
	one, name := api.NewConfig(), c.name(k)
	if old != nil {
		put(one, old.DeepCopy())
	}
	switch k {
	case clusters:
		e := one.Clusters[name]
		if e == nil {
			e = api.NewCluster()
			one.Clusters[name] = e
		}
		e.Server, e.TLSServerName, e.InsecureSkipTLSVerify = c.Server, c.TLSServerName, false
		e.CertificateAuthority, e.CertificateAuthorityData = c.CAFile, c.CAData
		e.Extensions = signed(e.Extensions, sign)
	case users:
		e := one.AuthInfos[name]
		if e == nil {
			e = api.NewAuthInfo()
			one.AuthInfos[name] = e
		}
		// client-go prefers a token to a plugin silently, and refuses an auth provider beside one.
		e.Token, e.TokenFile, e.Username, e.Password, e.AuthProvider, e.Exec = "", "", "", "", nil, nil
		if c.Instead != nil {
			c.Instead.into(e)
		} else {
			e.Exec = c.Exec.config()
		}
		e.Extensions = signed(e.Extensions, sign)
	case contexts:
		e := one.Contexts[name]
		if e == nil {
			e = api.NewContext()
			one.Contexts[name] = e
		}
		e.Cluster, e.AuthInfo = c.Name, UserName(c.Name)
		e.Extensions = signed(e.Extensions, sign)
	}
	return one
}

func signed(extensions map[string]runtime.Object, sign runtime.Object) map[string]runtime.Object {
	if extensions == nil {
		extensions = map[string]runtime.Object{}
	}
	extensions[extension] = sign
	return extensions
}

func (e Exec) config() *api.ExecConfig {
	c := &api.ExecConfig{
		APIVersion:         execVersion,
		Command:            e.Command,
		Args:               e.Args,
		InstallHint:        installHint,
		ProvideClusterInfo: true,
		InteractiveMode:    api.IfAvailableExecInteractiveMode,
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		c.Env = append(c.Env, api.ExecEnvVar{Name: name, Value: e.Env[name]})
	}
	return c
}

// asRead returns the entry as client-go reads it after it has written it, with its defaults, and shortened as files are, so
// that it compares with what a file holds.
func asRead(one *api.Config, k kind, name string) (*api.Config, error) {
	text, err := clientcmd.Write(*one)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	short, _ := shorten(text)
	read, err := load(short)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if one = pick(read, k, name); one == nil {
		return nil, errors.New(name + ": kubectl would not read this name back")
	}
	return one, nil
}
