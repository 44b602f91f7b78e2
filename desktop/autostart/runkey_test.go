package autostart

import (
	"strings"
	"testing"
)

func TestARunCommandQuotesEveryPart(t *testing.T) {
	for _, c := range []struct {
		program string
		args    []string
		want    string
	}{
		{`C:\Program Files\kubecreds\kubecreds.exe`, nil, `"C:\Program Files\kubecreds\kubecreds.exe"`},
		{`C:\k.exe`, []string{"--home", `D:\my demo\`}, `"C:\k.exe" "--home" "D:\my demo\\"`},
		{`C:\k.exe`, []string{`a"b`, `a\"b`, `a\\`, "", "a b", "%PATH%", "& calc"}, `"C:\k.exe" "a\"b" "a\\\"b" "a\\\\" "" "a b" "%PATH%" "& calc"`},
	} {
		if got, err := runCommand(c.program, c.args); got != c.want || err != nil {
			t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
		}
	}
	for _, c := range [][]string{{`C:\a"b.exe`}, {`C:\k.exe`, "a\x00b"}, {`C:\k.exe`, strings.Repeat("x", 260)}} {
		if got, err := runCommand(c[0], c[1:]); err == nil || !strings.HasPrefix(err.Error(), "start at login: ") {
			t.Errorf("%.60q: %s, %v", c, got, err)
		}
	}
}

func TestWhatWasSwitchedOffInWindowsSettingsIsOff(t *testing.T) {
	for value, want := range map[string]bool{"": true, "\x02\x00\x00\x00": true, "\x06\x00": true, "\x03\x00\x00\x00\x01\x02": false, "\x07": false, "\x01": false} {
		if got := approved([]byte(value)); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
