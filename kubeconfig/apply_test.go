package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// apply plans and applies, with time enough.
func apply(t testing.TB, paths []string, want ...Change) error {
	t.Helper()
	f, err := Load(paths)
	if err != nil {
		return err
	}
	d, err := f.Plan(want...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return f.Apply(ctx, d)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

// onlyHas asserts that a folder holds nothing but the files of these names: no lock, no temporary file.
func onlyHas(t testing.TB, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		t.Errorf("the folder holds %q", names)
	}
}

func TestANewFileAndItsFolderArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home", ".kube", "config")
	must(t, apply(t, []string{path}, want("prod")))
	for p, mode := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if stat, err := os.Stat(p); err != nil || runtime.GOOS != "windows" && stat.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", p, stat.Mode(), err)
		}
	}
	onlyHas(t, filepath.Dir(path), "config")
}

func TestWritesNothingWhereNothingDiffers(t *testing.T) {
	path := write(t, "config", planned(t, "# mine\n", want("prod")))
	before, err := os.Stat(path)
	must(t, err)
	must(t, apply(t, []string{path}, want("prod"), Change{Name: "gone", Remove: true}))
	after, err := os.Stat(path)
	must(t, err)
	if !sameStat(before, after) {
		t.Error("written all the same")
	}
}

func TestKeepsModeAndSymbolicLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes, and links only for administrators")
	}
	target := write(t, "dotfile", "users: []\n")
	must(t, os.Chmod(target, 0o640))
	folder := t.TempDir()
	link := filepath.Join(folder, "config")
	must(t, os.Symlink(target, filepath.Join(folder, "between")))
	must(t, os.Symlink("between", link))
	must(t, apply(t, []string{link}, want("prod")))
	if to, err := os.Readlink(link); err != nil || to != "between" {
		t.Errorf("the link is gone: %v", err)
	}
	stat, err := os.Lstat(target)
	must(t, err)
	if !stat.Mode().IsRegular() || stat.Mode().Perm() != 0o640 || !strings.Contains(read(t, target), "kubecreds-prod") {
		t.Errorf("%v\n%s", stat.Mode(), read(t, target))
	}
	onlyHas(t, folder, "between", "config")
	onlyHas(t, filepath.Dir(target), "dotfile")
}

func TestMakesTheTargetOfALinkThatLeadsNowhere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links only for administrators")
	}
	folder := t.TempDir()
	link := filepath.Join(folder, "config")
	must(t, os.Symlink("later/config", link))
	must(t, apply(t, []string{link}, want("prod")))
	if !strings.Contains(read(t, filepath.Join(folder, "later", "config")), "kubecreds-prod") {
		t.Error("not written")
	}
}

func TestHonoursWriteProtection(t *testing.T) {
	path := write(t, "config", "")
	must(t, os.Chmod(path, 0o400))
	if err := apply(t, []string{path}, want("prod")); err == nil || err.Error() != path+": the file is read-only; nothing was written" {
		t.Errorf("%v", err)
	}
	onlyHas(t, filepath.Dir(path), "config")
}

func TestPutsNewEntriesWhereKubectlWouldAndChangesOthersWhereTheyStand(t *testing.T) {
	folder := t.TempDir()
	none, first, second := filepath.Join(folder, "none"), filepath.Join(folder, "first"), filepath.Join(folder, "second")
	all := []string{none, first, second, filepath.Join(folder, "last")}
	must(t, os.WriteFile(first, []byte("kind: Config\n"), 0o600))
	must(t, os.WriteFile(second, []byte(planned(t, "", want("prod"))), 0o600))
	moved := want("prod")
	moved.Server = "https://moved.example.com"
	must(t, apply(t, all, moved, want("test")))
	onlyHas(t, folder, "first", "second")
	if a, b := read(t, first), read(t, second); !strings.Contains(a, "kubecreds-test") || strings.Contains(a, "prod") || strings.Contains(a, "current-context") ||
		!strings.Contains(b, "https://moved") || strings.Contains(b, "test") {
		t.Errorf("first:\n%s\nsecond:\n%s", a, b)
	}
	must(t, apply(t, []string{none, all[3]}, want("prod")))
	onlyHas(t, folder, "first", "last", "second")
}

func TestSetsACurrentContextOnlyWhereNoFileHasOne(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{"", "", "prod"},
		{"current-context: \"\"\n", "", "prod"},
		{"", "current-context: theirs\n", ""},
		{"current-context: theirs\n", "", "theirs"},
		// A person unset it: a change of an entry that is there does not set it again.
		{strings.Replace(planned(t, "", want("prod")), "current-context: prod\n", "", 1), "", ""},
	} {
		f := memory(t, c.first, c.second)
		f.files[0].stat, f.files[1].stat = someStat(t), someStat(t)
		moved := want("prod")
		moved.Server = "https://moved.example.com"
		d, err := f.Plan(moved, want("test"))
		must(t, err)
		if c.want == "" && c.second == "" {
			d, err = f.Plan(moved)
			must(t, err)
		}
		got, err := clientcmd.Load(d.rewrites[0].text)
		must(t, err)
		if got.CurrentContext != c.want {
			t.Errorf("%+v: %q", c, got.CurrentContext)
		}
	}
}

func someStat(t testing.TB) fs.FileInfo {
	stat, err := os.Stat(t.TempDir())
	must(t, err)
	return stat
}

// kubectl changes a kubeconfig as client-go does: lock, read, write in place, unlock; except that it tries again when the
// lock is taken, where client-go fails.
func kubectl(path string, change func(*api.Config)) error {
	lock := path + lockSuffix
	for deadline := time.Now().Add(time.Minute); ; {
		f, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL, 0)
		if err == nil {
			f.Close()
			break
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	defer os.Remove(lock)
	c, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return err
	}
	change(c)
	return clientcmd.WriteToFile(*c, path)
}

func TestWritersAtOnceLoseNothingOfEachOther(t *testing.T) {
	const each = 10
	path := write(t, "config", "# mine\nclusters: []\n")
	errs := make(chan error, 2*each)
	var all sync.WaitGroup
	for i := range each {
		all.Go(func() { errs <- apply(t, []string{path}, want(fmt.Sprintf("ours-%d", i))) })
		all.Go(func() {
			errs <- kubectl(path, func(c *api.Config) { c.Contexts[fmt.Sprintf("theirs-%d", i)] = api.NewContext() })
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		must(t, err)
	}
	c, err := clientcmd.LoadFromFile(path)
	must(t, err)
	if len(c.Contexts) != 2*each || len(c.Clusters) != each || len(c.AuthInfos) != each {
		t.Errorf("%d contexts, %d clusters, %d users are left", len(c.Contexts), len(c.Clusters), len(c.AuthInfos))
	}
	onlyHas(t, filepath.Dir(path), "config")
}

func TestTakesOverWhatAKilledProcessLeft(t *testing.T) {
	path := write(t, "config", "kind: Config\n")
	folder := filepath.Dir(path)
	for _, left := range []string{"config.lock", ".config.kubecreds-1234"} {
		must(t, os.WriteFile(filepath.Join(folder, left), []byte("users: [{na"), 0o600))
		age(t, filepath.Join(folder, left), 61*time.Second)
	}
	must(t, apply(t, []string{path}, want("prod")))
	onlyHas(t, folder, "config")

	must(t, os.WriteFile(path+lockSuffix, nil, 0o600))
	age(t, path+lockSuffix, -time.Hour) // a clock that was wrong
	must(t, apply(t, []string{path}, want("test")))
	onlyHas(t, folder, "config")
}

func TestUnlocksForKubectlWhatAKilledProcessLeft(t *testing.T) {
	target := write(t, "dotfile", "kind: Config\n")
	folder := t.TempDir()
	link, fresh := filepath.Join(folder, "config"), filepath.Join(folder, "fresh")
	if runtime.GOOS == "windows" {
		link = target
	} else {
		must(t, os.Symlink(target, link))
	}
	for _, p := range []string{link, target, fresh} {
		must(t, os.WriteFile(p+lockSuffix, nil, 0o600))
		age(t, p+lockSuffix, 61*time.Second)
	}
	age(t, fresh+lockSuffix, 50*time.Second)
	again, err := Unlock([]string{link, fresh, filepath.Join(folder, "none", "config")})
	if err != nil || again < 0 || again > 11*time.Second {
		t.Errorf("the lock that is 50 s old is to be looked at again in %v, %v", again, err)
	}
	if again, err := Unlock([]string{link}); err != nil || again != 0 {
		t.Errorf("without a lock: again in %v, %v", again, err)
	}
	for p, left := range map[string]bool{link: false, target: false, fresh: true} {
		if _, err := os.Lstat(p + lockSuffix); (err == nil) != left {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestLeavesAFreshTemporaryFileOfAnotherProcessAlone(t *testing.T) {
	path := write(t, "config", "")
	must(t, os.WriteFile(filepath.Join(filepath.Dir(path), ".config.kubecreds-1234"), nil, 0o600))
	must(t, apply(t, []string{path}, want("prod")))
	onlyHas(t, filepath.Dir(path), ".config.kubecreds-1234", "config")
}

func TestManyTakeOverOneStaleLockAndOnlyOneHoldsItAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	must(t, os.WriteFile(path+lockSuffix, nil, 0o600))
	age(t, path+lockSuffix, time.Hour)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var inside, all sync.WaitGroup
	var held sync.Mutex
	inside.Add(1)
	for range 10 {
		all.Go(func() {
			inside.Wait()
			l, err := takeLock(ctx, path)
			if err != nil {
				t.Error(err)
				return
			}
			if !held.TryLock() {
				t.Error("two hold the lock")
			} else {
				runtime.Gosched()
				held.Unlock()
			}
			l.release()
		})
	}
	inside.Done()
	all.Wait()
	onlyHas(t, filepath.Dir(path))
}

func TestGivesUpWhenTheLockIsNotGivenBackInTime(t *testing.T) {
	path := write(t, "config", "kind: Config\n")
	must(t, os.WriteFile(path+lockSuffix, nil, 0o600))
	f := load1(t, path)
	d, err := f.Plan(want("prod"))
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	err = f.Apply(ctx, d)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), "config.lock exists") {
		t.Error(err)
	}
	if read(t, path) != "kind: Config\n" {
		t.Error("written without the lock")
	}
	onlyHas(t, filepath.Dir(path), "config", "config.lock")
}

func TestPlansAgainWhatChangedSinceItWasRead(t *testing.T) {
	path := write(t, "config", "kind: Config\n")
	f := load1(t, path)
	d, err := f.Plan(want("prod"))
	must(t, err)
	must(t, os.WriteFile(path, []byte("# new\ncurrent-context: theirs\n"), 0o600))
	must(t, f.Apply(context.Background(), d))
	if text := read(t, path); !strings.HasPrefix(text, "# new\ncurrent-context: theirs\n") || !strings.Contains(text, "kubecreds-prod") {
		t.Error(text)
	}
}

func TestWritesNothingOverAChangeThatCameWithoutTheLock(t *testing.T) {
	path := write(t, "config", "kind: Config\n")
	d, err := load1(t, path).Plan(want("prod"))
	must(t, err)
	must(t, os.WriteFile(path, []byte("# by an editor\n"), 0o600))
	if err := d.rewrites[0].commit(context.Background()); !errors.Is(err, errChanged) {
		t.Error(err)
	}
	if read(t, path) != "# by an editor\n" {
		t.Error("the editor's change is lost")
	}
	onlyHas(t, filepath.Dir(path), "config")
}

func TestANameThatWasTakenMeanwhileIsNotWritten(t *testing.T) {
	path := write(t, "config", "kind: Config\n")
	f := load1(t, path)
	d, err := f.Plan(want("prod"))
	must(t, err)
	must(t, os.WriteFile(path, []byte("clusters: [{name: prod}]\n"), 0o600))
	var taken *TakenError
	if err := f.Apply(context.Background(), d); !errors.As(err, &taken) {
		t.Error(err)
	}
	onlyHas(t, filepath.Dir(path), "config")
}

func TestTakesAFileForHalfWrittenWhileAnotherHoldsItsLock(t *testing.T) {
	path := write(t, "config", "")
	if beingWritten(path) {
		t.Error("without a lock")
	}
	must(t, os.WriteFile(path+lockSuffix, nil, 0o600))
	if !beingWritten(path) {
		t.Error("not with a fresh lock")
	}
	load1(t, path) // and goes on after a moment
	age(t, path+lockSuffix, time.Hour)
	if beingWritten(path) {
		t.Error("with a lock that was left behind")
	}
}
