package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// Entry finds the kubeconfig entry of a cluster among all there are in files, and judges it. writeError is why it could not be
// written; written tells whether it should have been: entries are made at the first login.
func Entry(cl config.Cluster, entries []kubeconfig.Entry, files []string, writeError string, written bool) (kubeconfig.Entry, wire.Finding) {
	if cl.Adopted {
		return adopted(cl, entries)
	}
	where := strings.Join(files, ", ")
	const again = "log out and in again: entries are written at a login"
	i := slices.IndexFunc(entries, func(e kubeconfig.Entry) bool { return e.Context == cl.Name })
	switch {
	case writeError != "":
		return kubeconfig.Entry{}, wire.Fail("not written: "+writeError, "do what it says")
	case i < 0 && !written:
		return kubeconfig.Entry{}, wire.OKf("not there yet: it is written at the login")
	case i < 0:
		return kubeconfig.Entry{}, wire.Fail("there is no context "+cl.Name+" in "+where, again)
	}
	e := entries[i]
	switch {
	case !e.Ours:
		return e, wire.Fail(fmt.Sprintf("the context %s in %s is not ours", cl.Name, e.File), "rename it there, or name the cluster otherwise in config.yaml")
	case e.Server != cl.Server:
		return e, wire.Fail(fmt.Sprintf("%s leads to %s, and config.yaml says %s", e.File, e.Server, cl.Server), again)
	case string(e.How) != string(cl.Delivery):
		return e, wire.Fail(fmt.Sprintf("%s delivers by %s, and config.yaml says %s", e.File, e.How, cl.Delivery), again)
	}
	return e, wire.OKf("context %s in %s", cl.Name, e.File)
}

// adopted finds the person's own entry for a cluster whose user was adopted: whatever its name, it must run a plugin.
func adopted(cl config.Cluster, entries []kubeconfig.Entry) (kubeconfig.Entry, wire.Finding) {
	for _, e := range entries {
		if e.Server == cl.Server && e.How == kubeconfig.HowExec && strings.HasPrefix(filepath.Base(e.Command), "kubectl-creds") {
			return e, wire.OKf("context %s in %s, adopted", e.Context, e.File)
		}
	}
	return kubeconfig.Entry{}, wire.Fail("no context that leads to "+cl.Server+" runs kubectl-creds any more", "kubectl creds adopt")
}

// Plugin judges the program that kubeconfig entries name.
func Plugin(path string, fi fs.FileInfo, err error) wire.Finding {
	const keep = "install kubecreds again, both programs in one folder, and start it from there"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wire.Fail(path+" is not there", keep)
	case err != nil:
		return wire.Fail(err.Error(), keep)
	case fi.IsDir() || runtime.GOOS != "windows" && fi.Mode().Perm()&0o111 == 0:
		return wire.Fail(path+" cannot be run", "chmod +x "+path)
	}
	return wire.OKf("%s", path)
}

// Kuberc judges whether kubectl's own policy in the file at path, which holds text, lets it run the plugin command.
func Kuberc(path string, text []byte, err error, command string) wire.Finding {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wire.OKf("no policy: there is no %s", path)
	case err != nil:
		return wire.Warn(err.Error(), "")
	}
	var rc struct {
		Policy    string `yaml:"credentialPluginPolicy"`
		Allowlist []struct {
			Command string `yaml:"command"`
			Name    string `yaml:"name"`
		} `yaml:"credentialPluginAllowlist"`
	}
	if yaml.Unmarshal(text, &rc) != nil { // whose words could quote the file
		return wire.Warn(path+" cannot be read", "kubectl says why")
	}
	allow := fmt.Sprintf("add to credentialPluginAllowlist in %s: - command: %s; or write delivery: token-file", path, command)
	switch rc.Policy {
	case "", "AllowAll":
		return wire.OKf("%s allows every plugin", path)
	case "DenyAll":
		return wire.Fail(path+" forbids every plugin", "write credentialPluginPolicy: Allowlist there, with command: "+command+"; or delivery: token-file in config.yaml")
	case "Allowlist":
	default:
		return wire.Warn(fmt.Sprintf("%s has a policy that is not known here: %.40q", path, rc.Policy), "kubectl says what it allows")
	}
	byName := false
	for _, e := range rc.Allowlist {
		entry := e.Command
		if entry == "" {
			entry = e.Name
		}
		if entry == command {
			return wire.OKf("%s allows the plugin", path)
		}
		byName = byName || entry == filepath.Base(command)
	}
	if byName {
		return wire.Warn(fmt.Sprintf("%s allows %s: it works if that leads to %s in the terminal's PATH", path, filepath.Base(command), command), allow)
	}
	return wire.Fail(path+" does not allow the plugin", allow)
}

// Terminal judges whether the terminal's kubectl reads a file that entries are written to. Paths are absolute, links resolved.
func Terminal(reads, writes []string) wire.Finding {
	for _, path := range reads {
		if slices.Contains(writes, path) {
			return wire.OKf("this terminal's kubectl reads %s", path)
		}
	}
	return wire.Fail(fmt.Sprintf("this terminal's KUBECONFIG is %s, and entries are written to %s", strings.Join(reads, ", "), strings.Join(writes, ", ")),
		"add one of the terminal's files to kubeconfigs in config.yaml, or unset KUBECONFIG")
}
