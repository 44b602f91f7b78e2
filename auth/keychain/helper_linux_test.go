package keychain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// drawer is a vault in memory.
type drawer struct {
	items map[string]string
	state error
}

func (d drawer) Get(_ context.Context, key string) (secret.Text, error) {
	if v, ok := d.items[key]; ok {
		return secret.New(v), nil
	}
	return secret.Text{}, ErrNone
}

func (d drawer) Set(_ context.Context, key string, v secret.Text) error {
	d.items[key] = v.Reveal()
	return nil
}

func (d drawer) Delete(_ context.Context, key string) error {
	delete(d.items, key)
	return nil
}

func (d drawer) ready(context.Context) error         { return d.state }
func (d drawer) unlock(context.Context) error        { return d.state }
func (d drawer) claim(context.Context, string) error { return nil }

// converse runs serve on the lines and returns what it answers.
func converse(v vault, lines string) (status int, answers string) {
	requests := make(chan request)
	go func() {
		defer close(requests)
		read(context.Background(), strings.NewReader(lines), requests)
	}()
	var out bytes.Buffer
	status = serve(context.Background(), v, <-requests, requests, json.NewEncoder(&out))
	return status, out.String()
}

func TestTheHelperAnswersALineForALine(t *testing.T) {
	open := drawer{items: map[string]string{"big": strings.Repeat("x", maxValue+1)}}
	cases := []struct {
		name, lines, want string
		v                 drawer
		status            int
	}{
		{"begin", `{"op":"begin"}`, "{}\n", open, 0},
		{"set, get, delete, get", `{"op":"begin"}
{"op":"set","key":"a","value":"/wA="}
{"op":"get","key":"a"}
{"op":"delete","key":"a"}
{"op":"get","key":"a"}`, `{}
{}
{"value":"/wA="}
{}
{"kind":"none","words":"nothing in the keychain"}
`, open, 0},
		{"somebody else's item", `{"op":"begin"}
{"op":"get","key":"big"}`, `{}
{"kind":"refused","words":"the keychain holds something else under this name"}
`, open, 0},
		{"locked", `{"op":"begin"}`, `{"kind":"locked","words":"the keychain is locked"}` + "\n", drawer{state: ErrLocked}, 0},
		{"stayed locked", `{"op":"unlock"}`, `{"kind":"locked","words":"the keychain is locked"}` + "\n", drawer{state: ErrLocked}, 0},
		{"no begin", `{"op":"get","key":"a"}`, "", open, 2},
		{"an unknown operation", "{\"op\":\"begin\"}\n{\"op\":\"a\\nb\"}", `{}
{"kind":"refused","words":"the keychain's helper process does not know a b"}
`, open, 0},
		{"nonsense ends it", "{\"op\":\"begin\"}\nnonsense\n{\"op\":\"get\"}", "{}\n", open, 0},
		{"nothing", "", "", open, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if status, got := converse(c.v, c.lines); got != c.want || status != c.status {
				t.Errorf("status %d, answers:\n%s", status, got)
			}
		})
	}
}

func TestTheHelperIsToldNothingByArgumentsAndEnvironment(t *testing.T) {
	t.Setenv("KUBECREDS_TEST_SECRET", "hunter2")
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/4711")
	ctx, cancel := context.WithCancel(t.Context())
	h, err := startHelper(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	defer cancel()
	if got := h.cmd.Args[1:]; !slices.Equal(got, []string{HelperWord}) {
		t.Errorf("arguments: %v", got)
	}
	if env := fmt.Sprint(h.cmd.Env); strings.Contains(env, "hunter2") || !strings.Contains(env, "XDG_RUNTIME_DIR=/run/user/4711") {
		t.Errorf("environment: %s", env)
	}
}

func TestAHelperThatDiesIsAnErrorAndNotAHang(t *testing.T) {
	newDesktop(t).startKeyring(t, true)
	err := System().Do(t.Context(), func(ctx context.Context, items Items) error {
		if err := items.(*helper).cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		return items.Set(ctx, "corp", secret.New("x"))
	})
	if !errors.Is(err, ErrUnavailable) || err.Error() != "no keychain: its helper process ended early; try again" {
		t.Errorf("Set: %v", err)
	}
}

// TestTheHelperEndsByItselfWhenNobodyIsLeftToKillIt also looks at what protects its memory.
func TestTheHelperEndsByItselfWhenNobodyIsLeftToKillIt(t *testing.T) {
	d := newDesktop(t)
	d.startKeyring(t, true)
	d.freeze(t)
	cmd := exec.Command("/proc/self/exe", HelperWord)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	if _, err := stdin.Write([]byte(`{"op":"begin","within":1}` + "\n")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no core dumps", func() bool {
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
		if err != nil {
			return false
		}
		for line := range strings.Lines(string(limits)) {
			if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") {
				return f[4] == "0" && f[5] == "0"
			}
		}
		return false
	})
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Error("it is still there")
	}
}

func TestTheHelpersMemoryIsItsOwn(t *testing.T) {
	if syscall.Getuid() != 0 {
		t.Skip("only root can start the helper as somebody else")
	}
	const nobody = 65534
	cmd := exec.Command("/proc/self/exe", HelperWord)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("this test program cannot be started by another user: %v", err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = stdin.Close() }()
	// The files of a process that is not dumpable belong to root, whoever runs it.
	eventually(t, "not dumpable", func() bool {
		info, err := os.Stat(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid))
		return err == nil && info.Sys().(*syscall.Stat_t).Uid == 0
	})
}

// service is a Secret Service whose one collection is locked, and whose prompt a test answers.
type service struct {
	conn      *dbus.Conn
	unlocked  chan bool // holds whether it is
	prompted  chan struct{}
	dismissed chan struct{}
}

const promptPath = dbus.ObjectPath(ssPath + "/prompt/p1")

func startService(t *testing.T) *service {
	t.Helper()
	newDesktop(t)
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &service{conn: conn, unlocked: make(chan bool, 1), prompted: make(chan struct{}, 9), dismissed: make(chan struct{}, 9)}
	s.unlocked <- false
	property := func(string, string) (dbus.Variant, *dbus.Error) {
		return dbus.MakeVariant([]dbus.ObjectPath{ssLogin}), nil
	}
	err = errors.Join(
		conn.ExportMethodTable(map[string]any{"Get": property}, ssPath, "org.freedesktop.DBus.Properties"),
		conn.ExportMethodTable(map[string]any{
			"Unlock": func([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) { return nil, promptPath, nil },
		}, ssPath, ssService),
		conn.ExportMethodTable(map[string]any{
			"Get": func(string, string) (dbus.Variant, *dbus.Error) {
				is := <-s.unlocked
				s.unlocked <- is
				return dbus.MakeVariant(!is), nil
			},
		}, ssLogin, "org.freedesktop.DBus.Properties"),
		conn.ExportMethodTable(map[string]any{
			"Prompt":  func(string) *dbus.Error { s.prompted <- struct{}{}; return nil },
			"Dismiss": func() *dbus.Error { s.dismissed <- struct{}{}; return nil },
		}, promptPath, ssPrompt),
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(ssName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is the person's.
func (s *service) answer(t *testing.T, unlock bool) {
	t.Helper()
	within(t, "the prompt", s.prompted)
	<-s.unlocked
	s.unlocked <- unlock
	if err := s.conn.Emit(promptPath, ssPrompt+".Completed", !unlock, dbus.MakeVariant([]dbus.ObjectPath{ssLogin})); err != nil {
		t.Fatal(err)
	}
}

func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(15 * time.Second):
		t.Fatalf("%s: not within 15 s", what)
	}
}

func TestUnlockWaitsForThePersonsAnswer(t *testing.T) {
	for _, c := range []struct {
		name   string
		unlock bool
		want   error
	}{{"the password", true, nil}, {"cancelled", false, ErrLocked}} {
		t.Run(c.name, func(t *testing.T) {
			s, done := startService(t), make(chan error, 1)
			go func() { done <- New(System(), "").Unlock(t.Context()) }()
			s.answer(t, c.unlock)
			if err := <-done; !errors.Is(err, c.want) {
				t.Errorf("Unlock: %v", err)
			}
		})
	}
}

func TestAnUnlockThatIsGivenUpTakesItsPromptAway(t *testing.T) {
	s, done := startService(t), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- New(System(), "").Unlock(ctx) }()
	within(t, "the prompt", s.prompted)
	cancel()
	within(t, "its end", s.dismissed)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Unlock: %v", err)
	}
	if left := children(t); left != nil {
		t.Errorf("helpers left behind: %v", left)
	}
}
