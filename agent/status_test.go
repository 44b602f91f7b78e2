package agent

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
)

func TestTheStatusTableHasALineAClusterAndOneForAccountsWithout(t *testing.T) {
	want := `CLUSTER   STATE                                          UNTIL   ACCOUNT                    DELIVERY
prod      valid                                          13:00   corp (alice@example.com)   exec
staging   kubeconfig not written: no permission; valid   13:00   corp (alice@example.com)   exec
-         login needed: the provider ended the session   -       lab                        -
`
	for _, room := range []int{0, 300, 102} {
		if got := statusTable(snapshot(), noon, wire.Caller{Width: room}); got != want {
			t.Errorf("room for %d: got\n%s\nwant\n%s", room, got, want)
		}
	}
}

func TestTheStatusTableFitsItsTerminal(t *testing.T) {
	for _, room := range []int{101, 80, 60, 40, 20, 7} {
		got := statusTable(snapshot(), noon, wire.Caller{Width: room})
		for line := range strings.Lines(got) {
			if width := cells(strings.TrimSuffix(line, "\n")); width > room {
				t.Errorf("room for %d: a line takes %d: %q", room, width, line)
			}
		}
		if room < 60 || room > 80 {
			continue // so narrow that words are cut, or wide enough for all
		}
		for _, part := range []string{"staging: kubeconfig not written: no permission; valid", "lab: login needed: the provider ended the session"} {
			if !strings.Contains(strings.Join(strings.Fields(got), " "), part) {
				t.Errorf("room for %d: what was cut is not told: %s\n%s", room, part, got)
			}
		}
	}
}

func TestTheStatusTableWritesTimesAsItsReaderDoes(t *testing.T) {
	got := statusTable(snapshot(), noon, wire.Caller{Language: "en_US.UTF-8"})
	if !strings.Contains(got, "valid                                          1:00 PM") || strings.Contains(got, "13:00") {
		t.Errorf("%s", got)
	}
}

func TestWideLettersTakeTwoCells(t *testing.T) {
	s := snapshot()
	s.Accounts[0].Person = "王小明王小明@例え.テスト"
	for line := range strings.Lines(statusTable(s, noon, wire.Caller{Width: 60})) {
		if width := cells(strings.TrimSuffix(line, "\n")); width > 60 {
			t.Errorf("%d: %q", width, line)
		}
	}
	if cells("e\u0301\u200b王a") != 4 {
		t.Errorf("%d", cells("e\u0301\u200b王a"))
	}
}

func TestAConfigurationThatIsNotInForceStandsFirst(t *testing.T) {
	got := statusTable(&auth.Snapshot{Config: "line 7: \x1b[31munknown key"}, noon, wire.Caller{Width: 30})
	if got != "configuration: line 7:\n  [31munknown key\nNo clusters configured yet.\n" {
		t.Errorf("%q", got)
	}
}

func TestAClusterThatRejectsTheTokenIsNotReady(t *testing.T) {
	s := snapshot()
	s.Clusters[0].Rejected = auth.Reason{Code: auth.CodeRejected, Words: "another audience"}
	got := report(s, noon, "v1").Clusters[0]
	if got.Ready || !strings.Contains(got.Words, "another audience") || !report(snapshot(), noon, "v1").Clusters[0].Ready {
		t.Errorf("%+v", got)
	}
}

// show returns what `status --watch` writes for each of the snapshots, to a caller of this kind.
func show(c wire.Caller, args []string, all ...*auth.Snapshot) (shown []string) {
	a := New(Parts{Version: "1.0"})
	next := a.shows(wire.Request{Args: append(args, "--watch=true"), Caller: c})
	for _, s := range all {
		shown = append(shown, next(s, noon))
	}
	return shown
}

func changed() *auth.Snapshot {
	s := snapshot()
	s.Accounts[0].Until = noon.Add(2 * time.Hour)
	s.Clusters[1].WriteError = ""
	return s
}

func TestAWatchedStatusIsWrittenInPlaceAtATerminal(t *testing.T) {
	got := show(wire.Caller{Width: 200, Height: 50}, nil, snapshot(), snapshot(), changed())
	if got[0] != statusTable(snapshot(), noon, wire.Caller{Width: 200}) || got[1] != "" {
		t.Errorf("first %q, then %q", got[0], got[1])
	}
	if got[2] != "\x1b[4A\r\x1b[J"+statusTable(changed(), noon, wire.Caller{Width: 200}) {
		t.Errorf("after a change: %q", got[2])
	}
	if got := show(wire.Caller{Width: 200, Height: 4}, nil, snapshot()); strings.Count(got[0], "\n") != 3 || !strings.HasSuffix(got[0], "…\n") {
		t.Errorf("more lines than the terminal has: %q", got[0])
	}
}

func TestAWatchedStatusIsALineAChangeElsewhere(t *testing.T) {
	got := show(wire.Caller{}, nil, snapshot(), snapshot(), changed())
	at := noon.Format(time.RFC3339)
	first := at + " prod: valid until 13:00\n" +
		at + " staging: kubeconfig not written: no permission; valid until 13:00\n" +
		at + " lab: login needed: the provider ended the session\n"
	then := at + " prod: valid until 14:00\n" + at + " staging: valid until 14:00\n"
	if got[0] != first || got[1] != "" || got[2] != then {
		t.Errorf("%q", got)
	}
}

func TestAWatchedReportIsADocumentALine(t *testing.T) {
	got := show(wire.Caller{Width: 80}, []string{"--output=json"}, snapshot(), snapshot(), changed())
	if got[1] != "" {
		t.Errorf("nothing changed: %q", got[1])
	}
	for _, line := range []string{got[0], got[2]} {
		var r reportJSON
		if err := json.Unmarshal([]byte(line), &r); err != nil || strings.Count(line, "\n") != 1 || len(r.Clusters) != 2 {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestSoManyMayWatchAndNoMore(t *testing.T) {
	var w watchers
	for range maxWatching {
		if !w.enter() {
			t.Fatal("turned away too early")
		}
	}
	if w.enter() {
		t.Error("one too many")
	}
	w.leave()
	if !w.enter() {
		t.Error("a place that was left stays taken")
	}
	before := w.change()
	w.announce()
	select {
	case <-before:
	default:
		t.Error("a change was not announced")
	}
}

func TestALongAnswerIsSentInPiecesThatAddUp(t *testing.T) {
	for name, text := range map[string]string{
		"lines":    strings.Repeat("prod-eu   valid\n", 200_000),
		"one line": strings.Repeat("ü", 200_000) + "\n",
	} {
		if got := heard(t, func(c *wire.Conn) wire.Done { return say(c, text) }); got != text {
			t.Errorf("%s: got %d bytes of %d", name, len(got), len(text))
		}
	}
}
