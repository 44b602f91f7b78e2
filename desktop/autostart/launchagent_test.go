package autostart

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

// arguments reads the strings of ProgramArguments back, as launchd does.
func arguments(t *testing.T, text string) (args []string) {
	t.Helper()
	var plist struct {
		Dict struct {
			Keys   []string `xml:"key"`
			Arrays []struct {
				Strings []string `xml:"string"`
			} `xml:"array"`
		} `xml:"dict"`
	}
	if err := xml.Unmarshal([]byte(text), &plist); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if !slices.Contains(plist.Dict.Keys, "ProgramArguments") || len(plist.Dict.Arrays) != 1 {
		t.Fatalf("no arguments:\n%s", text)
	}
	return plist.Dict.Arrays[0].Strings
}

func TestALaunchAgentRunsWhatWasMeant(t *testing.T) {
	args := []string{"--home", "/Users/a b", "</string><string>--evil", "a & b", `"q" 'x'`, "$HOME", "`id`", "", "ä€", "]]>", "<!-- x"}
	text, err := launchAgent("/Applications/kubecreds <1>.app/Contents/MacOS/kubecreds", args)
	if err != nil {
		t.Fatal(err)
	}
	want := append([]string{"/Applications/kubecreds <1>.app/Contents/MacOS/kubecreds"}, args...)
	if got := arguments(t, text); !slices.Equal(got, want) {
		t.Errorf("runs %q\nwant %q", got, want)
	}
	if agentDisabled(text) {
		t.Error("it is switched off")
	}
}

func TestWhatALaunchAgentCannotSayIsAnError(t *testing.T) {
	for _, c := range [][]string{{"kubecreds"}, {"/k", "a\x00b"}, {"/k", "a\nb"}, {"/k", "\x1b"}, {"/k", "\xff"}, {""}} {
		if text, err := launchAgent(c[0], c[1:]); err == nil || !strings.HasPrefix(err.Error(), "start at login: ") {
			t.Errorf("%q: %v\n%s", c, err, text)
		}
	}
}

func TestALaunchAgentThatIsDisabledIsOff(t *testing.T) {
	const head, tail = `<?xml version="1.0"?><plist version="1.0"><dict>`, `</dict></plist>`
	for text, want := range map[string]bool{
		head + tail: false,
		head + "<key>Disabled</key> <true/>" + tail:                                  true,
		head + "<key>Label</key><string>Disabled</string><key>X</key><true/>" + tail: false,
		head + "<key>Disabled</key>\n<false/>" + tail:                                false,
		head: true, "no XML <": true, "": true, "<x/>": true,
	} {
		if got := agentDisabled(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
