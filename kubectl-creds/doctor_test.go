//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
)

func TestDoctorPrintsWhatTheAgentFinds(t *testing.T) {
	b := withAgent(t, func(_ context.Context, c *wire.Conn, r wire.Request) wire.Done {
		if r.Verb != "doctor" || r.Flag("output") != "json" {
			return wire.Done{Status: 2}
		}
		_ = c.Send(wire.Event{Note: "looking"})
		_ = c.Send(wire.Event{Text: "{}\n"})
		return wire.Done{Status: 1}
	})
	if got := b.run(t, "doctor", "-o", "json"); got != (ran{"{}\n", "kubecreds: looking\n", 1}) {
		t.Errorf("%+v", got)
	}
}

func TestWhereNoAgentAnswersDoctorSaysWhereToLook(t *testing.T) {
	b := newBench(t)
	state := filepath.Join(b.dir, ".local", "state", "kubecreds")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "kubecreds.log"), []byte("first\nlast\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.dir, "kubecreds")); err != nil {
		t.Fatal(err)
	}
	got := b.run(t, "doctor")
	for _, want := range []string{
		"failure   agent ", "failure   agent's program   " + filepath.Join(b.dir, "kubecreds") + " is not there", "-> keep kubecreds and kubectl-creds beside each other",
		"ok        socket's folder   " + filepath.Join(b.dir, "user", "kubecreds"), "ok        lock              nobody holds it", "ok        log ", "kubecreds.log ends: last",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it lacks %q:\n%s", want, got.out)
		}
	}
	if got.status != 1 || got.err != "" {
		t.Errorf("%+v", got)
	}

	b.run(t, "quit") // and nothing starts it
	got = b.run(t, "doctor", "-o", "json")
	var report struct {
		Level    wire.Level
		Findings []wire.Finding
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.status != 1 || report.Level != wire.Failure || len(report.Findings) != 5 {
		t.Fatalf("%v: %+v", err, got)
	}
	if f := report.Findings[0]; f.Area != "agent" || !strings.Contains(f.Says, "was quit") {
		t.Errorf("%+v", f)
	}
}
