package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// adopted is a user that `adopt` took over: what it was, and what was made for it. No secret is in it.
type adopted struct {
	kubeconfig.Kept
	Account  string
	Made     bool     // the account was made by adopt, and goes when nothing needs it any more
	Clusters []string // of the configuration that it opens
	Done     bool     `json:",omitempty"` // the kubeconfig was changed; not so where adopt was cut short
	Told     bool     `json:",omitempty"` // that another program has put back what it was
}

// adoptedFile is where they are kept.
func (a *Agent) adoptedFile() string { return filepath.Join(a.Places.State, "adopted.json") }

// adoptedUsers are the users that were adopted and not released. Where the file cannot be read there is an error: what it holds
// must not be overwritten.
func (a *Agent) adoptedUsers() (all []adopted, err error) {
	data, err := os.ReadFile(a.adoptedFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || json.Unmarshal(data, &all) != nil {
		return nil, fmt.Errorf("%s cannot be read; move it away to begin anew", a.adoptedFile())
	}
	return all, nil
}

// keepAdopted writes more of them down. One that was adopted before, and put back since by another program, is kept as it is now.
func (a *Agent) keepAdopted(more []adopted) error {
	if len(more) == 0 {
		return nil
	}
	a.keeping.Lock()
	defer a.keeping.Unlock()
	all, err := a.adoptedUsers()
	if err != nil {
		return err
	}
	for _, m := range more {
		all = slices.DeleteFunc(all, func(u adopted) bool { return u.File == m.File && u.User == m.User })
		all = append(all, m)
	}
	return config.SavePrivate(a.adoptedFile(), all)
}

// dropAdopted forgets users that were released.
func (a *Agent) dropAdopted(gone []adopted) error {
	a.keeping.Lock()
	defer a.keeping.Unlock()
	all, err := a.adoptedUsers()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(u adopted) bool {
		return slices.ContainsFunc(gone, func(g adopted) bool { return u.File == g.File && u.User == g.User })
	})
	if len(all) == 0 {
		if err := os.Remove(a.adoptedFile()); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return config.SavePrivate(a.adoptedFile(), all)
}
