package kubeconfig

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kubecreds/kubecreds/auth/secret"
)

const apart = "KUBECONFIG_TEST_APART"

// apartFrom runs test in a process of its own with mounts of its own, as root of a name space where it is not root already. It
// gets a folder to mount on.
func apartFrom(t *testing.T, test func(t *testing.T, folder string)) {
	t.Helper()
	if folder := os.Getenv(apart); folder != "" {
		must(t, syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
		test(t, folder)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), apart+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Skipf("this system lets nobody mount anything: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// refuses asserts that prod cannot be written into the kubeconfig at path, for that reason, and that its folder stays as it is.
func refuses(t *testing.T, path, reason string) {
	t.Helper()
	folder := filepath.Dir(path)
	before, err := os.ReadDir(folder)
	must(t, err)
	text := read(t, path)
	err = apply(t, []string{path}, want("prod"))
	if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), reason) ||
		!strings.HasSuffix(err.Error(), "; nothing was written") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v; want one line about %s: %s", err, path, reason)
	}
	if read(t, path) != text {
		t.Error("the file changed")
	}
	after, err := os.ReadDir(folder)
	must(t, err)
	if len(before) != len(after) {
		t.Errorf("the folder holds %v, was %v", after, before)
	}
}

func TestAFullDiskChangesNothing(t *testing.T) {
	apartFrom(t, func(t *testing.T, folder string) {
		must(t, syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"))
		path, token := filepath.Join(folder, "config"), filepath.Join(folder, "token")
		must(t, WriteTokenFile(context.Background(), token, secret.New("old")))
		must(t, os.WriteFile(path, []byte("# mine\n"+strings.Repeat("# x\n", 9000)), 0o600))
		refuses(t, path, "no space left on device")
		err := WriteTokenFile(context.Background(), token, secret.New(strings.Repeat("new", 20_000)))
		if err == nil || err.Error() != token+": no space left on device" || read(t, token) != "old" {
			t.Errorf("%v; the token file holds %q", err, read(t, token))
		}
		onlyHas(t, folder, "config", "token")
	})
}

func TestAReadOnlyMountChangesNothing(t *testing.T) {
	apartFrom(t, func(t *testing.T, folder string) {
		must(t, syscall.Mount("tmpfs", folder, "tmpfs", 0, ""))
		path := filepath.Join(folder, "config")
		must(t, os.WriteFile(path, []byte("# mine\n"), 0o600))
		must(t, syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		refuses(t, path, "read-only file system")
	})
}

func TestAFolderOfAnotherUserChangesNothing(t *testing.T) {
	if os.Getuid() != 0 { // a folder that we may not write comes near enough
		folder := t.TempDir()
		path := filepath.Join(folder, "config")
		must(t, os.WriteFile(path, []byte("# mine\n"), 0o600))
		must(t, os.Chmod(folder, 0o500))
		defer func() { must(t, os.Chmod(folder, 0o700)) }()
		refuses(t, path, "permission denied")
		return
	}
	apartFrom(t, func(t *testing.T, folder string) {
		must(t, syscall.Mount("tmpfs", folder, "tmpfs", 0, "mode=755"))
		path, hidden, open := filepath.Join(folder, "config"), filepath.Join(folder, "hidden"), filepath.Join(folder, "open")
		must(t, os.WriteFile(path, []byte("# theirs\n"), 0o644))
		must(t, os.WriteFile(hidden, []byte("# theirs\n"), 0o600))
		must(t, os.Mkdir(open, 0o700))
		must(t, os.Chmod(open, 0o777))
		readable := filepath.Join(open, "config")
		must(t, os.WriteFile(readable, []byte("# theirs\n"), 0o644))
		must(t, os.Chmod(filepath.Dir(folder), 0o711)) // the test's own, on the way there
		must(t, syscall.Setgroups(nil))
		must(t, syscall.Setgid(65534))
		must(t, syscall.Setuid(65534))
		refuses(t, path, "permission denied")
		refuses(t, readable, "permission denied")
		if _, err := Load([]string{hidden}); err == nil || err.Error() != hidden+": permission denied" {
			t.Error(err)
		}
	})
}
