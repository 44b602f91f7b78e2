package kubeconfig

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd/api"
)

// kind is one of the three lists of a kubeconfig. An entry is handled as a config that holds nothing else, so that the
// rest of the package need not know the three types.
type kind uint8

const (
	clusters kind = iota
	users
	contexts
)

// kinds returns the three, in the order in which they are planned.
func kinds() []kind { return []kind{clusters, users, contexts} }

// key is the list's key in the file.
func (k kind) key() string { return [...]string{"clusters", "users", "contexts"}[k] }

// String is the word for one entry.
func (k kind) String() string { return [...]string{"cluster", "user", "context"}[k] }

// pick returns a config with nothing but c's entry of that kind and name, which it shares; nil if c has none.
func pick(c *api.Config, k kind, name string) *api.Config {
	one := &api.Config{}
	switch k {
	case clusters:
		if e := c.Clusters[name]; e != nil {
			one.Clusters = map[string]*api.Cluster{name: e}
			return one
		}
	case users:
		if e := c.AuthInfos[name]; e != nil {
			one.AuthInfos = map[string]*api.AuthInfo{name: e}
			return one
		}
	case contexts:
		if e := c.Contexts[name]; e != nil {
			one.Contexts = map[string]*api.Context{name: e}
			return one
		}
	}
	return nil
}

// put copies one's entries into c.
func put(c, one *api.Config) {
	maps.Copy(c.Clusters, one.Clusters)
	maps.Copy(c.AuthInfos, one.AuthInfos)
	maps.Copy(c.Contexts, one.Contexts)
}

// drop removes the entry of that kind and name from c.
func drop(c *api.Config, k kind, name string) {
	switch k {
	case clusters:
		delete(c.Clusters, name)
	case users:
		delete(c.AuthInfos, name)
	case contexts:
		delete(c.Contexts, name)
	}
}

// names returns the names of c's entries of that kind, sorted.
func names(c *api.Config, k kind) []string {
	switch k {
	case clusters:
		return slices.Sorted(maps.Keys(c.Clusters))
	case users:
		return slices.Sorted(maps.Keys(c.AuthInfos))
	default:
		return slices.Sorted(maps.Keys(c.Contexts))
	}
}

// ours reports whether c has an entry of that kind and name that carries our extension.
func ours(c *api.Config, k kind, name string) bool {
	one := pick(c, k, name)
	if one == nil {
		return false
	}
	var carried map[string]runtime.Object
	switch k {
	case clusters:
		carried = one.Clusters[name].Extensions
	case users:
		carried = one.AuthInfos[name].Extensions
	case contexts:
		carried = one.Contexts[name].Extensions
	}
	_, ok := carried[extension]
	return ok
}

// shallow returns a copy of c whose maps of entries are its own; the entries are shared.
func shallow(c *api.Config) *api.Config {
	s := *c
	s.Clusters, s.AuthInfos, s.Contexts = maps.Clone(c.Clusters), maps.Clone(c.AuthInfos), maps.Clone(c.Contexts)
	return &s
}
