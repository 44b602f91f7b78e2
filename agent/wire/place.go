package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Place is where an agent and its clients meet. Make one with Standard, At or Named.
type Place struct {
	Dir  string // the folder of socket, locks and quit marker; "" for another agent's socket
	home string // of an agent with a folder of its own: its --home
	sock string
}

// The files in a place's folder, beside the socket.
const (
	lockFile  = "lock"     // held by the agent as long as it runs
	startFile = "starting" // held by the client that starts one
	quitFile  = "quit"     // exists after a person chose Quit
)

// Standard is the place of this person's own agent: $XDG_RUNTIME_DIR/kubecreds where that is a folder of theirs that nobody
// else can write, else /run/user/UID/kubecreds, else in the state folder; on macOS in Application Support, on Windows in
// %LocalAppData%. It looks, and makes nothing.
func Standard() (Place, error) {
	dir, err := standardDir()
	if err != nil {
		return Place{}, err
	}
	return Place{Dir: dir, sock: socketName(dir, "")}, nil
}

// At is the place of an agent that keeps all that is its own under home, an absolute path: in its folder run.
func At(home string) (Place, error) {
	if !filepath.IsAbs(home) {
		return Place{}, fmt.Errorf("%s: not an absolute path", home)
	}
	home = filepath.Clean(home)
	dir := filepath.Join(home, "run")
	return Place{Dir: dir, home: home, sock: socketName(dir, home)}, nil
}

// Named is the place of another agent, whose socket somebody named in KUBECREDS_SOCKET: that of a host, seen from a
// container or over ssh -R. Nothing is started there, and no agent of ours listens there.
func Named(socket string) (Place, error) {
	if err := checkNamed(socket); err != nil {
		return Place{}, err
	}
	return Place{sock: socket}, nil
}

// Socket is the path of the socket, or the name of the pipe: what KUBECREDS_SOCKET holds.
func (p Place) Socket() string { return p.sock }

// Foreign reports whether the place was named.
func (p Place) Foreign() bool { return p.Dir == "" }

// MarkQuit notes that a person chose Quit: from now on no client starts an agent by itself.
func (p Place) MarkQuit() error {
	if err := p.prepare(); err != nil {
		return err
	}
	f, err := openOwn(p.file(quitFile))
	if err != nil {
		return err
	}
	return f.Close()
}

// ClearQuit takes the note back: a person started the agent, or the desktop did at its login.
func (p Place) ClearQuit() error {
	if p.Foreign() {
		return errForeign
	}
	if err := os.Remove(p.file(quitFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// QuitByPerson reports whether a person chose Quit since the last ClearQuit.
func (p Place) QuitByPerson() bool {
	if p.Foreign() {
		return false
	}
	_, err := os.Lstat(p.file(quitFile))
	return err == nil
}

var errForeign = errors.New("KUBECREDS_SOCKET names another agent: start and stop it where it runs")

func (p Place) file(name string) string { return filepath.Join(p.Dir, name) }

// prepare makes the folder where it is missing, and checks it.
func (p Place) prepare() error {
	if p.Foreign() {
		return errForeign
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return err
	}
	return p.check()
}

// check refuses a folder that is not a real one, this user's, closed to all others, or that stands where others can put
// another in its place. It is fs.ErrNotExist where there is none.
func (p Place) check() error {
	if err := checkOwnDir(p.Dir); err != nil {
		return err
	}
	return checkParent(filepath.Dir(p.Dir))
}

// lock takes the lock called name, without waiting: held is false where another process has it.
func (p Place) lock(name string) (lock *os.File, held bool, err error) {
	f, err := openOwn(p.file(name))
	if err != nil {
		return nil, false, err
	}
	if held, err = tryLock(f); !held {
		_ = f.Close()
		return nil, false, err
	}
	return f, true, nil
}

// poll is how often a condition that no event announces is looked at again.
const poll = 10 * time.Millisecond

// pause waits for d, and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
