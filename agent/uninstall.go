package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// deliveries can be stopped: what uninstall took away must not come back.
type deliveries struct {
	mu   sync.Mutex
	over bool
}

// run runs f, unless deliveries are over.
func (d *deliveries) run(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.over {
		f()
	}
}

// stop waits for what is under way.
func (d *deliveries) stop(over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = over
}

// uninstall takes back all that kubecreds did on this machine, tells what it did and what is left, and ends the agent. What
// could not be taken back leaves the agent running, so that it can be tried again.
func (a *Agent) uninstall(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	files := a.kubeconfigs()
	at := &terminal{conn: c, caller: r.Caller, open: a.Open}
	err := at.confirm(ctx, []string{"this logs out of every account, deletes their sessions from the keychain, removes our entries from " +
		strings.Join(files, ", ") + ", and switches off the start at login"}, "uninstall kubecreds?", r.Flag("yes") != "")
	if errors.Is(err, auth.ErrNoDialog) {
		return wire.Done{Status: statusUsage, Message: "there is no terminal to answer in; pass --yes"}
	}
	if err != nil {
		return failed(err)
	}
	a.Log.Info("uninstall")
	a.deliveries.stop(true)
	u := &undoing{conn: c}
	a.undoAutostart(u)
	a.undoAdoptions(ctx, u)
	for _, st := range a.Keeper.Snapshot().Accounts {
		message, err := a.logout(ctx, st.Account)
		if errors.Is(err, auth.ErrUnknown) { // it has just left the configuration with what was adopted
			continue
		}
		if errors.Is(err, auth.ErrNoKeychain) { // what is not there keeps nothing
			message, err = st.Account+": logged out; there is no keychain to delete a session from", nil
		}
		u.tell(message, err)
		if err := a.Keeper.ForgetClient(ctx, st.Account); !errors.Is(err, auth.ErrNoKeychain) {
			u.tell("", err)
		}
	}
	for _, name := range a.gone() {
		if err := a.Keeper.Erase(ctx, name); !errors.Is(err, auth.ErrNoKeychain) {
			u.tell(name+", which left the configuration earlier: deleted from the keychain", err)
		}
	}
	u.tell(a.undoEntries(ctx, files))
	u.tell("", a.undoState())
	if len(u.failures) > 0 {
		a.deliveries.stop(false)
		return ended(c, append(u.failures, errors.New("not all could be taken back: mend it and run this again; kubecreds goes on")))
	}
	if done := say(c, a.remains()); done.Status != statusDone {
		return done
	}
	a.Quit()
	return wire.Done{}
}

// gone are the accounts that have logged in once and left the configuration since.
func (a *Agent) gone() []string {
	snap := a.Keeper.Snapshot()
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.state.Accounts), func(name string) bool { _, ok := snap.Account(name); return ok })
}

// undoing tells what was taken back, and collects what could not be.
type undoing struct {
	conn     *wire.Conn
	failures []error
}

func (u *undoing) tell(line string, err error) {
	if err != nil {
		u.failures = append(u.failures, err)
	} else if line != "" {
		_ = u.conn.Send(wire.Event{Text: line + "\n"}) // whoever went away had said yes
	}
}

func (a *Agent) undoAutostart(u *undoing) {
	if a.Autostart == nil {
		return
	}
	if on, err := a.Autostart.Enabled(); err == nil && !on {
		return
	}
	u.tell("start at login: off", a.Autostart.Disable())
	signal(a.dirty)
}

// undoAdoptions puts back the users that adopt took over.
func (a *Agent) undoAdoptions(ctx context.Context, u *undoing) {
	users, err := a.adoptedUsers()
	if err != nil || len(users) == 0 {
		u.tell("", err)
		return
	}
	notes, err := a.release(ctx, users)
	for _, n := range notes {
		_ = u.conn.Send(wire.Event{Note: n})
	}
	u.tell("released "+plural(len(users), "user"), err)
}

// undoEntries removes our entries from the kubeconfig files at paths. A second life's agent (--home) removes only those of its
// own clusters.
func (a *Agent) undoEntries(ctx context.Context, paths []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	files, err := kubeconfig.Load(paths)
	if err != nil {
		return "", err
	}
	var changes []kubeconfig.Change
	for _, e := range files.Entries() {
		if e.Ours && (a.Places.Home == "" || a.configured(e.Cluster)) {
			changes = append(changes, kubeconfig.Change{Name: e.Cluster, Remove: true})
		}
	}
	diff, err := files.Plan(changes...)
	if err != nil || diff.Empty() {
		return "", err
	}
	if err := files.Apply(ctx, diff); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: our entries of %d clusters removed", strings.Join(diff.Files(), ", "), len(changes)), nil
}

func (a *Agent) configured(cluster string) bool {
	_, ok := a.Keeper.Snapshot().Cluster(cluster)
	return ok
}

// undoState removes what we remembered. The log stays to be read.
func (a *Agent) undoState() error {
	if err := os.RemoveAll(filepath.Join(a.Places.State, "tokens")); err != nil {
		return err
	}
	if err := os.Remove(a.Places.StateFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// remains are the files that are left, for the person to delete.
func (a *Agent) remains() string {
	left := []string{a.Places.Config, filepath.Join(a.Places.State, "kubecreds.log"), filepath.Join(a.Places.State, "kubecreds.log.1"),
		filepath.Join(a.Places.State, "backups"), a.Client}
	if self, err := os.Executable(); err == nil {
		left = append(left, self)
	}
	left = slices.DeleteFunc(left, func(path string) bool { _, err := os.Stat(path); return err != nil })
	return "left for you to keep or delete:\n  " + strings.Join(left, "\n  ") + "\n"
}
