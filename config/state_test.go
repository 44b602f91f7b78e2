package config

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
)

func TestStateComesBackAsItWasSavedAndIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "state.json")
	want := State{
		Usernames: map[string]string{"corp": "alice"},
	}
	for _, s := range []State{{}, want} { // the second replaces the first
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := LoadState(path); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("remains: %v, %v", files, err)
	}
}

func TestNoStateIsAFirstStartAndDamagedStateSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if got, err := LoadState(path); err != nil || !reflect.DeepEqual(got, State{}) {
		t.Errorf("no file: %+v, %v", got, err)
	}
	for _, text := range []string{"", "{", "[]", `{"usernames":"corp"}`, "\x00\xff"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadState(path)
		want := path + " is damaged; what it remembered is lost, logins are not"
		if err == nil || err.Error() != want || !reflect.DeepEqual(got, State{}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	if err := (State{}).Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadState(path); err != nil {
		t.Errorf("after the next save: %v", err)
	}
}

func TestAStateThatCannotBeWrittenLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (State{}).Save(path); err == nil {
		t.Error("no error")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("remains: %v, %v", files, err)
	}
}
