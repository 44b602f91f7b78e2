package autostart

import (
	"slices"
	"testing"

	"golang.org/x/sys/windows"
)

func TestWindowsReadsARunCommandAsItWasMeant(t *testing.T) {
	want := []string{`C:\Program Files\k.exe`, "--home", `D:\my demo\`, `a"b`, `a\"b`, `a\\`, "", "ä€"}
	line, err := runCommand(want[0], want[1:])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := windows.DecomposeCommandLine(line); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}
