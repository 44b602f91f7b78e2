package keychain_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/secret"
)

const account = "corp"

// sample returns a record whose refresh token has n bytes and differs with mark.
func sample(n int, mark string) keychain.Record {
	refresh := strings.Repeat(mark, n/len(mark)+1)[:n]
	return keychain.Record{
		Refresh: secret.New(refresh), Issuer: "https://login.example.com", TokenEndpoint: "https://login.example.com/token",
		ClientID: "kubernetes", Subject: "0815-" + mark, Person: "älice@example.com",
		Since: time.Date(2026, 11, 23, 8, 0, 0, 5, time.UTC), Ends: time.Date(2026, 12, 23, 8, 0, 0, 0, time.UTC),
	}
}

func equal(a, b keychain.Record) bool {
	same := a.Refresh.Equal(b.Refresh)
	a.Refresh, b.Refresh = secret.Text{}, secret.Text{}
	return same && a == b
}

// sizes are refresh tokens that fit the manifest, do not quite, and need one, two and many chunks.
var sizes = []int{0, 1600, 1700, 3800, 9000}

func TestARecordOfAnySizeComesBackAsItWasSaved(t *testing.T) {
	for n := 1000; n < 1500; n++ { // where the manifest no longer holds it, with what JSON makes of it
		roundTrip(t, n)
	}
	for n := 0; n <= 100_000; n += 4999 {
		roundTrip(t, n)
	}
}

func roundTrip(t *testing.T, n int) {
	t.Helper()
	kc := &keychaintest.Keychain{}
	store, want := keychain.New(kc, ""), sample(n, "<r&é\u2028\\\"")
	want.Refresh = secret.New(strings.ToValidUTF8(want.Refresh.Reveal(), "x"))
	if err := store.Save(t.Context(), account, keychain.Current, want); err != nil {
		t.Fatalf("%d bytes: %v", n, err)
	}
	got, err := store.Load(t.Context(), account, keychain.Current)
	if err != nil || !equal(got, want) {
		t.Fatalf("%d bytes came back as %+v, %v", n, got, err)
	}
	for key, value := range kc.Items() {
		if len(value) >= 2000 || len(key) > 200 {
			t.Fatalf("%d bytes: an item of %d bytes under a key of %d", n, len(value), len(key))
		}
	}
}

func TestASmallRecordIsOneItemAndOneUseOfTheKeychain(t *testing.T) {
	kc := &keychaintest.Keychain{}
	if err := keychain.New(kc, "").Save(t.Context(), account, keychain.Current, sample(1000, "r")); err != nil {
		t.Fatal(err)
	}
	items := kc.Items()
	if len(items) != 1 || !strings.Contains(items["corp"], `"refresh":"rrr`) || kc.Uses() != 1 || kc.Writes() != 1 {
		t.Errorf("%d uses, %d writes, items %v", kc.Uses(), kc.Writes(), items)
	}
}

func TestALargeRecordIsOneUseOfTheKeychain(t *testing.T) {
	kc := &keychaintest.Keychain{}
	store := keychain.New(kc, "")
	for range 2 {
		if err := store.Save(t.Context(), account, keychain.Current, sample(20_000, "r")); err != nil {
			t.Fatal(err)
		}
	}
	if kc.Uses() != 2 {
		t.Errorf("two saves used the keychain %d times", kc.Uses())
	}
}

// TestACutAnywhereLeavesTheOldRecordOrTheNewOne lets the program die before and right after every single write of a Save,
// over an old record of any size, then looks what is there, saves again, and looks for remains.
func TestACutAnywhereLeavesTheOldRecordOrTheNewOne(t *testing.T) {
	cuts := 0
	for _, before := range append([]int{-1}, sizes...) {
		for _, after := range sizes {
			for _, torn := range []bool{false, true} {
				cuts += cutEverywhere(t, before, after, torn)
			}
		}
	}
	t.Logf("%d cuts", cuts)
}

// cutEverywhere tries every cut of saving a record of size after over one of size before (-1: none).
func cutEverywhere(t *testing.T, before, after int, torn bool) (cuts int) {
	t.Helper()
	older, old, new := sample(max(before, 0)/2+3000, "x"), sample(max(before, 0), "o"), sample(after, "n")
	for n := 0; ; n++ {
		kc := &keychaintest.Keychain{}
		store := keychain.New(kc, "")
		if before >= 0 {
			mustSave(t, store, older)
			mustSave(t, store, old)
		}
		kc.CutAfter(n, torn)
		err := store.Save(t.Context(), account, keychain.Current, new)
		finished := !kc.WasCut()
		kc.Heal()
		got, loadErr := store.Load(t.Context(), account, keychain.Current)
		isNew := loadErr == nil && equal(got, new)
		isOld := loadErr == nil && before >= 0 && equal(got, old) || before < 0 && errors.Is(loadErr, keychain.ErrNone)
		switch {
		case err == nil && !isNew:
			t.Fatalf("%d -> %d, cut after %d writes: Save said yes, but Load says %v", before, after, n, loadErr)
		case !isNew && !isOld:
			t.Fatalf("%d -> %d, cut after %d writes: neither old nor new: %v", before, after, n, loadErr)
		}
		mustSave(t, store, new)
		noRemains(t, kc, new, fmt.Sprintf("%d -> %d, cut after %d writes, saved again", before, after, n))
		if finished {
			return cuts
		}
		cuts++
	}
}

// noRemains checks that kc holds no more items than a keychain into which only r was ever saved.
func noRemains(t *testing.T, kc *keychaintest.Keychain, r keychain.Record, what string) {
	t.Helper()
	fresh := &keychaintest.Keychain{}
	mustSave(t, keychain.New(fresh, ""), r)
	if got, want := len(kc.Items()), len(fresh.Items()); got != want {
		t.Fatalf("%s: %d items where %d do", what, got, want)
	}
}

func mustSave(t *testing.T, s *keychain.Store, r keychain.Record) {
	t.Helper()
	if err := s.Save(t.Context(), account, keychain.Current, r); err != nil {
		t.Fatal(err)
	}
}

func TestForgettingLeavesNothingEvenAfterACut(t *testing.T) {
	for _, size := range sizes {
		for n := 0; ; n++ {
			kc := &keychaintest.Keychain{}
			store := keychain.New(kc, "")
			mustSave(t, store, sample(size, "r"))
			kc.CutAfter(n, false)
			err := store.Forget(t.Context(), account, keychain.Current)
			kc.Heal()
			if err != nil && len(kc.Items()) > 0 && kc.Items()["corp"] == "" {
				t.Fatalf("%d bytes, cut after %d writes: chunks without a manifest: nobody would delete them", size, n)
			}
			if again := store.Forget(t.Context(), account, keychain.Current); again != nil || len(kc.Items()) != 0 {
				t.Fatalf("%d bytes, cut after %d writes: %v, left %d items", size, n, again, len(kc.Items()))
			}
			if err == nil {
				break
			}
		}
	}
}

func TestForgettingWhatIsNotThereIsFine(t *testing.T) {
	store := keychain.New(&keychaintest.Keychain{}, "")
	if err := store.Forget(t.Context(), account, keychain.Pending); err != nil {
		t.Error(err)
	}
	if _, err := store.Load(t.Context(), account, keychain.Pending); !errors.Is(err, keychain.ErrNone) {
		t.Errorf("Load: %v", err)
	}
}

func TestASaveThatIsNotKeptFailsAndLeavesTheOldRecord(t *testing.T) {
	lose := func(from string) func(key, value string) string {
		return func(key, value string) string {
			if strings.HasPrefix(key, from) && strings.Contains(value, "nnnn") {
				return value[:len(value)-1]
			}
			return value
		}
	}
	cases := map[string]struct {
		old, new int
		corrupt  func(key, value string) string
	}{
		"one item":           {500, 500, lose("corp")},
		"a chunk":            {500, 9000, lose("corp#")},
		"a chunk over many":  {9000, 9000, lose("corp#")},
		"one item over many": {9000, 500, lose("corp")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			kc := &keychaintest.Keychain{}
			store, old := keychain.New(kc, ""), sample(c.old, "o")
			mustSave(t, store, old)
			kept := kc.Items()
			kc.Corrupt(c.corrupt)
			err := store.Save(t.Context(), account, keychain.Current, sample(c.new, "n"))
			if err == nil || err.Error() != "corp: the keychain did not keep what was written to it" {
				t.Fatalf("Save: %v", err)
			}
			if got, err := store.Load(t.Context(), account, keychain.Current); err != nil || !equal(got, old) {
				t.Errorf("the old record: %v", err)
			}
			if !maps.Equal(kc.Items(), kept) {
				t.Error("the failed save left remains")
			}
		})
	}
}

func TestADamagedRecordCountsAsNoneAndSaysWhy(t *testing.T) {
	big, small := sample(9000, "r"), sample(10, "r")
	cases := map[string]struct {
		r          keychain.Record
		key, value string
		want       string
	}{
		"a chunk is missing":        {big, "corp#b2", "", "a part of it is missing"},
		"a chunk is another":        {big, "corp#b2", "nonsense", "its parts do not fit together"},
		"the manifest is nonsense":  {small, "corp", "nonsense", "it cannot be read"},
		"the manifest is empty":     {small, "corp", `{"v":1}`, "it makes no sense"},
		"too many chunks":           {small, "corp", `{"v":1,"chunks":257,"sha256":""}`, "it makes no sense"},
		"less than no chunks":       {small, "corp", `{"v":1,"chunks":-1}`, "it makes no sense"},
		"both a record and chunks":  {small, "corp", `{"v":1,"chunks":1,"record":{}}`, "it makes no sense"},
		"another format":            {small, "corp", `{"v":2,"record":{}}`, "another version of kubecreds wrote it"},
		"a record that is a number": {small, "corp", `{"v":1,"record":7}`, "it cannot be read"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			kc := &keychaintest.Keychain{}
			store := keychain.New(kc, "")
			mustSave(t, store, c.r)
			kc.Put(c.key, c.value)
			_, err := store.Load(t.Context(), account, keychain.Current)
			want := "corp: nothing in the keychain that can be used (" + c.want + "); log in again"
			if !errors.Is(err, keychain.ErrNone) || err.Error() != want {
				t.Errorf("Load: %v\nwant:  %s", err, want)
			}
			mustSave(t, store, small)
			if got, err := store.Load(t.Context(), account, keychain.Current); err != nil || !equal(got, small) {
				t.Errorf("after the next save: %v", err)
			}
		})
	}
}

func TestRecordsThatCannotBeKeptAreRefusedBeforeAnyWrite(t *testing.T) {
	cases := map[string]struct{ refresh, want string }{
		"not text": {"a\xffb", "corp: the refresh token is not text, so it cannot be kept"},
		"too long": {strings.Repeat("r", 600_000), "corp: the refresh token is too long to be kept (600245 bytes)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			kc := &keychaintest.Keychain{}
			r := sample(1, "r")
			r.Refresh = secret.New(c.refresh)
			err := keychain.New(kc, "").Save(t.Context(), account, keychain.Current, r)
			if err == nil || err.Error() != c.want || kc.Writes() != 0 {
				t.Errorf("Save: %v after %d writes", err, kc.Writes())
			}
		})
	}
}

func TestSlotsHomesAndAccountsNeverMeet(t *testing.T) {
	kc := &keychaintest.Keychain{}
	long := strings.Repeat("long/", 50)
	want := map[string]string{}
	check := func(visit func(store *keychain.Store, name string, slot keychain.Slot, mark string)) {
		for _, prefix := range []string{"", "~0123abcd/", "~0123abce/"} {
			store := keychain.New(kc, prefix)
			for _, name := range []string{"corp", "Corp", "corp pending", long + "a", long + "b", "a#b", "a_b", "å", "~0123abcd/corp"} {
				for _, slot := range []keychain.Slot{keychain.Current, keychain.Pending} {
					visit(store, name, slot, fmt.Sprintf("%q%q%d", prefix, name, slot))
				}
			}
		}
	}
	check(func(store *keychain.Store, name string, slot keychain.Slot, mark string) {
		if err := store.Save(t.Context(), name, slot, sample(5000, mark)); err != nil {
			t.Fatal(err)
		}
		want[mark] = mark
	})
	check(func(store *keychain.Store, name string, slot keychain.Slot, mark string) {
		got, err := store.Load(t.Context(), name, slot)
		if err != nil || !equal(got, sample(5000, mark)) {
			t.Errorf("%s was overwritten: %v", mark, err)
		}
	})
	for key := range kc.Items() {
		if len(key) > 200 {
			t.Errorf("a key of %d bytes: %s", len(key), key)
		}
	}
	if len(want) != 3*9*2 {
		t.Errorf("%d marks", len(want))
	}
}

func TestFailuresNameTheAccountAndKeepTheirKind(t *testing.T) {
	kc := &keychaintest.Keychain{}
	store := keychain.New(kc, "")
	kc.Lock()
	if _, err := store.Load(t.Context(), account, keychain.Current); !errors.Is(err, keychain.ErrLocked) || err.Error() != "corp: the keychain is locked" {
		t.Errorf("locked: %v", err)
	}
	if kc.Unlocks() != 0 {
		t.Error("a prompt was opened")
	}
	if err := store.Unlock(t.Context()); err != nil || kc.Unlocks() != 1 {
		t.Errorf("Unlock: %v, %d prompts", err, kc.Unlocks())
	}
	if _, err := store.Load(t.Context(), account, keychain.Current); !errors.Is(err, keychain.ErrNone) {
		t.Errorf("unlocked: %v", err)
	}
}

func TestACallThatWaitsForItsTurnEndsWithItsContext(t *testing.T) {
	kc := &keychaintest.Keychain{}
	store := keychain.New(kc, "")
	kc.Hang(true)
	first, end := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- store.Save(first, account, keychain.Current, sample(1, "r")) }()
	for limit := time.Now().Add(15 * time.Second); kc.Uses() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the first call did not begin within 15 s")
		}
	}
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := store.Forget(late, account, keychain.Current); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second call: %v", err)
	}
	if kc.Uses() != 1 {
		t.Error("two operations on one account at a time")
	}
	end()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the first call: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, size := range []int{10, 5000} {
		kc := &keychaintest.Keychain{}
		if err := keychain.New(kc, "").Save(context.Background(), account, keychain.Current, sample(size, "r")); err != nil {
			f.Fatal(err)
		}
		f.Add(kc.Items()["corp"], kc.Items()["corp#b0"])
	}
	f.Add(`{"v":1,"chunks":256,"sha256":""}`, "x")
	f.Add(`{"v":1,"generation":18446744073709551615,"record":{"refresh":7}}`, "")
	f.Fuzz(func(t *testing.T, manifest, chunk string) {
		kc := &keychaintest.Keychain{}
		store := keychain.New(kc, "")
		kc.Put("corp", manifest)
		kc.Put("corp#b0", chunk)
		if _, err := store.Load(t.Context(), account, keychain.Current); err != nil {
			if !errors.Is(err, keychain.ErrNone) || strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("Load: %q", err)
			}
		}
		want := sample(3000, "n")
		mustSave(t, store, want)
		if got, err := store.Load(t.Context(), account, keychain.Current); err != nil || !equal(got, want) {
			t.Errorf("what is there spoils the next save: %v", err)
		}
	})
}
