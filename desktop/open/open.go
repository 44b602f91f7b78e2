// Package open opens an address in the person's browser.
//
// An address may come from a provider, so it is checked and written anew before any program sees it: it begins with https://,
// or with http:// and this machine's loopback, and holds nothing that a program could take for the end of an argument.
package open

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// moment is how long a program is watched after its start: one that cannot open anything says so within it. Others may run
// as long as the browser does.
const moment = 2 * time.Second

// ErrAddress: the address is not one that is ever opened. The address is not quoted: it may hold what is for one browser only.
var ErrAddress = errors.New("the address is not opened: it must begin with https://, http://127.0.0.1 or http://[::1], and hold no user name")

// Open opens address in a browser: with command where it is given, that is a program, its arguments, and the address as the
// last one, with no shell between; else with the system's. The program inherits the environment, is not tied to ctx or to
// the life of this process, and is waited for no longer than 2 s.
//
// Errors: ErrAddress; ctx's; all others say why no browser opened and what to do, and are no reason to give up: the address
// can still be shown to be copied.
func Open(ctx context.Context, address string, command []string) error {
	address, err := Address(address)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(command) == 0 {
		return system(ctx, address)
	}
	err = run(ctx, moment, command[0], append(slices.Clone(command[1:]), address)...)
	var ended *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("browserCommand %s is not installed; correct it in the configuration", command[0])
	case errors.As(err, &ended):
		return fmt.Errorf("browserCommand %s opened nothing (%s)", command[0], ended.ProcessState)
	}
	return err
}

// Address returns s as it may be handed to a browser, or ErrAddress. Characters that RFC 3986 does not allow in an address
// (white space, quotes, backslashes, …) come back percent-encoded.
func Address(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Hostname() == "" {
		return "", ErrAddress
	}
	loopback := u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return "", ErrAddress
	}
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if allowed(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

// allowed reports whether c may stand in an address: the reserved and unreserved characters of RFC 3986 section 2, and %.
func allowed(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/?#[]@!$&'()*+,;=%", c) >= 0
}

// run starts program and returns nil when it ended well or still runs after patience. What it starts lives on.
func run(ctx context.Context, patience time.Duration, program string, args ...string) error {
	cmd := exec.Command(program, args...) // not bound to ctx: the browser outlives the login
	if runtime.GOOS == "windows" && isBatch(cmd.Path) {
		return fmt.Errorf("browserCommand %s is a batch file, which would read parts of an address as commands; name the browser itself", program)
	}
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isBatch reports whether Windows runs path with cmd.exe, whose reading of arguments nothing can quote for reliably.
func isBatch(path string) bool {
	ext := strings.ToLower(filepath.Ext(strings.TrimRight(path, ". ")))
	return ext == ".bat" || ext == ".cmd"
}
