package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// dieWord makes the test binary a kubecreds that is killed the moment it has handed a record over.
const dieWord = "hand-over-and-die"

// handOverAndDie saves a record of so many bytes at corp, and does not live to hear of it.
func handOverAndDie(size string) int {
	n, _ := strconv.Atoi(size)
	w, err := newChild(patience).Prepare(context.Background(), key("", "corp", Current))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	body, _ := encode(record(n))
	line, _ := json.Marshal(request{Op: opSave, Key: key("", "corp", Current), Value: []byte(body)})
	if _, err := w.(*writer).stdin.Write(append(line, '\n')); err == nil {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return 1
}

func TestARecordThatWasHandedOverIsKeptThoughTheProgramIsKilled(t *testing.T) {
	newDesktop(t).startKeyring(t, true)
	store := New(System(), "")
	for _, n := range []int{10, 1000, 2000, 8000, 20} {
		cmd := exec.Command("/proc/self/exe", dieWord, strconv.Itoa(n))
		cmd.Stderr = os.Stderr
		err := cmd.Run()
		var died *exec.ExitError
		if !errors.As(err, &died) || died.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the program that should be killed: %v", err)
		}
		got, err := store.Load(t.Context(), "corp", Current) // at once, as the next kubecreds does
		for end := time.Now().Add(time.Minute); errors.Is(err, ErrUnavailable) && time.Now().Before(end); {
			got, err = store.Load(t.Context(), "corp", Current) // as it does again where that takes longer
		}
		if err != nil || !got.Refresh.Equal(record(n).Refresh) {
			t.Errorf("%d bytes: %v, a refresh token of %d bytes", n, err, len(got.Refresh.Reveal()))
		}
	}
}

func TestARecordThatCameInPartIsNotWritten(t *testing.T) {
	body, err := encode(record(100))
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(request{Op: opSave, Key: "corp", Value: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]string{"corp": `{"v":1,"generation":7,"record":{"refresh":"old"}}`}
	for cut := range len(line) {
		d := drawer{items: maps.Clone(kept)}
		converse(d, `{"op":"begin","key":"corp"}`+"\n"+string(line[:cut]))
		if !maps.Equal(d.items, kept) {
			t.Fatalf("cut after %d of %d bytes: %v", cut, len(line), d.items)
		}
	}
	d := drawer{items: maps.Clone(kept)}
	converse(d, `{"op":"begin","key":"corp"}`+"\n"+string(line))
	if body, err := load(t.Context(), d, "corp"); err != nil || body == "" || d.items["corp"] == kept["corp"] {
		t.Errorf("whole: %v, %v", d.items, err)
	}
}

func TestWhoReadsARecordWaitsForTheHelperThatWritesIt(t *testing.T) {
	d := newDesktop(t)
	d.startKeyring(t, true)
	store := New(System(), "")
	if err := store.Save(t.Context(), "corp", Current, record(10)); err != nil {
		t.Fatal(err)
	}
	name := claimName(key("", "corp", Pending))
	if got, err := d.conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || got != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(got, err)
	}
	var released atomic.Bool
	early := make(chan bool, 1)
	go func() {
		_, err := store.Load(t.Context(), "corp", Current)
		early <- err != nil || !released.Load()
	}()
	if _, err := store.Load(t.Context(), "lab", Current); !errors.Is(err, ErrNone) {
		t.Errorf("another account's record: %v", err)
	}
	eventually(t, "the helper that reads", func() bool { return len(children(t)) == 1 })
	released.Store(true)
	if _, err := d.conn.ReleaseName(name); err != nil {
		t.Fatal(err)
	}
	if <-early {
		t.Error("the record was read while another helper wrote it")
	}
}

func TestAHelperThatWaitsIsOneAndEndsWithItsProgramOrItsTime(t *testing.T) {
	d := newDesktop(t)
	d.startKeyring(t, true)
	store := New(System(), "")
	eventually(t, "the one helper that waits", func() bool {
		store.Prepare(t.Context(), "corp", Current) // which a slow machine may not do in time
		return len(children(t)) == 1
	})
	if err := store.Save(t.Context(), "corp", Current, record(10)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the helper that saved", func() bool { return len(children(t)) == 0 })
	store.Prepare(t.Context(), "corp", Current)
	store.Release("corp")
	eventually(t, "the end of the helper that was not needed", func() bool { return len(children(t)) == 0 })

	d.lock(t)
	prompts := d.prompts(t)
	store.Prepare(t.Context(), "corp", Current)
	if got := prompts(); len(got) != 0 {
		t.Errorf("prompts of a locked keychain: %v", got)
	}
	eventually(t, "the end of the helper at a locked keychain", func() bool { return len(children(t)) == 0 })
	if err := store.Save(t.Context(), "corp", Current, record(10)); !errors.Is(err, ErrLocked) {
		t.Errorf("saved at a locked keychain: %v", err)
	}

	d.freeze(t)
	begun := time.Now()
	store.Prepare(t.Context(), "corp", Current)
	if took := time.Since(begun); took > patience {
		t.Errorf("a keychain that hangs held the renewal for %v", took)
	}
	eventually(t, "the end of the helper at a keychain that hangs", func() bool { return len(children(t)) == 0 })
}

func TestNoMoreHelpersWaitThanFew(t *testing.T) {
	newDesktop(t).startKeyring(t, true)
	store := New(System(), "")
	for i := range 9 {
		store.Prepare(t.Context(), "account"+strconv.Itoa(i), Current)
	}
	if got := len(children(t)); got < 1 || got > 4 {
		t.Errorf("%d helpers wait, want 4, or fewer where this machine is slow", got)
	}
	for i := range 9 { // and all can save
		if err := store.Save(t.Context(), "account"+strconv.Itoa(i), Current, record(10)); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "the end of all helpers", func() bool { return len(children(t)) == 0 })
}
