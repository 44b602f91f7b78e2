package dialogs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// A stand-in for zenity that keeps its arguments and plays the answers prepared by the test, in order.
const player = `#!/bin/sh
n=0; while [ -e "$PLAYER/argv.$n" ]; do n=$((n+1)); done
echo $$ >"$PLAYER/pid"
printf '%s\0' "$@" >"$PLAYER/argv.tmp"; /bin/mv "$PLAYER/argv.tmp" "$PLAYER/argv.$n"
. "$PLAYER/answer.$n"
`

type playedZenity struct{ dir string }

// play puts the stand-in on PATH, alone, with one answer a dialog: shell commands that print and exit.
func play(t *testing.T, answers ...string) playedZenity {
	t.Helper()
	openDisplay(t)
	z := playedZenity{t.TempDir()}
	bin := t.TempDir()
	write(t, filepath.Join(bin, "zenity"), player, 0o755)
	for i, a := range answers {
		write(t, filepath.Join(z.dir, "answer."+strconv.Itoa(i)), a, 0o644)
	}
	t.Setenv("PATH", bin)
	t.Setenv("PLAYER", z.dir)
	return z
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// asked returns the arguments of each dialog shown so far.
func (z playedZenity) asked(t *testing.T) (dialogs [][]string) {
	t.Helper()
	for n := 0; ; n++ {
		argv, err := os.ReadFile(filepath.Join(z.dir, fmt.Sprint("argv.", n)))
		if errors.Is(err, os.ErrNotExist) {
			return dialogs
		} else if err != nil {
			t.Fatal(err)
		}
		dialogs = append(dialogs, strings.Split(strings.TrimSuffix(string(argv), "\x00"), "\x00"))
	}
}

// shown waits until n dialogs have been shown.
func (z playedZenity) shown(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); len(z.asked(t)) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d dialogs shown, want %d", len(z.asked(t)), n)
		}
	}
}

// newDialogs returns dialogs that take every cancel for a person's: the stand-in is faster than anybody.
func newDialogs(t *testing.T) *Dialogs {
	clock := func(t time.Time) string { return t.Format("3:04 PM") }
	d := New(slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})), clock)
	d.glance = 0
	return d
}

var (
	form  = []string{"--password", "--title", "corp: login.example.com", "--username"}
	entry = func(text string) []string {
		return []string{"--entry", "--text", text, "--title", "corp: login.example.com"}
	}
	hidden = func(text string) []string { return append(entry(text), "--hide-text") }
)

func TestAPersonIsAsked(t *testing.T) {
	const host = "login.example.com"
	for _, c := range []struct {
		name           string
		q              auth.Question
		answers        []string
		want           [][]string
		user, password string
		err            error
	}{
		{
			name: "for user name and password at once", q: auth.Question{},
			answers: []string{`printf 'alice|s3|c r"e\\t€\n'`}, want: [][]string{form}, user: "alice", password: `s3|c r"e\t€`,
		}, {
			name: "for the password only where the user name is known", q: auth.Question{User: `CORP\alice_b`},
			answers: []string{`printf 'pw\n'`}, want: [][]string{hidden(`Password of CORP\\alice__b at login.example.com for corp`)},
			user: `CORP\alice_b`, password: "pw",
		}, {
			name: "again, and told what went wrong", q: auth.Question{User: "alice", Problem: "--wrong <b>password</b>"},
			answers: []string{`printf 'pw\n'`},
			want:    [][]string{hidden("Please try again: --wrong <b>password</b>\n\nPassword of alice at login.example.com for corp")},
			user:    "alice", password: "pw",
		}, {
			name: "for both, one after the other, where there is a problem and no user name", q: auth.Question{Problem: "no such user"},
			answers: []string{`printf ' alice \n'`, `printf 'pw\n'`},
			want: [][]string{
				entry("Please try again: no such user\n\nUser name at login.example.com for corp"),
				hidden("Password of alice at login.example.com for corp"),
			},
			user: "alice", password: "pw",
		}, {
			name: "again for an empty user name", q: auth.Question{},
			answers: []string{`printf '|pw\n'`, `printf 'alice\n'`, `printf 'pw\n'`},
			want: [][]string{
				form, entry("Please try again: the user name was empty\n\nUser name at login.example.com for corp"),
				hidden("Password of alice at login.example.com for corp"),
			},
			user: "alice", password: "pw",
		}, {
			name: "again for an empty password", q: auth.Question{},
			answers: []string{`printf 'alice|\n'`, `printf 'pw\n'`},
			want:    [][]string{form, hidden("Please try again: the password was empty\n\nPassword of alice at login.example.com for corp")},
			user:    "alice", password: "pw",
		}, {
			name: "three times at most for nothing", q: auth.Question{User: "alice"}, answers: []string{"echo", "echo", "echo"},
			want: [][]string{
				hidden("Password of alice at login.example.com for corp"),
				hidden("Please try again: the password was empty\n\nPassword of alice at login.example.com for corp"),
				hidden("Please try again: the password was empty\n\nPassword of alice at login.example.com for corp"),
			},
			err: auth.ErrCancelled,
		}, {
			name: "and pastes line ends", q: auth.Question{}, answers: []string{`printf 'alice\n|se cret \r\n\n'`},
			want: [][]string{form}, user: "alice", password: "se cret ",
		}, {
			name: "and cancels the first dialog", q: auth.Question{}, answers: []string{"exit 1"}, want: [][]string{form}, err: auth.ErrCancelled,
		}, {
			name: "and cancels the second dialog", q: auth.Question{Problem: "no"}, answers: []string{"echo alice", "exit 1"},
			want: [][]string{
				entry("Please try again: no\n\nUser name at login.example.com for corp"),
				hidden("Password of alice at login.example.com for corp"),
			},
			err: auth.ErrCancelled,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := play(t, c.answers...)
			c.q.Account, c.q.Host = "corp", host
			user, password, err := newDialogs(t).Credentials(t.Context(), c.q)
			if user != c.user || password.Reveal() != c.password || !errors.Is(err, c.err) {
				t.Errorf("got %q, %q, %v; want %q, %q, %v", user, password.Reveal(), err, c.user, c.password, c.err)
			}
			if got := z.asked(t); !slices.EqualFunc(got, c.want, slices.Equal) {
				t.Errorf("shown:\n%q\nwant:\n%q", got, c.want)
			}
		})
	}
}

func TestAUserNameMayHoldWhatSeparatesItFromThePassword(t *testing.T) {
	z := play(t, `printf 'CORP|alice|pw\n'`, `printf 'CORP|alice\n'`, `printf 'p|w\n'`, `printf 'pw\n'`)
	d, q := newDialogs(t), auth.Question{Account: "corp", Host: "login.example.com"}
	for i, want := range []struct{ known, problem, user, password string }{
		{"", "", "CORP", "alice|pw"},
		{"CORP", "refused", "CORP|alice", "p|w"},
		{"CORP|alice", "", "CORP|alice", "pw"}, // another login
	} {
		q.User, q.Problem = want.known, want.problem
		if user, password, err := d.Credentials(t.Context(), q); err != nil || user != want.user || password.Reveal() != want.password {
			t.Errorf("%d: %q, %q, %v", i, user, password.Reveal(), err)
		}
	}
	if got, want := z.asked(t), [][]string{
		form, entry("Please try again: refused\n\nUser name at login.example.com for corp"),
		hidden("Password of CORP|alice at login.example.com for corp"), hidden("Password of CORP|alice at login.example.com for corp"),
	}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("shown:\n%q\nwant:\n%q", got, want)
	}
}

func TestADialogProgramThatFailsIsNoCancel(t *testing.T) {
	for _, c := range []struct{ name, answer, say string }{
		{"the display refuses", "exit 1", "the display refused the dialog"},
		{"it does not know an option", "echo 'This option is not available' >&2; exit 255", "(exit status 255)"},
		{"it is ended", "kill -TERM $$", "(signal: terminated)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, c.answer)
			d := newDialogs(t)
			d.glance = time.Minute // however slow this machine is
			_, _, err := d.Credentials(t.Context(), auth.Question{Account: "corp", Host: "h"})
			if !errors.Is(err, auth.ErrNoDialog) || !strings.Contains(err.Error(), c.say) {
				t.Errorf("got %v, want ErrNoDialog that says %q", err, c.say)
			}
		})
	}
}

func TestAMissingDialogProgramIsNamed(t *testing.T) {
	openDisplay(t)
	t.Setenv("PATH", t.TempDir())
	_, _, err := newDialogs(t).Credentials(t.Context(), auth.Question{Account: "corp", Host: "h"})
	if !errors.Is(err, auth.ErrNoDialog) || !strings.Contains(err.Error(), "apt install zenity") {
		t.Errorf("got %v", err)
	}
}

func TestADialogEndsWithItsContext(t *testing.T) {
	z := play(t, "exec /bin/sleep 60")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, _, err := newDialogs(t).Credentials(ctx, auth.Question{Account: "corp", Host: "h"})
		ended <- err
	}()
	z.shown(t, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	text, err := os.ReadFile(filepath.Join(z.dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the dialog is still there: %v", err)
	}
}

func TestOneDialogIsOnTheScreenAtATime(t *testing.T) {
	z := play(t, `read x <"$PLAYER/gate"; echo first`, "echo second")
	gate := filepath.Join(z.dir, "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDialogs(t)
	ask := func(ctx context.Context) (secret.Text, error) {
		_, password, err := d.Credentials(ctx, auth.Question{Account: "corp", Host: "h", User: "alice"})
		return password, err
	}
	first := make(chan secret.Text, 1)
	go func() {
		password, err := ask(t.Context())
		if err != nil {
			t.Error(err)
		}
		first <- password
	}()
	z.shown(t, 1)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second did not wait: %v", err)
	}
	if n := len(z.asked(t)); n != 1 {
		t.Errorf("%d dialogs were shown while the first was open", n)
	}
	write(t, gate, "go\n", 0o600)
	if p := <-first; p.Reveal() != "first" {
		t.Errorf("the first got %q", p.Reveal())
	}
	if p, err := ask(t.Context()); err != nil || p.Reveal() != "second" {
		t.Errorf("after the first the second got %q, %v", p.Reveal(), err)
	}
}

// With the programs of a virtual desktop: DESK_DIR is set there, and desk answers what is drawn.
func TestARealDialogShowsWhoIsAskedForWhat(t *testing.T) {
	if os.Getenv("DESK_DIR") == "" {
		t.Skip("runs in a virtual desktop only: with-desktop --a11y -- go test ./dialogs/")
	}
	desk := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	type answer struct {
		user     string
		password secret.Text
		err      error
	}
	ask := func(q auth.Question) <-chan answer {
		done := make(chan answer, 1)
		go func() {
			var a answer
			a.user, a.password, a.err = newDialogs(t).Credentials(t.Context(), q)
			done <- a
		}()
		desk("xdotool", "search", "--sync", "--onlyvisible", "--name", "^corp: login.example.com$", "windowfocus", "--sync")
		return done
	}

	q := auth.Question{Account: "corp", Host: "login.example.com"}
	done := ask(q)
	desk("xdotool", "type", "--delay", "15", "--", "alice")
	desk("xdotool", "key", "Tab")
	// Keys of the layout only: xdotool now and then loses one that it has to put on the keyboard first.
	desk("xdotool", "type", "--delay", "15", "--", `-p"w|\n`)
	desk("xdotool", "key", "Return")
	if a := <-done; a.err != nil || a.user != "alice" || a.password.Reveal() != `-p"w|\n` {
		t.Errorf("typed into the form: %q, %q, %v", a.user, a.password.Reveal(), a.err)
	}

	q.User, q.Problem = `CORP\nalice_b`, `wrong <b>password</b> & co`
	done = ask(q)
	const want = "Please try again: wrong <b>password</b> & co\n\nPassword of CORP\\nalice_b at login.example.com for corp"
	seen := desk("desk", "seen")
	for end := time.Now().Add(5 * time.Second); !strings.Contains(seen, want) && time.Now().Before(end); seen = desk("desk", "seen") {
		time.Sleep(50 * time.Millisecond) // what is drawn is told a moment later
	}
	if !strings.Contains(seen, want) {
		t.Errorf("the dialog does not say %q:\n%s", want, seen)
	}
	desk("xdotool", "key", "Escape")
	if a := <-done; !errors.Is(a.err, auth.ErrCancelled) {
		t.Errorf("after Escape: %v", a.err)
	}
}
