package keychain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

func record(n int) Record {
	return Record{Refresh: secret.New(strings.Repeat("s|ecret-ä", n/10)), Issuer: "https://login.example.com", Subject: "alice"}
}

func TestTheRealKeychainKeepsARecordOfAnySizeWherePeopleFindIt(t *testing.T) {
	newDesktop(t).startKeyring(t, true)
	store := New(System(), "")
	for _, n := range []int{0, 1000, 3000, 10_000, 20_000} {
		begun, want := time.Now(), record(n)
		if err := store.Save(t.Context(), "corp", Current, want); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		saved := time.Now()
		got, err := store.Load(t.Context(), "corp", Current)
		if err != nil || !got.Refresh.Equal(want.Refresh) || got.Subject != "alice" {
			t.Fatalf("%d bytes: %v", n, err)
		}
		t.Logf("%6d bytes: saved in %v, loaded in %v", n, saved.Sub(begun).Round(time.Millisecond), time.Since(saved).Round(time.Millisecond))
		if seen := lookup(t, "corp"); !strings.HasPrefix(seen, `{"v":1,`) {
			t.Errorf("secret-tool sees %.80q", seen)
		}
	}
	if err := store.Save(t.Context(), "corp", Current, record(1000)); err != nil {
		t.Fatal(err)
	}
	if seen := lookup(t, "corp"); !strings.Contains(seen, `"refresh":"s|ecret-ä`) {
		t.Errorf("secret-tool sees %.80q", seen)
	}
	if err := store.Forget(t.Context(), "corp", Current); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), "corp", Current); !errors.Is(err, ErrNone) {
		t.Errorf("after Forget: %v", err)
	}
}

func TestALockedKeychainIsSaidAtOnceAndNoPromptOpens(t *testing.T) {
	d := newDesktop(t)
	d.startKeyring(t, true)
	d.lock(t)
	prompts, store, begun := d.prompts(t), New(System(), ""), time.Now()
	_, load := store.Load(t.Context(), "corp", Current)
	for what, err := range map[string]error{
		"load":   load,
		"save":   store.Save(t.Context(), "corp", Current, record(10)),
		"forget": store.Forget(t.Context(), "corp", Current),
	} {
		if !errors.Is(err, ErrLocked) || err.Error() != "corp: the keychain is locked" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if calls := prompts(); calls != nil {
		t.Errorf("calls that open a prompt: %v", calls)
	}
	// There is no prompter on this bus, so the service itself dismisses the prompt; and the monitor is seen to work.
	if err := store.Unlock(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("Unlock: %v", err)
	}
	if calls := fmt.Sprint(prompts()); !strings.HasPrefix(calls, "[Unlock Prompt") {
		t.Errorf("Unlock called %s", calls)
	}
}

func TestAKeychainThatIsLockedInTheMiddleIsSaidAndNoPromptOpens(t *testing.T) {
	d := newDesktop(t)
	d.startKeyring(t, true)
	prompts := d.prompts(t)
	err := System().Do(t.Context(), func(ctx context.Context, items Items) error {
		if err := items.Set(ctx, "corp", secret.New("x")); err != nil {
			t.Errorf("Set: %v", err)
		}
		d.lock(t)
		prompts() // what go-keyring asks of the unlocked collection opens none
		if err := items.Set(ctx, "corp", secret.New("y")); !errors.Is(err, ErrLocked) {
			t.Errorf("Set: %v", err)
		}
		if err := items.Delete(ctx, "corp"); !errors.Is(err, ErrLocked) {
			t.Errorf("Delete: %v", err)
		}
		_, err := items.Get(ctx, "corp")
		return err
	})
	if !errors.Is(err, ErrLocked) {
		t.Errorf("Get: %v", err)
	}
	if calls := prompts(); calls != nil {
		t.Errorf("calls that open a prompt: %v", calls)
	}
}

func TestWithoutAKeychainTheErrorSaysWhatToDo(t *testing.T) {
	cases := map[string]struct {
		prepare func(t *testing.T)
		want    string
	}{
		"no service": {
			func(t *testing.T) { newDesktop(t) },
			"no keychain: no keychain service runs in this session; install or start gnome-keyring, KWallet or KeePassXC",
		},
		"no default collection": {
			func(t *testing.T) { newDesktop(t).startKeyring(t, false) },
			"no keychain: it has no default collection; make one (Passwords and Keys: +, Password keyring, Set as default)",
		},
		"no session bus": {
			func(t *testing.T) {
				t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
				t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
			},
			"no keychain: there is no session bus; start kubecreds inside the desktop session, or through dbus-run-session",
		},
		"a bus to be launched": {
			func(t *testing.T) {
				t.Setenv("DBUS_SESSION_BUS_ADDRESS", "autolaunch:")
				t.Setenv("XDG_RUNTIME_DIR", "")
			},
			"no keychain: there is no session bus; start kubecreds inside the desktop session, or through dbus-run-session",
		},
		"a bus that is gone": {
			func(t *testing.T) { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/bus") },
			"no keychain: the session bus cannot be reached; start kubecreds inside the desktop session",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.prepare(t)
			store := New(System(), "")
			_, err := store.Load(t.Context(), "corp", Current)
			if !errors.Is(err, ErrUnavailable) || err.Error() != "corp: "+c.want {
				t.Errorf("Load: %v", err)
			}
			if err := store.Unlock(t.Context()); !errors.Is(err, ErrUnavailable) || err.Error() != c.want {
				t.Errorf("Unlock: %v", err)
			}
		})
	}
}

func TestTheBusIsFoundInTheRuntimeFolder(t *testing.T) {
	newDesktop(t).startKeyring(t, true)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	if err := New(System(), "").Save(t.Context(), "corp", Current, record(10)); err != nil {
		t.Error(err)
	}
}

func TestAFrozenKeychainEndsAtTheDeadlineAndLeavesNoProcess(t *testing.T) {
	d := newDesktop(t)
	d.startKeyring(t, true)
	d.freeze(t)
	store, begun := New(newChild(time.Second), ""), time.Now()
	err := store.Save(t.Context(), "corp", Current, record(10))
	took := time.Since(begun)
	want := "corp: no keychain: it did not answer within 1s; restart the desktop's keychain service, or log out of the desktop and in again"
	if !errors.Is(err, ErrUnavailable) || err.Error() != want {
		t.Errorf("Save: %v", err)
	}
	if took < time.Second || took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := store.Unlock(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Unlock: %v", err)
	}
	if left := children(t); left != nil {
		t.Errorf("helpers left behind: %v", left)
	}
}

func TestManyAccountsUseTheKeychainAtOnce(t *testing.T) {
	newDesktop(t).startKeyring(t, true)
	store, done := New(System(), ""), make(chan error)
	const accounts = 12
	for i := range accounts {
		go func() {
			name := fmt.Sprint("account ", i)
			err := store.Save(t.Context(), name, Current, record(2500+i*10))
			if err == nil {
				var got Record
				if got, err = store.Load(t.Context(), name, Current); err == nil && !got.Refresh.Equal(record(2500+i*10).Refresh) {
					err = fmt.Errorf("%s has another's record", name)
				}
			}
			done <- err
		}()
	}
	for range accounts {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
