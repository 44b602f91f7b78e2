package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is what is wrong with a configuration file: one line for the person.
type Error struct {
	File    string // its path
	Line    int    // 0 where it concerns the whole file
	Problem string
	Write   string // what to write instead; "" where nothing can be said
}

// Error returns "config.yaml:12: …; write …".
func (e *Error) Error() string {
	s := filepath.Base(e.File)
	if e.Line > 0 {
		s += ":" + strconv.Itoa(e.Line)
	}
	s += ": " + e.Problem
	if e.Write != "" {
		s += "; write " + e.Write
	}
	return s
}

// maxSize is the longest configuration file, in bytes.
const maxSize = 1 << 20

// Load reads the configuration file at path. No file is an empty Config. The error is an *Error about the first thing that
// is wrong; beside it the Config holds the accounts and clusters in which nothing is wrong, and whose account is right.
func Load(path string) (Config, error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, &Error{File: path, Problem: "it cannot be read: " + reason(err)}
	}
	return parse(path, data)
}

// read returns at most maxSize bytes of the file at path, and an error if it is longer.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = errors.New("it is longer than 1 MiB")
	}
	return data, err
}

// reason is an error without the name of the file, which stands before it already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return clean(err.Error())
}

// parse reads the text of the configuration file at path.
func parse(path string, data []byte) (Config, error) {
	l := &loader{file: path, lines: map[string]int{}}
	root, ok := l.document(data)
	if !ok {
		return Config{}, l.first()
	}
	var c Config
	if root != nil {
		c = l.config(root)
	}
	return c, l.first()
}

// loader reads YAML nodes and collects what is wrong with them.
type loader struct {
	file   string
	faults []*Error
	lines  map[string]int // where each account and cluster was named first
	use    string         // an account that is there already; see Offer
}

// first returns the fault that stands first in the file.
func (l *loader) first() error {
	if len(l.faults) == 0 {
		return nil
	}
	return slices.MinFunc(l.faults, func(a, b *Error) int { return a.Line - b.Line })
}

// fault notes that something is wrong at n. The problem's %q arguments are what the person wrote.
func (l *loader) fault(n *yaml.Node, write, problem string, args ...any) {
	l.faults = append(l.faults, &Error{l.file, n.Line, clean(fmt.Sprintf(problem, args...)), clean(write)})
}

// document returns the mapping that a configuration file is, nil for an empty file.
func (l *loader) document(data []byte) (*yaml.Node, bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, true
	} else if err != nil {
		l.faults = append(l.faults, syntax(l.file, err))
		return nil, false
	}
	if err := decoder.Decode(&second); err == nil {
		l.fault(&second, "one document", "a second document begins here")
		return nil, false
	} else if !errors.Is(err, io.EOF) {
		l.faults = append(l.faults, syntax(l.file, err))
		return nil, false
	}
	root := first.Content[0]
	if null(root) {
		return nil, true
	}
	return root, true
}

// syntax turns "yaml: line 3: did not find expected key" into an Error.
func syntax(file string, err error) *Error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{File: file, Write: "it as YAML: keys and values indented by blanks"}
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, what, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				e.Line, text = n, what
			}
		}
	}
	e.Problem = "this is not YAML: " + clean(text)
	return e
}

// config reads the whole file.
func (l *loader) config(root *yaml.Node) Config {
	var c Config
	var accounts, clusters *yaml.Node
	kubeconfigs := DefaultKubeconfigs()
	l.mapping(root, "the configuration", fields{
		"kubeconfigs": func(n *yaml.Node) {
			if !null(n) {
				kubeconfigs = nil
			}
			for _, p := range l.texts(n, "kubeconfigs", "~/.kube/config") {
				kubeconfigs = append(kubeconfigs, l.path(p))
			}
		},
		"accounts": func(n *yaml.Node) { accounts = n },
		"clusters": func(n *yaml.Node) { clusters = n },
	})
	c.Kubeconfigs = kubeconfigs
	named := map[string]bool{l.use: l.use != ""} // accounts that were written, right or wrong
	for _, n := range l.sequence(accounts, "accounts", "- name: …") {
		before := len(l.faults)
		a := l.account(n)
		named[a.Name] = true
		l.sharing(n, a, c.Accounts)
		if len(l.faults) == before {
			c.Accounts = append(c.Accounts, a)
		}
	}
	right := func(name string) bool {
		return name == l.use && name != "" || slices.ContainsFunc(c.Accounts, func(a Account) bool { return a.Name == name })
	}
	for _, n := range l.sequence(clusters, "clusters", "- name: …") {
		before := len(l.faults)
		cluster := l.cluster(n, named)
		if len(l.faults) == before && right(cluster.Account) {
			c.Clusters = append(c.Clusters, cluster)
		}
	}
	return c
}

// DefaultKubeconfigs are the files that are read and written where the configuration names none.
func DefaultKubeconfigs() []string { return []string{expand("~/.kube/config", "")} }

// sharing refuses an account that cannot be told from another: the same sessions under two names.
func (l *loader) sharing(n *yaml.Node, a Account, others []Account) {
	for _, o := range others {
		same := o.Issuer == a.Issuer && o.ClientID == a.ClientID && o.Audience == a.Audience && slices.Equal(o.Scopes, a.Scopes)
		if same && (a.Username == "" || o.Username == "" || a.Username == o.Username) {
			l.fault(n, "username: … in both", "accounts %q and %q share issuer, client and scopes, and no user names tell them apart", o.Name, a.Name)
		}
	}
}

// path makes p absolute: ~ is the home folder, anything else relative is meant from the configuration's folder.
func (l *loader) path(p string) string { return expand(p, filepath.Dir(l.file)) }

// expand makes p absolute.
func expand(p, dir string) string {
	if rest, ok := strings.CutPrefix(p, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if !filepath.IsAbs(p) {
		p = filepath.Join(dir, p)
	}
	if abs, err := filepath.Abs(p); err == nil {
		return abs
	}
	return filepath.Clean(p)
}
