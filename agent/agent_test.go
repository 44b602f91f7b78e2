package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.Local)

// twoAccounts is an agent whose configuration has corp with prod and staging, and lab with none; nobody is logged in.
func twoAccounts(t *testing.T) *Agent {
	t.Helper()
	k := auth.NewKeeper(keychain.New(&keychaintest.Keychain{}, ""), time.Now, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = k.Run(ctx, nil) }()
	t.Cleanup(func() { stop(); <-ended })
	provider := oidc.Config{Issuer: "https://127.0.0.1:1", ClientID: "kubernetes"}
	if err := k.Configure(
		[]auth.Account{{Name: "corp", OIDC: provider}, {Name: "lab", OIDC: provider}},
		[]auth.ClusterConfig{{Name: "prod", Account: "corp", Server: "https://prod:6443"}, {Name: "staging", Account: "corp", Server: "https://staging:6443/"}},
	); err != nil {
		t.Fatal(err)
	}
	keychainRead(t, k)
	return New(Parts{Keeper: k, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
}

func TestOneCallingProcessWaitsFiveSecondsInAllAndIsToldOnce(t *testing.T) {
	var ps parents
	kubectl, other := wire.Process{PID: 7, Start: "1"}, wire.Process{PID: 7, Start: "2"}
	now := noon
	ask := func(p wire.Process, takes time.Duration) (patience time.Duration, told bool) {
		patience = ps.patience(p, now)
		began := now
		now = now.Add(min(takes, patience))
		return patience, ps.waited(p, began, now)
	}
	for i, want := range []struct {
		patience time.Duration
		told     bool
	}{{5 * time.Second, false}, {2 * time.Second, true}, {0, true}, {0, true}, {0, true}} {
		if p, told := ask(kubectl, 3*time.Second); p != want.patience || told != want.told {
			t.Errorf("call %d: waits %v, told before: %v; want %v", i+1, p, told, want)
		}
	}
	if p, told := ask(other, 0); p != tokenLimit || told {
		t.Errorf("another process with the same number: %v %v", p, told)
	}
	now = now.Add(lineEvery)
	if p, told := ask(kubectl, 0); p != tokenLimit || told {
		t.Errorf("ten seconds later: %v %v, want all of it again", p, told)
	}
	if p, told := ask(wire.Process{}, time.Second); p != tokenLimit || told {
		t.Errorf("a caller that cannot be told from others: %v %v", p, told)
	}
}

func TestEveryFailureHasItsStatusAndSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{&auth.LoginNeededError{Account: "corp", Reason: auth.Reason{Code: auth.CodeEnded}}, 3,
			"corp: login needed: the provider ended the session; click the kubecreds icon, or run: kubectl creds login corp"},
		{&auth.LoginNeededError{Account: "corp"}, 3, "kubectl creds login corp"},
		{&auth.OfflineError{Account: "corp", Reason: auth.Reason{Code: auth.CodeUnreachable, Words: "login.example.com does not answer"}, RetryAt: noon}, 4,
			"corp: provider unreachable: login.example.com does not answer; trying again at 12:00:00"},
		{&auth.BlockedError{Account: "corp", Reason: auth.Reason{Code: auth.CodeKeychainLocked}}, 5, "unlock"},
		{fmt.Errorf("x: %w", auth.ErrUnknown), 5, "x: not in the configuration"},
		{&auth.LoginFailedError{Account: "corp", Reason: auth.Reason{Code: auth.CodeUnreachable}}, 4, "corp: not logged in: the provider cannot be reached"},
		{&auth.LoginFailedError{Account: "corp", Reason: auth.Reason{Code: auth.CodeWrongPassword}}, 3, "refused the password"},
		{&auth.LoginFailedError{Account: "corp", Reason: auth.Reason{Code: auth.CodeCancelled}}, 1, "cancelled"},
		{errors.New("else"), 1, "else"},
	} {
		d := failed(c.err)
		if d.Status != c.status || !strings.Contains(d.Message, c.says) || strings.Contains(d.Message, "\n") {
			t.Errorf("%v: %+v, want status %d and %q", c.err, d, c.status, c.says)
		}
	}
}

// snapshot has a valid account with two clusters, and one whose session ended.
func snapshot() *auth.Snapshot {
	return &auth.Snapshot{
		Accounts: []auth.Status{
			{Account: "corp", Person: "alice@example.com", Phase: auth.Valid, Until: noon.Add(time.Hour)},
			{Account: "lab", Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded}},
		},
		Clusters: []auth.Cluster{
			{Name: "prod", Account: "corp", Delivery: "exec"},
			{Name: "staging", Account: "corp", Delivery: "exec", WriteError: "no permission"},
		},
	}
}

func TestTheStatusOfOneNameIsAnExitStatus(t *testing.T) {
	s := snapshot()
	s.Accounts = append(s.Accounts,
		auth.Status{Account: "gone", Phase: auth.Offline, Until: noon.Add(-time.Second), Reason: auth.Reason{Code: auth.CodeUnreachable}},
		auth.Status{Account: "locked", Phase: auth.Unknown},
		auth.Status{Account: "out", Phase: auth.LoggedOut})
	s.Clusters = append(s.Clusters, auth.Cluster{Name: "refusing", Account: "corp", Rejected: auth.Reason{Code: auth.CodeRejected}})
	for name, want := range map[string]int{
		"corp": 0, "prod": 0, "staging": 5, "refusing": 5, "lab": 3, "gone": 4, "locked": 5, "out": 3,
	} {
		if got := health(only(s, name), name, noon); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestTheReportForProgramsIsJSONWithStableNames(t *testing.T) {
	b, err := json.Marshal(report(snapshot(), noon, "1.0"))
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	corp := r["accounts"].([]any)[0].(map[string]any)
	if corp["name"] != "corp" || corp["state"] != "valid" || corp["ready"] != true || corp["until"] != noon.Add(time.Hour).Format(time.RFC3339Nano) {
		t.Errorf("%v", corp)
	}
	staging := r["clusters"].([]any)[1].(map[string]any)
	if staging["ready"] != false || staging["writeError"] != "no permission" || staging["account"] != "corp" {
		t.Errorf("%v", staging)
	}
}

func TestAnUnknownNameNamesThoseThereAre(t *testing.T) {
	a := twoAccounts(t)
	if _, err := a.named("typo"); !errors.Is(err, auth.ErrUnknown) || !strings.Contains(err.Error(), "corp, lab") {
		t.Errorf("%v", err)
	}
	if accounts, err := a.named("staging"); err != nil || len(accounts) != 1 || accounts[0] != "corp" {
		t.Errorf("%v %v", accounts, err)
	}
}
