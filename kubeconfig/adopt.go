package kubeconfig

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
)

// Adoption has a user run our plugin in place of the program that logs it in now. The rest of the entry stays: flags, env,
// impersonation, extensions.
type Adoption struct {
	Foreign
	Command string            // absolute and clean
	Env     map[string]string // ours, beside what is there
	Account string            // named where the entry has no flags of kubelogin's
}

// Swap is another text for one user: an Adoption or a Kept.
type Swap interface {
	where() (file, user string)
	// entry is what the user shall be that is old now. errGone: nothing is to be done any more.
	entry(old *api.AuthInfo) (*api.AuthInfo, error)
	// text is the bytes that said so before, if there are any, for a place like that of the entry.
	text(indent string, block bool) (string, bool)
}

var (
	errGone  = errors.New("it is not what it was")
	errMoved = errors.New("it was changed meanwhile; try again")
)

func (a Adoption) where() (file, user string)       { return a.File, a.User }
func (a Adoption) text(string, bool) (string, bool) { return "", false }

func (a Adoption) entry(old *api.AuthInfo) (*api.AuthInfo, error) {
	if !reflect.DeepEqual(old, a.was) {
		return nil, errMoved
	}
	u := old.DeepCopy()
	e := &api.ExecConfig{APIVersion: execVersion}
	if u.Exec != nil {
		e = u.Exec
	}
	e.Command, e.InstallHint, e.ProvideClusterInfo = a.Command, installHint, true
	e.Args = []string{"get-token", "--account", a.Account}
	if len(a.args) > 0 {
		e.Args = append([]string{"get-token"}, withoutSecret(a.args)...)
	}
	if e.InteractiveMode == "" {
		e.InteractiveMode = api.IfAvailableExecInteractiveMode
	}
	for name, value := range a.Env {
		e.Env = slices.DeleteFunc(e.Env, func(v api.ExecEnvVar) bool { return v.Name == name })
		e.Env = append(e.Env, api.ExecEnvVar{Name: name, Value: value})
	}
	u.Exec, u.AuthProvider = e, nil
	return u, nil
}

// withoutSecret takes the client secret out of kubelogin's flags.
func withoutSecret(args []string) (kept []string) {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--oidc-client-secret":
			i++
		case strings.HasPrefix(args[i], "--oidc-client-secret="):
		default:
			kept = append(kept, args[i])
		}
	}
	return kept
}

// PlanUsers finds out what has to be written to change users that are not ours. Like Plan it is pure. Users that are gone, or
// that another program has changed since they were adopted, are left alone.
func (f *Files) PlanUsers(want ...Swap) (Diff, error) {
	d := Diff{from: f, swaps: want}
	for _, file := range f.files {
		var mine []Swap
		for _, s := range want {
			path, user := s.where()
			if path == file.path && pick(file.config, users, user) != nil {
				mine = append(mine, s)
			}
		}
		if len(mine) == 0 {
			continue
		}
		text, shown, err := file.swapped(mine)
		if err != nil {
			return Diff{}, cannot(file.path, err)
		}
		if string(text) != string(file.text) {
			d.rewrites = append(d.rewrites, rewrite{file, text})
			d.shown = append(append(d.shown, file.path+":"), shown...)
		}
	}
	return d, nil
}

// swapped returns the file's new text, once client-go has read in it exactly what was meant, and what changed, for a person.
func (f *file) swapped(swaps []Swap) (text []byte, shown []string, err error) {
	for _, asBefore := range []bool{true, false} {
		text, shown, err = f.trySwap(swaps, asBefore)
		if err == nil {
			break
		}
	}
	return text, shown, err
}

// trySwap is swapped with the bytes that an entry had before, or with new ones.
func (f *file) trySwap(swaps []Swap, asBefore bool) ([]byte, []string, error) {
	doc, err := locate(f.short)
	if err != nil {
		return nil, nil, err
	}
	l, err := doc.list(users, names(f.config, users))
	if err != nil {
		return nil, nil, err
	}
	expected := shallow(f.config)
	var edits []edit
	var shown []string
	for _, s := range swaps {
		_, user := s.where()
		old, err := f.original(doc, l, l.items[user], users, user)
		if err != nil {
			return nil, nil, err
		}
		wanted, err := s.entry(old.AuthInfos[user])
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("user %s: %w", clipped(user), err)
		}
		one := api.NewConfig()
		one.AuthInfos[user] = wanted
		read, err := asRead(one, users, user)
		if err != nil {
			return nil, nil, err
		}
		put(expected, read)
		e, indent, err := f.rewriteUser(doc, l, l.items[user], s, one, asBefore)
		if err != nil {
			return nil, nil, err
		}
		edits = append(edits, e)
		shown = append(shown, f.show(e, indent, doc.isBlock(l))...)
	}
	text := splice(f.text, edits, doc.eol)
	short, _ := shorten(text)
	if got, err := load(short); err != nil || !reflect.DeepEqual(got, expected) {
		return nil, nil, errors.New("the file is written in a way that kubecreds cannot change safely; " +
			"`kubectl config view --raw` shows it in the plain way")
	}
	return text, shown, nil
}

// rewriteUser is the edit that makes the item at place i what one says, and how its dash is indented.
func (f *file) rewriteUser(doc *document, l list, i int, s Swap, one *api.Config, asBefore bool) (e edit, indent string, err error) {
	start, end, err := doc.span(l, l.value.Content[i])
	if err != nil {
		return e, "", err
	}
	e = edit{start: fullOffset(f.cuts, start), end: fullOffset(f.cuts, end)}
	if doc.isBlock(l) {
		indent, _ = doc.indentOf(start)
	}
	if text, ok := s.text(indent, doc.isBlock(l)); ok && asBefore {
		e.text = []byte(text)
		return e, indent, nil
	}
	r, err := render(users, one)
	if err != nil {
		return e, "", err
	}
	if doc.isBlock(l) {
		e.text, err = r.block(l.value.Column-1, doc.eol)
		return e, indent, err
	}
	prefix, step := doc.flowIndent(start)
	e.text, err = r.flow(prefix, step, doc.eol)
	return e, indent, err
}
