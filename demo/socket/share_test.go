package socket

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/demo/provider"
)

// sharing starts `share` and returns what ends its client, when the socket answers.
func (r *rig) sharing(path string) *wire.Client {
	r.Helper()
	c, err := wire.Dial(r.Context(), r.socket)
	must(r.T, err)
	r.Cleanup(func() { _ = c.Close() })
	must(r.T, c.Send(wire.Request{Version: wire.Version, Verb: "share", Args: []string{path}}))
	if e, err := c.Next(); err != nil || !strings.HasPrefix(e.Text, path+" answers get-token and status") {
		r.Fatalf("%+v, %v", e, err)
	}
	return c
}

// at is the same agent, asked at another socket.
func (r *rig) at(path string) *rig {
	r.Helper()
	other := *r
	var err error
	other.socket, err = wire.Named(path)
	must(r.T, err)
	return &other
}

func (r *rig) folder(mode os.FileMode) string {
	r.Helper()
	dir, err := os.MkdirTemp(r.places.Home, "shared") // a socket's path is short
	must(r.T, err)
	must(r.T, os.Chmod(dir, mode))
	return dir
}

func TestASharedSocketGivesTokensAndStatusAndNothingElse(t *testing.T) {
	r := start(t, provider.Options{}, 1)
	r.logIn()
	path := filepath.Join(r.folder(0o700), "s")
	client := r.sharing(path)
	there := r.at(path)
	if a := there.ask("get-token", "--cluster=c0"); a.done.Status != 0 || a.credential == nil {
		t.Errorf("get-token: %+v", a)
	}
	if a := there.ask("status"); !strings.Contains(a.text, "c0") {
		t.Errorf("status: %+v", a)
	}
	for _, verb := range []string{"login", "logout", "renew", "token", "quit", "yield", "uninstall", "share", "autostart", "version", "x\x1b[31m"} {
		if a := there.ask(verb, "--yes=true"); a.done.Status != 2 || !strings.Contains(a.done.Message, "get-token and status only") || strings.Contains(a.done.Message, "\x1b") {
			t.Errorf("%s: %+v", verb, a)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}

	must(t, client.Close()) // Ctrl-C
	must(t, within(func() bool { _, err := os.Stat(path); return errors.Is(err, os.ErrNotExist) }))
	if _, err := there.try(t.Context(), "status"); !errors.Is(err, wire.ErrNoAgent) {
		t.Errorf("afterwards: %v", err)
	}

	client = r.sharing(path)
	if a := r.ask("share", "--off=true"); a.text != "shared sockets ended: 1\n" {
		t.Errorf("%+v", a)
	}
	if e, err := client.Next(); err != nil || e.Done == nil || e.Done.Status != 0 {
		t.Errorf("whoever shared it: %+v, %v", e, err)
	}
	if a := r.ask("status", "corp"); a.done.Status != 0 {
		t.Errorf("the agent's own socket: %+v", a)
	}
}

func TestASocketIsSharedOnlyWhereNobodyElseReachesIt(t *testing.T) {
	r := start(t, provider.Options{}, 1)
	safe := r.folder(0o700)
	file := filepath.Join(safe, "file")
	must(t, os.WriteFile(file, []byte("precious"), 0o600))
	link := filepath.Join(r.places.Home, "link")
	must(t, os.Symlink(safe, link))
	for name, path := range map[string]string{
		"a folder that others may enter": filepath.Join(r.folder(0o755), "s"),
		"a folder that is not there":     filepath.Join(safe, "none", "s"),
		"a link to a folder":             filepath.Join(link, "s"),
		"a file":                         file,
		"a link":                         link,
		"too long a path":                filepath.Join(safe, strings.Repeat("x", 120)),
		"a relative path":                "s",
		"the agent's own":                r.socket.Socket(),
	} {
		if a := r.ask("share", path); a.done.Status != 1 || a.done.Message == "" || a.text != "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v", b, err)
	}
	if a := r.ask("status", "corp"); a.done.Status != 3 {
		t.Errorf("the agent's own socket: %+v", a)
	}
}

func TestSoManySocketsMayBeSharedAndNoMore(t *testing.T) {
	r := start(t, provider.Options{}, 1)
	dir := r.folder(0o700)
	for _, name := range strings.Split("1 2 3 4 5 6 7 8", " ") {
		r.sharing(filepath.Join(dir, name))
	}
	if a := r.ask("share", filepath.Join(dir, "9")); a.done.Status != 1 || !strings.Contains(a.done.Message, "8 sockets are shared already") {
		t.Errorf("%+v", a)
	}
	if a := r.ask("share", "--off=true"); a.text != "shared sockets ended: 8\n" {
		t.Errorf("%+v", a)
	}
}
