package kubeconfig

import "k8s.io/client-go/tools/clientcmd/api"

// How is the way a user entry authenticates.
type How string

// The ways. The first four are the words for a delivery.
const (
	HowExec         How = "exec"
	HowTokenFile    How = "token-file"
	HowToken        How = "token"
	HowAuthProvider How = "auth-provider"
	HowPassword     How = "password"
	HowCertificate  How = "certificate"
	HowNone         How = "none" // no credentials, or no such user
)

// Entry is one context, with the cluster and the user it names.
type Entry struct {
	File    string // that holds the context
	Context string
	Cluster string
	User    string
	Server  string // "" if no file has that cluster
	How     How
	Command string // of How exec: the plugin
	Ours    bool   // context, cluster and user all carry our extension
}

// Entries returns the contexts of all files as kubectl sees them: in the files' order, sorted by name within each, a name
// that an earlier file has left out.
func (f *Files) Entries() []Entry {
	var all []Entry
	for _, file := range f.files {
		for _, name := range names(file.config, contexts) {
			if f.find(contexts, name) == file {
				all = append(all, f.entry(file, name))
			}
		}
	}
	return all
}

func (f *Files) entry(file *file, name string) Entry {
	c := file.config.Contexts[name]
	e := Entry{
		File: file.path, Context: name, Cluster: c.Cluster, User: c.AuthInfo, How: HowNone,
		Ours: ours(file.config, contexts, name),
	}
	if in := f.find(clusters, c.Cluster); in != nil {
		e.Server = in.config.Clusters[c.Cluster].Server
		e.Ours = e.Ours && ours(in.config, clusters, c.Cluster)
	} else {
		e.Ours = false
	}
	if in := f.find(users, c.AuthInfo); in != nil {
		user := in.config.AuthInfos[c.AuthInfo]
		if e.How = how(user); e.How == HowExec {
			e.Command = user.Exec.Command
		}
		e.Ours = e.Ours && ours(in.config, users, c.AuthInfo)
	} else {
		e.Ours = false
	}
	return e
}

// how says which of a user's credentials client-go uses: a token wins over everything, silently.
func how(u *api.AuthInfo) How {
	switch {
	case u.TokenFile != "":
		return HowTokenFile
	case u.Token != "":
		return HowToken
	case u.Exec != nil:
		return HowExec
	case u.AuthProvider != nil:
		return HowAuthProvider
	case u.Username != "" || u.Password != "":
		return HowPassword
	case u.ClientCertificate != "" || len(u.ClientCertificateData) > 0:
		return HowCertificate
	}
	return HowNone
}
