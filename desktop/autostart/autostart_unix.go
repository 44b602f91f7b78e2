//go:build !windows

package autostart

// Enabled reports whether the entry is there and not switched off, by a desktop's settings or by hand.
func (e Entry) Enabled() (bool, error) {
	f, err := e.file()
	if err != nil {
		return false, err
	}
	return f.enabled()
}

// Enable writes the entry, whole or not at all, over one that was switched off: call it only when the person asks.
func (e Entry) Enable() (err error) {
	f, err := e.file()
	if err != nil {
		return err
	}
	if f.text, err = e.text(); err != nil {
		return err
	}
	return f.enable()
}

// Disable removes the entry. One that is not there is no error.
func (e Entry) Disable() error {
	f, err := e.file()
	if err != nil {
		return err
	}
	return f.disable()
}
