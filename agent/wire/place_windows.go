package wire

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

const pipes = `\\.\pipe\`

func standardDir() (string, error) {
	dir := os.Getenv("LocalAppData")
	if !filepath.IsAbs(dir) {
		return "", errors.New("no folder for the agent's lock: LocalAppData is not set")
	}
	return filepath.Join(dir, "kubecreds", "run"), nil
}

// socketName is the name of this user's pipe, or of the pipe of their agent under home.
func socketName(_, home string) string {
	name := pipes + "kubecreds-" + userSID()
	if home != "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(strings.ToLower(home)))
		name += fmt.Sprintf("-%016x", h.Sum64())
	}
	return name
}

// userSID is this process's user. It cannot fail for one's own process; "" would only make a pipe that nobody can open.
func userSID() string {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return ""
	}
	return user.User.Sid.String()
}

// checkNamed refuses pipes of other machines and everything that is no pipe.
func checkNamed(socket string) error {
	if !strings.HasPrefix(strings.ToLower(socket), pipes) {
		return fmt.Errorf(`KUBECREDS_SOCKET=%s: not a pipe of this machine: it begins with %s`, socket, pipes)
	}
	return nil
}

// checkOwnDir requires a real folder. Who may write it is what the profile's inherited ACL says; the pipe has its own.
func checkOwnDir(dir string) error {
	fi, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return fmt.Errorf("%s: %w: not a folder; remove it", dir, ErrNotOurs)
	}
	return nil
}

func checkParent(string) error { return nil }

func openOwn(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }

// tryLock takes f's lock, which ends with f.
func tryLock(f *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// checkShared has nothing to check: a pipe's access is its own.
func checkShared(string) error { return nil }
