//go:build !windows

package wire

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// diagnose is what a client says about p, where program is the agent's; each finding as "level area: text".
func diagnose(p Place, program string) []string {
	var all []string
	for _, f := range p.Diagnose(program) {
		all = append(all, string(f.Level)+" "+f.Area+": "+f.Says)
	}
	return all
}

func expectFindings(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != 4 || len(want) != 4 {
		t.Fatalf("%d findings: %q", len(got), got)
	}
	for i, w := range want {
		if !strings.Contains(got[i], w) {
			t.Errorf("got %q, want %q", got[i], w)
		}
	}
}

func TestWithoutAnAgentAClientSaysWhereToLook(t *testing.T) {
	p := newPlace(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	program := filepath.Join(t.TempDir(), "kubecreds")
	expectFindings(t, diagnose(p, program),
		"failure agent's program: "+program+" is not there", "ok socket's folder: "+p.Dir+" is not there yet", "ok lock: nobody holds it", "ok log: ")
	if _, err := os.Lstat(p.Dir); err == nil {
		t.Error("looking made the folder")
	}

	write(t, program, "", 0o600)
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.logFile(), "first\nlevel=INFO msg=\"the last\x1b[31m\"\n", 0o600)
	holder := "failure lock: somebody holds it"
	if runtime.GOOS == "linux" {
		holder = "failure lock: process " + strconv.Itoa(os.Getpid()) + " ("
	}
	expectFindings(t, diagnose(p, program),
		"failure agent's program: "+program+" cannot be run", "ok socket's folder: "+p.Dir+" is yours alone", holder,
		`ends: level=INFO msg="the last [31m"`)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.MarkQuit(); err != nil {
		t.Fatal(err)
	}
	write(t, p.logFile(), strings.Repeat("x", 5000)+"\n\n", 0o600)
	if err := os.Chmod(p.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	expectFindings(t, diagnose(p, program),
		"warning agent's program: "+program+" was quit by you", "failure socket's folder: ", "ok lock: nobody holds it: no agent runs", "xxx")
	if again, err := Listen(p); err == nil { // the folder is refused, but the lock was let go
		t.Error(again.Close())
	}
}

func TestAnotherAgentsPlaceIsLookedAtAndNotStarted(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	write(t, filepath.Join(home, "state", "kubecreds.log"), "its last line\n", 0o600)
	p, err := Named(filepath.Join(home, "run", "agent.sock"))
	if err != nil {
		t.Fatal(err)
	}
	expectFindings(t, diagnose(p, "/nowhere"), "warning agent's program: KUBECREDS_SOCKET names another agent", "ok socket's folder: ", "ok lock: nobody holds it", "ends: its last line")
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestFindingsAreTextForPeopleAndJSONForPrograms(t *testing.T) {
	all := []Finding{OKf("%d files", 2), Warn("old", "renew it"), Fail("gone", "")}
	all[0].Area, all[1].Area, all[2].Area = "configuration", "clock", "lock"
	all[1].About = "corp"
	want := "ok        configuration   2 files\nwarning   corp: clock     old\n                          -> renew it\nfailure   lock            gone\n"
	if got := FindingsText(all); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	text, err := FindingsJSON(all)
	var got struct {
		Level    string
		Findings []map[string]string
	}
	if err != nil || json.Unmarshal([]byte(text), &got) != nil || got.Level != "failure" || len(got.Findings) != 3 || got.Findings[1]["do"] != "renew it" {
		t.Errorf("%v: %s", err, text)
	}
	if Worst(all[:2]) != Warning || Worst(all[:1]) != OK || Worst(nil) != OK {
		t.Error("the worst is another")
	}
}
