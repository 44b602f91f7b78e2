package agent

import (
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

func TestVersionsAreInOrder(t *testing.T) {
	inOrder := []string{"v0.9.9", "1.0.0-rc1", "v1.0.0", "v1.0.0-3-gabcdef", "v1.0.0-12-gabcdef-dirty", "v1.0.1", "1.2.0", "v1.10.0", "v2.0.0"}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if newer(a, b) != (i > j) {
				t.Errorf("newer(%s, %s) is %v", a, b, newer(a, b))
			}
		}
	}
	if newer("v1.0.0-dirty", "1.0.0") || newer("1.0.0", "v1.0.0-dirty") {
		t.Error("the same release differs")
	}
	for _, odd := range []string{"", "dev", "6fd40f6", "v1", "1.2.x", "1.2.3.4", "1.-2.3"} {
		if newer(odd, "v0.0.1") || newer("v9.9.9", odd) {
			t.Errorf("%q has a place in the order", odd)
		}
	}
}

func TestAnAgentMakesRoomForANewerOneAndForOneWithAnIcon(t *testing.T) {
	for _, c := range []struct {
		name         string
		tray         bool
		version      string
		newcomer     string
		newcomerTray string
		yields       bool
	}{
		{"the same", false, "v1.0.0", "v1.0.0", "--tray=false", false},
		{"an icon", false, "v1.0.0", "v1.0.0", "--tray=true", true},
		{"a second icon", true, "v1.0.0", "v1.0.0", "--tray=true", false},
		{"newer", false, "v1.0.0", "v1.0.1", "--tray=false", true},
		{"newer, both with an icon", true, "v1.0.0", "v1.0.1", "--tray=true", true},
		{"newer without the icon", true, "v1.0.0", "v1.0.1", "--tray=false", false},
		{"older", true, "v1.0.1", "v1.0.0", "--tray=true", false},
		{"unknown", true, "dev", "v1.0.0", "--tray=true", false},
	} {
		a := twoAccounts(t)
		untilIdle(t, a)
		a.Tray, a.Version = c.tray, c.version
		quit := false
		a.quit = func() { quit = true }
		d := a.yield(wire.Request{Args: []string{c.newcomerTray}, Caller: wire.Caller{Program: c.newcomer}})
		if quit != c.yields || (d.Status == 0) != c.yields {
			t.Errorf("%s: yields: %v, %+v", c.name, quit, d)
		}
	}
}

func TestOneNewerClientInAWhileIsToldThatItIsNewer(t *testing.T) {
	a := twoAccounts(t)
	untilIdle(t, a)
	a.Version = "v1.0.0"
	now := noon
	a.Now = func() time.Time { return now }
	told := func(version string) bool { return a.outdated(wire.Request{Caller: wire.Caller{Program: version}}) }
	if told("v1.0.0") || told("v0.9.0") || told("dev") {
		t.Error("a client that is no newer was told that it is")
	}
	if !told("v1.1.0") || told("v1.1.0") {
		t.Error("want the first told, and the second not")
	}
	now = now.Add(replaceEvery)
	if !told("v1.1.0") {
		t.Error("nobody was told after a while")
	}
}

// untilIdle waits until the agent has read its keychain.
func untilIdle(t *testing.T, a *Agent) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !a.idle(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it is never idle")
		}
	}
}
