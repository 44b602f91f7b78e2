package agent

import (
	"github.com/kubecreds/kubecreds/agent/wire"
)

// autostartFromTerminal switches the start at login on or off, or says which it is.
func (a *Agent) autostartFromTerminal(c *wire.Conn, r wire.Request) wire.Done {
	if a.Autostart == nil {
		return wire.Done{Status: statusFailed, Message: "start at login is not there yet on this system; have it start: kubecreds"}
	}
	var err error
	switch r.Name() {
	case "on":
		err = a.Autostart.Enable()
	case "off":
		err = a.Autostart.Disable()
	case "":
	default:
		return wire.Done{Status: statusUsage, Message: "on or off?"}
	}
	if err != nil {
		return failed(err)
	}
	signal(a.dirty)
	on, err := a.Autostart.Enabled()
	switch {
	case err != nil:
		return failed(err)
	case on:
		return say(c, "start at login: on\n")
	}
	return say(c, "start at login: off\n")
}
