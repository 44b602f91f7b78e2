package kubeconfig

import (
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// The secrets that a user's entry may hold. In what is kept of it each is a mark instead.
const (
	ClientSecret = "client-secret"
	IDToken      = "id-token"
	RefreshToken = "refresh-token"

	markPrefix = "kubecreds.kept."
)

// Kept is what an adopted user was, without its secrets.
type Kept struct {
	File, User string
	Text       string // of the entry, with marks in place of its secrets
	Indent     string // of its dash
	Block      bool   // the list was in block style

	// Values are what the marks stand for now. A secret that is not there is left out.
	Values map[string]secret.Text `json:"-"`
}

// Keep returns what the user of a was, without its secrets.
func (a Adoption) Keep() (Kept, error) {
	k := a.kept
	var err error
	if k.Text, err = k.replaced(k.Text, func(name, _ string) string { return markPrefix + name }); err != nil {
		return Kept{}, cannot(k.File, err)
	}
	return k, nil
}

// Holds reports whether there was a secret of that name.
func (k Kept) Holds(name string) bool { return strings.Contains(k.Text, markPrefix+name) }

// replaced returns text, an entry like the one kept, with another value in place of each secret.
func (k Kept) replaced(text string, f func(name, value string) string) (string, error) {
	whole := enclose(text, k.Indent, k.Block, users)
	head := strings.Index(string(whole), text)
	doc, err := locate(whole)
	if err != nil {
		return "", err
	}
	edits, err := doc.secretEdits(f)
	if err != nil {
		return "", err
	}
	out := splice(whole, edits, doc.eol)
	tail := len(whole) - head - len(text)
	return string(out[head : len(out)-tail]), nil
}

// secretEdits puts another value in the place of each secret.
func (d *document) secretEdits(f func(name, value string) string) (edits []edit, err error) {
	list := child(d.root, users.key())
	if list == nil {
		return nil, nil
	}
	for _, s := range secretsIn(list) {
		start, err := d.offset(s.node)
		if err != nil {
			return nil, err
		}
		end, err := d.end(s.node)
		if err != nil {
			return nil, err
		}
		next := f(s.name, s.value)
		was := string(d.text[start:end])
		if s.value == "" || next == s.value {
			continue
		}
		to, err := rewritten(s.node, was, s.value, next)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit{start: start, end: end, text: []byte(to)})
	}
	return edits, nil
}

// rewritten is the scalar n, written as was, with next in place of the value at its end: in the same style where that can be.
func rewritten(n *yaml.Node, was, value, next string) (string, error) {
	want := strings.TrimSuffix(n.Value, value) + next
	if at := strings.LastIndex(was, value); at >= 0 && !strings.ContainsAny(next, ",[]{}#\r\n") {
		same := was[:at] + next + was[at+len(value):]
		var read any
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			return same, nil
		}
		if yaml.Unmarshal([]byte(same), &read) == nil && read == want {
			return same, nil
		}
	}
	if n.Style&yaml.SingleQuotedStyle != 0 && !strings.ContainsAny(next, "\r\n") {
		return "'" + strings.ReplaceAll(want, "'", "''") + "'", nil
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(want)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// written is a secret in a file.
type written struct {
	name, value string
	node        *yaml.Node // its scalar, which ends with the value
}

// secretsIn finds the secrets in a list of users.
func secretsIn(list *yaml.Node) (all []written) {
	for _, item := range list.Content {
		user := child(item, "user")
		if user == nil {
			continue
		}
		if provider := child(user, "auth-provider"); provider != nil {
			if config := child(provider, "config"); config != nil {
				for _, name := range []string{ClientSecret, IDToken, RefreshToken} {
					if n := child(config, name); n != nil && n.Kind == yaml.ScalarNode {
						all = append(all, written{name, n.Value, n})
					}
				}
			}
		}
		if exec := child(user, "exec"); exec != nil {
			if args := child(exec, "args"); args != nil {
				all = append(all, secretArgs(args)...)
			}
		}
	}
	return all
}

func secretArgs(args *yaml.Node) (all []written) {
	const flag = "--oidc-client-secret"
	for i, n := range args.Content {
		if v, ok := strings.CutPrefix(n.Value, flag+"="); ok {
			all = append(all, written{ClientSecret, v, n})
		}
		if n.Value == flag && i+1 < len(args.Content) {
			all = append(all, written{ClientSecret, args.Content[i+1].Value, args.Content[i+1]})
		}
	}
	return all
}

func (k Kept) where() (file, user string) { return k.File, k.User }

// complete reports whether there is a value for each mark.
func (k Kept) complete() bool {
	return !slices.ContainsFunc([]string{ClientSecret, IDToken, RefreshToken}, func(name string) bool {
		return k.Holds(name) && k.Values[name].Empty()
	})
}

// filled is the text with the values in place of their marks.
func (k Kept) filled() (string, error) {
	return k.replaced(k.Text, func(name, _ string) string { return k.Values[name].Reveal() })
}

func (k Kept) text(indent string, block bool) (string, bool) {
	if indent != k.Indent || block != k.Block || !k.complete() {
		return "", false
	}
	text, err := k.filled()
	return text, err == nil
}

// entry puts the user back that was there, if what is there now is what adoption made of it.
func (k Kept) entry(old *api.AuthInfo) (*api.AuthInfo, error) {
	if !k.stands(old) {
		return nil, errGone
	}
	c, err := clientcmd.Load(enclose(k.Text, k.Indent, k.Block, users))
	if err != nil || c.AuthInfos[k.User] == nil {
		return nil, errGone
	}
	u := c.AuthInfos[k.User]
	if u.AuthProvider != nil {
		for _, name := range []string{ClientSecret, IDToken, RefreshToken} {
			if k.Values[name].Empty() {
				delete(u.AuthProvider.Config, name)
			} else if _, had := u.AuthProvider.Config[name]; had {
				u.AuthProvider.Config[name] = k.Values[name].Reveal()
			}
		}
	}
	if u.Exec != nil {
		if k.Values[ClientSecret].Empty() {
			u.Exec.Args = withoutSecret(u.Exec.Args)
		}
		for i, arg := range u.Exec.Args {
			u.Exec.Args[i] = strings.Replace(arg, markPrefix+ClientSecret, k.Values[ClientSecret].Reveal(), 1)
		}
	}
	return u, nil
}

// stands reports whether the user still runs our plugin.
func (k Kept) stands(u *api.AuthInfo) bool {
	return u != nil && u.Exec != nil && strings.HasPrefix(program(u.Exec.Command), "kubectl-creds") && slices.Contains(u.Exec.Args, "get-token")
}

// PutBack reports whether another program has made the kept user what it was, or anything else that is not our plugin. A user
// that is gone was put back by nobody.
func (f *Files) PutBack(k Kept) bool {
	in := f.find(users, k.User)
	return in != nil && in.path == k.File && !k.stands(in.config.AuthInfos[k.User])
}
