package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFileOnTheCommandLineIsReadWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"empty": 0, "small": 10, "full": maxFile, "long": maxFile + 1} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, says := range map[string]string{
		"small": "", "full": "", "empty": "it is empty", "long": "longer than 1 MiB", "missing": "missing: ", "": "a folder, not a file",
	} {
		b, err := readFile(filepath.Join(dir, name))
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %d bytes, %v, want %q", name, len(b), err, says)
		}
	}
}

func TestAddTakesAFileAndItsFlags(t *testing.T) {
	c, err := parse([]string{"add", "team.yaml", "--yes", "--sha256", "abc", "--account=corp"})
	if err != nil || c.name != "team.yaml" || c.flags["yes"] != "true" || c.flags["sha256"] != "abc" || c.flags["account"] != "corp" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := parse([]string{"add"}); err == nil {
		t.Error("nothing to add, and no error")
	}
}
