package main

import (
	"os"
	"testing"
	"time"
)

const status = `Name:	kubecreds
VmHWM:	   15072 kB
VmRSS:	    9104 kB
voluntary_ctxt_switches:	14
nonvoluntary_ctxt_switches:	3
`

func TestFieldReadsANumberWithAndWithoutUnit(t *testing.T) {
	for name, want := range map[string]int{"VmHWM": 15072, "VmRSS": 9104, "voluntary_ctxt_switches": 14} {
		if got, err := field([]byte(status), name); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, want)
		}
	}
	if _, err := field([]byte(status), "VmSwap"); err == nil {
		t.Error("a field that is not there gave no error")
	}
}

func TestOnlyWhatLivingThreadsDidInTheWindowCounts(t *testing.T) {
	before := map[string]int{"lives": 10, "ended": 99}
	after := map[string]int{"lives": 13, "new": 4}
	if got := since(before, after); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}

func TestMedianIsTheMiddleWhateverTheOrder(t *testing.T) {
	if got := median([]int{300, 2, 14}); got != 14 {
		t.Errorf("got %d, want 14", got)
	}
}

func TestWatchMeasuresAProcess(t *testing.T) {
	u, err := watch(t.Context(), os.Getpid(), 0, 50*time.Millisecond, 3)
	if err != nil {
		t.Fatal(err)
	}
	if u.resident < 1000 || u.peak < u.resident/2 {
		t.Errorf("this test cannot be so small: %+v", u)
	}
}

func TestWatchSaysThatAProcessHasEnded(t *testing.T) {
	const beyondAnyPid = 1 << 30
	if _, err := watch(t.Context(), beyondAnyPid, 0, time.Millisecond, 1); err == nil {
		t.Error("no error")
	}
}
