package keychain

import (
	"errors"
	"os/exec"
)

// lockedError reports whether err is /usr/bin/security's errSecInteractionNotAllowed (-25308, whose low byte is its exit
// status): the keychain is locked and this session may not ask for its password.
func lockedError(err error) bool {
	const interactionNotAllowed = 36
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == interactionNotAllowed
}
