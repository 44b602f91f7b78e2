package doctor

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth/keychain"
)

// Configuration judges config.yaml: fault is why it is not in force, "" if it is.
func Configuration(path, fault string, accounts, clusters int) wire.Finding {
	switch {
	case fault != "":
		return wire.Fail(fault, "mend the line; what worked before goes on meanwhile")
	case accounts == 0:
		return wire.Warn(path+" configures no account", "docs/configuration.md has an example")
	}
	return wire.OKf("%s: accounts: %d, clusters: %d", path, accounts, clusters)
}

// Keychain judges the writing, reading back and deleting of an item in the keychain of this system, which the program server
// keeps; "" where that is not known.
func Keychain(system, server string, err error) wire.Finding {
	name := map[string]string{"windows": "Credential Manager", "darwin": "login keychain"}[system]
	if name == "" {
		name = "Secret Service"
	}
	if server != "" {
		name += " (" + server + ")"
	}
	switch {
	case err == nil:
		return wire.OKf("%s: an item was written, read back and deleted", name)
	case errors.Is(err, keychain.ErrLocked):
		return wire.Fail(name+": it is locked", "unlock it: Unlock keychain… in the menu, or log in to the desktop with your password")
	case errors.Is(err, keychain.ErrUnavailable):
		return wire.Fail(name+": "+err.Error(), "install or start one (GNOME Keyring, KWallet, KeePassXC); without it a session ends with kubecreds")
	}
	return wire.Fail(name+": "+err.Error(), "restart the keychain's service, or look into it with the desktop's own program")
}

// Autostart judges the entry that starts kubecreds with the desktop.
func Autostart(on bool, err error) wire.Finding {
	switch {
	case err != nil:
		return wire.Fail(err.Error(), "tick Start at login in the menu once more")
	case !on:
		return wire.OKf("off: kubecreds starts when you or kubectl start it")
	}
	return wire.OKf("on: kubecreds starts with the desktop")
}

// Tray judges whether the icon can be seen.
func Tray(has, shown bool, err error) wire.Finding {
	switch {
	case !has:
		return wire.OKf("this agent runs without an icon")
	case err != nil:
		return wire.Warn("there is no session bus, so no icon", "start kubecreds in the desktop; everything else works")
	case !shown:
		return wire.Warn("nothing shows tray icons here", "GNOME: install the extension AppIndicator and KStatusNotifierItem Support; everything else works")
	}
	return wire.OKf("a program shows tray icons")
}

// Wake judges what tells of sleep and network.
func Wake(missing []string, err error) wire.Finding {
	const watched = "; the clock is watched in its place: renewals start up to 30 s after the machine wakes"
	switch {
	case err != nil:
		return wire.Warn(err.Error()+watched, "")
	case len(missing) > 0:
		return wire.Warn("not there: "+strings.Join(missing, ", ")+watched, "")
	}
	return wire.OKf("sleep, wake and network changes are told")
}

// Versions judges whether agent and client belong together.
func Versions(agent, client string) wire.Finding {
	if agent != client {
		return wire.Warn(fmt.Sprintf("kubecreds %s, kubectl-creds %s", agent, client), "they may differ while you upgrade; else: kubectl creds quit, kubectl creds start")
	}
	return wire.OKf("kubecreds and kubectl-creds %s", agent)
}

// Route is how one server is reached.
type Route struct {
	To    string // host
	Proxy string // scheme and host of the proxy; "": none
	From  string // what says so: a variable of the environment, or a key of config.yaml
}

// Proxy judges nothing: it says what proxy is used, and where that comes from.
func Proxy(routes []Route) []wire.Finding {
	var order []Route
	to := map[Route][]string{}
	for _, r := range routes {
		how := Route{Proxy: r.Proxy, From: r.From}
		if to[how] == nil {
			order = append(order, how)
		}
		to[how] = append(to[how], r.To)
	}
	var found []wire.Finding
	for _, how := range order {
		hosts := strings.Join(unique(to[how]), ", ")
		switch {
		case how.Proxy != "":
			found = append(found, wire.OKf("%s (%s): for %s", how.Proxy, how.From, hosts))
		case how.From != "":
			found = append(found, wire.OKf("none (%s): for %s", how.From, hosts))
		default:
			found = append(found, wire.OKf("none: for %s", hosts))
		}
	}
	if found == nil {
		return []wire.Finding{wire.OKf("none is needed: nothing is configured")}
	}
	return found
}

func unique(names []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n], out = true, append(out, n)
		}
	}
	return out
}
