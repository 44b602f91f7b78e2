package wake

import (
	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/auth"
)

const (
	logind        = "org.freedesktop.login1"
	logindPath    = dbus.ObjectPath("/org/freedesktop/login1")
	logindManager = logind + ".Manager"
	network       = "org.freedesktop.NetworkManager"
	networkPath   = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	properties    = "org.freedesktop.DBus.Properties"
)

// NetworkManager's enumerations: NMState, NMConnectivityState.
const (
	stateConnectedSite = 60 // the first state with a default route
	connectivityFull   = 4  // 2 is a captive portal
)

// wanted are the signals to ask the bus for: no others wake the process.
func wanted() [][]dbus.MatchOption {
	return [][]dbus.MatchOption{
		{
			dbus.WithMatchSender(logind), dbus.WithMatchObjectPath(logindPath),
			dbus.WithMatchInterface(logindManager), dbus.WithMatchMember("PrepareForSleep"),
		},
		{
			dbus.WithMatchSender(network), dbus.WithMatchObjectPath(networkPath),
			dbus.WithMatchInterface(properties), dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, network),
		},
	}
}

// meaning says what a signal means and whose it must be. It returns 0 for one that means nothing here, or is not as
// documented.
func meaning(s *dbus.Signal) (look auth.Look, service string) {
	switch {
	case s.Name == logindManager+".PrepareForSleep" && len(s.Body) == 1:
		switch s.Body[0] {
		case true:
			return auth.LookSleeping, logind
		case false:
			return auth.LookResumed, logind
		}
	case s.Name == properties+".PropertiesChanged" && s.Path == networkPath && len(s.Body) >= 2 && s.Body[0] == network:
		if changed, ok := s.Body[1].(map[string]dbus.Variant); ok && networkCame(changed) {
			return auth.LookNetwork, network
		}
	}
	return 0, ""
}

// networkCame reports whether NetworkManager's changed properties may mean that a provider can be reached which could not
// before: a route, the end of a captive portal, another network, a VPN. What goes away is of no interest.
func networkCame(changed map[string]dbus.Variant) bool {
	state, _ := changed["State"].Value().(uint32)
	connectivity, _ := changed["Connectivity"].Value().(uint32)
	primary, _ := changed["PrimaryConnection"].Value().(dbus.ObjectPath)
	active, _ := changed["ActiveConnections"].Value().([]dbus.ObjectPath)
	return state >= stateConnectedSite || connectivity == connectivityFull || primary != "" && primary != "/" || len(active) > 0
}
