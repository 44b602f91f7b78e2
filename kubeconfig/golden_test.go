package kubeconfig

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files' last parts anew")

const (
	beforeMark = "==== before\n"
	afterMark  = "==== after\n"
)

// changes reads what a golden file asks for, one line each: add NAME, move NAME (to another server), remove NAME.
func changes(t testing.TB, text string) []Change {
	t.Helper()
	var all []Change
	for line := range strings.Lines(text) {
		verb, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		c := want(name)
		switch verb {
		case "#": // says what the file is about
			continue
		case "add":
		case "move":
			c.Server = "https://moved.example.com"
		case "remove":
			c = Change{Name: name, Remove: true}
		default:
			t.Fatalf("unknown change %q", line)
		}
		all = append(all, c)
	}
	return all
}

// variants are ways to write the same file. What holds for one holds for all.
var variants = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"CRLF":     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"BOM": func(s string) string {
		if s == "" {
			return s
		}
		return "\ufeff" + s
	},
	"no last line end": func(s string) string { return strings.TrimSuffix(s, "\n") },
}

func TestChangesOnlyOurEntriesInFilesOfEveryStyle(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the golden files hold a Unix path")
	}
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut(string(raw), beforeMark)
		before, after, _ := strings.Cut(rest, afterMark)
		if *update {
			after = planned(t, before, changes(t, head)...)
			if err := os.WriteFile(path, []byte(head+beforeMark+before+afterMark+after), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for name, vary := range variants {
			if vary(before) == "\ufeff" || before == "" && name != "as it is" {
				continue
			}
			t.Run(filepath.Base(path)+"/"+name, func(t *testing.T) {
				if got := planned(t, vary(before), changes(t, head)...); got != vary(after) {
					t.Errorf("got\n%q\nwant\n%q\n%s", got, vary(after), got)
				}
			})
		}
	}
}

func TestAPlanThatIsDoneIsEmpty(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the golden files hold a Unix path")
	}
	files, _ := filepath.Glob("testdata/golden/*.txt")
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut(string(raw), beforeMark)
		_, after, _ := strings.Cut(rest, afterMark)
		if d, err := memory(t, after).Plan(changes(t, head)...); err != nil || !d.Empty() {
			t.Errorf("%s: %v, and %v again", path, err, d.Files())
		}
	}
}
