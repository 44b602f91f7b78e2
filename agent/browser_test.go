package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// atTerminal runs login with a terminal whose caller is c, and answers each question with answer, "" being nobody. It returns
// what was printed, questions included, and login's error. Once a line with stop is printed the login's context ends.
func atTerminal(t *testing.T, c wire.Caller, answer, stop string, login func(ctx context.Context, at *terminal) error) (printed []string, err error) {
	t.Helper()
	result := make(chan error, 1)
	loginCtx, end := context.WithCancel(t.Context())
	defer end()
	place := serving(t, func(_ context.Context, conn *wire.Conn, r wire.Request) wire.Done {
		result <- login(loginCtx, &terminal{conn: conn, caller: r.Caller, now: func() time.Time { return noon }})
		return wire.Done{}
	})
	dialCtx, stopDial := context.WithTimeout(t.Context(), 10*time.Second)
	defer stopDial()
	client, err := wire.Dial(dialCtx, place)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	watch := time.AfterFunc(20*time.Second, func() { _ = client.Close() })
	defer watch.Stop()
	if err := client.Send(wire.Request{Version: wire.Version, Verb: "login", Caller: c}); err != nil {
		t.Fatal(err)
	}
	for {
		e, err := client.Next()
		switch {
		case err != nil:
			t.Fatalf("%v after %q", err, printed)
		case e.Done != nil:
			return printed, <-result
		case e.Ask != nil && answer == "":
			printed, err = append(printed, e.Ask.Prompt), client.NoAnswer()
		case e.Ask != nil:
			printed, err = append(printed, e.Ask.Prompt), client.Answer(secret.New(answer))
		default:
			printed = append(printed, e.Note+e.Text)
		}
		if err != nil {
			t.Fatal(err)
		}
		if stop != "" && strings.Contains(e.Note, stop) {
			end()
		}
	}
}

var (
	person = wire.Caller{Terminal: true, Width: 80}
	visit  = auth.Visit{Account: "corp", Host: "login.example.com", URL: "http://127.0.0.1:45123/x", Command: []string{"firefox", "-P", "work"}}
)

func TestTheBrowserIsOpenedForAPersonAtThisMachine(t *testing.T) {
	const shown = "corp: open this address in your browser to log in at login.example.com: http://127.0.0.1:45123/x"
	for _, c := range []struct {
		name    string
		caller  wire.Caller
		fails   error
		want    []string
		visited []string
	}{
		{"a person at this machine", person, nil, []string{shown}, []string{"http://127.0.0.1:45123/x firefox -P work"}},
		{"a person with no browser", person, errors.New("install \x1bxdg-utils"),
			[]string{shown, "corp: the browser was not opened: install xdg-utils"}, []string{"http://127.0.0.1:45123/x firefox -P work"}},
		{"a person over ssh", wire.Caller{Terminal: true, SSH: true}, nil, []string{shown,
			"corp: it leads to this machine; to open it on the one you sit at, first run there: ssh -L 45123:127.0.0.1:45123 HOST"}, nil},
		{"a script", wire.Caller{}, nil, []string{shown}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var visited []string
			printed, err := atTerminal(t, c.caller, "", "", func(ctx context.Context, at *terminal) error {
				at.open = func(_ context.Context, url string, command []string) error {
					visited = append(visited, url+" "+strings.Join(command, " "))
					return c.fails
				}
				return at.Visit(ctx, visit)
			})
			if err != nil || !slices.Equal(printed, c.want) || !slices.Equal(visited, c.visited) {
				t.Errorf("%v, opened %q, printed:\n%q\nwant:\n%q", err, visited, printed, c.want)
			}
		})
	}
}

func TestADeviceCodeIsShownUntilTheLoginEnds(t *testing.T) {
	const (
		address = "corp: open this address on any device to log in at login.example.com: https://login.example.com/device"
		code    = "corp: the code, good until 12:00: WDJB-MJHT"
		ask     = "corp: the code is to be entered at login.example.com, and the provider is idp.example.org; go on if you know this host [y/N]"
	)
	picture := qrCode("https://login.example.com/device", 80)
	for _, c := range []struct {
		name    string
		width   int
		foreign string
		answer  string
		want    []string
		err     error
	}{
		{"wide", 80, "", "", []string{address, picture, code}, context.Canceled},
		{"narrow", 30, "", "", []string{address, code}, context.Canceled},
		{"to no terminal", 0, "", "", []string{address, code}, context.Canceled},
		{"of another host, trusted", 0, "idp.example.org", " Yes ", []string{ask, address, code}, context.Canceled},
		{"of another host, refused", 0, "idp.example.org", "n", []string{ask}, auth.ErrCancelled},
		{"of another host, just Return", 0, "idp.example.org", " ", []string{ask}, auth.ErrCancelled},
		{"of another host, nobody there", 0, "idp.example.org", "", []string{ask}, auth.ErrNoDialog},
	} {
		t.Run(c.name, func(t *testing.T) {
			printed, err := atTerminal(t, wire.Caller{Width: c.width}, c.answer, "the code", func(ctx context.Context, at *terminal) error {
				return at.Code(ctx, auth.DeviceCode{Account: "corp", Host: "login.example.com", URL: "https://login.example.com/device",
					UserCode: "WDJB-\x1b\u202eMJHT", Foreign: c.foreign, Expires: noon})
			})
			if !errors.Is(err, c.err) || !slices.Equal(printed, c.want) {
				t.Errorf("%v, printed:\n%q\nwant %v and:\n%q", err, printed, c.err, c.want)
			}
		})
	}
}

func TestAnotherWayToLogInIsSaidAndTaken(t *testing.T) {
	const text = "corp wants a second factor: log in with the browser"
	printed, err := atTerminal(t, person, "", "", func(ctx context.Context, at *terminal) error { return at.Offer(ctx, "corp", text) })
	if err != nil || !slices.Equal(printed, []string{text}) {
		t.Errorf("%v, %q", err, printed)
	}
}

func TestAQRCodeHoldsEveryModuleAndItsQuietZone(t *testing.T) {
	for _, address := range []string{"https://h/", "https://login.example.com/device?user_code=WDJB-MJHT", "https://h/" + strings.Repeat("x", 180)} {
		code, err := qr.Encode(address, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		side := code.Size + 2*quietZone
		lines := strings.Split(strings.TrimSuffix(qrCode(address, 80), "\n"), "\n")
		if len(lines) != (side+1)/2 {
			t.Fatalf("%.40s…: %d lines, want %d", address, len(lines), (side+1)/2)
		}
		for i, line := range lines {
			row := []rune(strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[97;40m"), "\x1b[0m"))
			if len(row) != side {
				t.Fatalf("%.40s…: line %d has %d columns, want %d", address, i, len(row), side)
			}
			for x, r := range row {
				upper, lower := r == '▀' || r == '█', r == '▄' || r == '█'
				if y := 2*i - quietZone; upper == code.Black(x-quietZone, y) || y+1 < code.Size+quietZone && lower == code.Black(x-quietZone, y+1) {
					t.Fatalf("%.40s…: %q at line %d, column %d", address, r, i, x)
				}
			}
		}
	}
}

func TestAQRCodeIsDrawnOnlyWhereThereIsRoom(t *testing.T) {
	const address = "https://login.example.com/device" // 32 characters: 25 modules, and 4 on each side
	for _, c := range []struct {
		text  string
		width int
		drawn bool
	}{
		{address, 33, true}, {address, 32, false}, {address, 0, false},
		{address + strings.Repeat("x", 250), 300, true}, {address + strings.Repeat("x", 350), 300, false}, {address + strings.Repeat("x", 4000), 300, false},
	} {
		if got := qrCode(c.text, c.width); (got != "") != c.drawn {
			t.Errorf("%d characters on %d columns: drawn %v", len(c.text), c.width, got != "")
		}
	}
}
