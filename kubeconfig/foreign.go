package kubeconfig

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Foreign is a user that another program logs in at a provider: int128's kubelogin, or kubectl's own OpenID Connect client. With
// Ours it is one that runs our plugin with kubelogin's flags already.
type Foreign struct {
	File, User string
	Program    string // for texts
	Ours       bool
	Login      Login
	Uses       []Use    // sorted by context
	Cannot     []string // why it has to stay as it is; none: it can be adopted

	was  *api.AuthInfo
	args []string // the flags of a plugin
	kept Kept     // the entry as it is written, with its secrets
}

// KubeloginProgram is Foreign.Program of int128's kubelogin.
const KubeloginProgram = "kubelogin"

// Use is a context with that user, and its API server.
type Use struct {
	Context, Cluster, Server, TLSServerName string

	CAFile string // absolute
	CAData []byte // PEM
}

// Foreign returns the users that kubelogin or kubectl itself logs in, as kubectl sees them, in the files' order and sorted by
// name. The error is one of reading.
func (f *Files) Foreign() ([]Foreign, error) {
	var all []Foreign
	at := places{}
	for _, file := range f.files {
		for _, name := range names(file.config, users) {
			if f.find(users, name) != file {
				continue
			}
			u, ok := foreign(file.config.AuthInfos[name])
			if !ok {
				continue
			}
			u.File, u.User = file.path, name
			if len(u.Login.CAFile) > 0 {
				u.Login.CAFile = beside(file.path, u.Login.CAFile)
			}
			err := at.written(file, &u)
			if err == nil {
				err = f.uses(at, &u)
			}
			if err != nil {
				return nil, cannot(file.path, err)
			}
			all = append(all, u)
		}
	}
	return all, nil
}

// places are where the entries of files stand, found once a file.
type places map[*file]*place

type place struct {
	doc   *document
	lists map[kind]list
}

// of returns where the entries of that kind stand in file.
func (at places) of(file *file, k kind) (*document, list, error) {
	if at[file] == nil {
		doc, err := locate(file.short)
		if err != nil {
			return nil, list{}, err
		}
		at[file] = &place{doc, map[kind]list{}}
	}
	p := at[file]
	if l, found := p.lists[k]; found {
		return p.doc, l, nil
	}
	l, err := p.doc.list(k, names(file.config, k))
	p.lists[k] = l
	return p.doc, l, err
}

// written notes how u is written in file.
func (at places) written(file *file, u *Foreign) error {
	doc, l, err := at.of(file, users)
	if err != nil {
		return err
	}
	u.kept = Kept{File: file.path, User: u.User, Block: doc.isBlock(l)}
	u.kept.Text, u.kept.Indent, err = file.cutOut(doc, l, l.items[u.User])
	return err
}

// foreign reads a user's entry. ok: it is one that Foreign is about.
func foreign(u *api.AuthInfo) (f Foreign, ok bool) {
	f.was = u
	switch {
	case u.Exec != nil:
		ok = f.readExec(u.Exec)
	case u.AuthProvider != nil:
		ok = true
		f.readProvider(u.AuthProvider)
	}
	if !ok {
		return f, false
	}
	if u.Token != "" || u.TokenFile != "" || u.Username != "" || u.Password != "" || u.ClientCertificate != "" ||
		len(u.ClientCertificateData)+len(u.ClientKeyData) > 0 || u.ClientKey != "" {
		f.lose("it holds other credentials too")
	}
	return f, true
}

func (f *Foreign) lose(format string, args ...any) {
	f.Cannot = append(f.Cannot, fmt.Sprintf(format, args...))
}

// readExec reads a plugin's entry, and reports whether it is kubelogin's or ours with kubelogin's flags.
func (f *Foreign) readExec(e *api.ExecConfig) bool {
	words := 1
	switch program(e.Command) {
	case "kubectl":
		if len(e.Args) == 0 || e.Args[0] != "oidc-login" {
			return false
		}
		words = 2
	case "kubectl-oidc_login", "kubelogin":
	case "kubectl-creds", "kubectl-credsw":
		f.Ours = true
	default:
		return false
	}
	if len(e.Args) < words || e.Args[words-1] != "get-token" {
		return false
	}
	f.Program, f.args = KubeloginProgram, e.Args[words:]
	if !HasKubelogin(f.args) {
		f.Program = "Azure's kubelogin"
		f.lose("kubecreds does not replace it")
		return program(e.Command) == "kubelogin"
	}
	f.Login, f.Cannot = Kubelogin(f.args)
	for _, v := range e.Env {
		if strings.HasSuffix(strings.ToUpper(v.Name), "_PROXY") {
			f.lose("its env sets %s; write proxy into config.yaml", clipped(v.Name))
		}
	}
	return true
}

// program is the name of a program without folder and .exe, on whatever system the path was written.
func program(command string) string {
	return strings.TrimSuffix(command[strings.LastIndexAny(command, `/\`)+1:], ".exe")
}

// readProvider reads kubectl's own OpenID Connect client.
func (f *Foreign) readProvider(p *api.AuthProviderConfig) {
	f.Program = "the auth-provider " + clipped(p.Name)
	if p.Name != "oidc" {
		f.lose("kubecreds does not replace it")
		return
	}
	// It never logs in. What a login would ask for is not written there; what people are told apart by is asked for.
	l := Login{
		Issuer: p.Config["idp-issuer-url"], ClientID: p.Config["client-id"], Way: "browser", Redirect: "http://localhost:8000",
		ClientSecret: secret.New(p.Config["client-secret"]), CAFile: p.Config["idp-certificate-authority"],
		IDToken: secret.New(p.Config["id-token"]), RefreshToken: secret.New(p.Config["refresh-token"]),
		Scopes: unique(append([]string{"openid", "email", "profile", "offline_access"}, commas(p.Config["extra-scopes"])...)),
	}
	if data := p.Config["idp-certificate-authority-data"]; data != "" {
		ca, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			f.lose("idp-certificate-authority-data is not base64")
		}
		l.CAFile, l.CAData = "", ca
	}
	if l.Issuer == "" || l.ClientID == "" {
		f.lose("it names no provider or no client")
	}
	f.Login = l
}

// uses finds the contexts that have the user u.
func (f *Files) uses(at places, u *Foreign) error {
	for _, file := range f.files {
		for _, name := range names(file.config, contexts) {
			if f.find(contexts, name) != file || file.config.Contexts[name].AuthInfo != u.User {
				continue
			}
			use, why, err := f.use(at, name, file.config.Contexts[name].Cluster)
			if err != nil {
				return err
			}
			if why != "" {
				u.lose("%s", why)
			}
			u.Uses = append(u.Uses, use)
		}
	}
	if len(u.Uses) == 0 {
		u.lose("no context uses it")
	}
	slices.SortFunc(u.Uses, func(a, b Use) int { return strings.Compare(a.Context, b.Context) })
	return nil
}

// use is a context's API server; why says what keeps a token from being sent there.
func (f *Files) use(at places, context, cluster string) (u Use, why string, err error) {
	u = Use{Context: context, Cluster: cluster}
	in := f.find(clusters, cluster)
	if in == nil {
		return u, fmt.Sprintf("its context %s names a cluster that is not there", clipped(context)), nil
	}
	doc, l, err := at.of(in, clusters)
	if err != nil {
		return u, "", err
	}
	one, err := in.original(doc, l, l.items[cluster], clusters, cluster)
	if err != nil {
		return u, "", err
	}
	e := one.Clusters[cluster]
	u.Server, u.TLSServerName, u.CAData = e.Server, e.TLSServerName, e.CertificateAuthorityData
	if e.CertificateAuthority != "" && len(u.CAData) == 0 {
		u.CAFile = beside(in.path, e.CertificateAuthority)
	}
	switch address, err := url.Parse(e.Server); {
	case err != nil || address.Scheme != "https":
		why = fmt.Sprintf("its cluster %s is not reached over https", clipped(cluster))
	case e.InsecureSkipTLSVerify:
		why = fmt.Sprintf("its cluster %s is not verified (insecure-skip-tls-verify)", clipped(cluster))
	}
	return u, why, nil
}

// beside makes a path absolute that a kubeconfig at file names: ~ is not expanded by client-go, but by kubelogin.
func beside(file, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home := homeFolder(); home != "" {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(file), path)
}
