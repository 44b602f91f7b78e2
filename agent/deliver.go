package agent

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

const (
	filesEvery = 30 * time.Second // how often what failed is tried again, and a kubeconfig that nobody watches is looked at
	tidyEvery  = 12 * time.Hour   // how often old backups are looked for
	settleTime = 10 * time.Second // how long after a write of ours a program may still write what it read before
	mendLimit  = 5                // so often entries are put back before we give in to whoever changes them
)

// brought is what a cluster was brought last: where it differs from what is due, there is something to do.
type brought struct {
	serial uint64 // of the token; 1 for exec, whose entry no token changes
	out    bool   // that nobody is logged in
}

// deliverer keeps the kubeconfig entries and token files of one configuration.
type deliverer struct {
	*Agent
	config  *config.Config
	files   *kubeconfig.Files            // as they were last read
	done    map[string]brought           // by cluster
	sent    map[string]kubeconfig.Change // what done says, in full
	failed  map[string]failure
	logins  map[string]int // by account: how many were seen
	written time.Time      // when we last changed a kubeconfig
	next    time.Time      // when to look at the kubeconfig again
	mended  int

	changes <-chan struct{}    // of the kubeconfigs; nil: nobody watches them
	unwatch context.CancelFunc // ends the watching
}

// failure is what could not be brought, and when to try again.
type failure struct {
	brought
	until time.Time
}

// parcel is what is due to one cluster.
type parcel struct {
	config.Cluster
	account config.Account
	brought
	update bool // the entry was made before
}

// deliver keeps the kubeconfig entries and token files as the configuration wants them, each time something arrives on
// changed: an entry is made after a login, a start and a change of the configuration, and changed where the delivery carries
// the token and that is another one. A write that fails changes the cluster's row, never the session.
func (a *Agent) deliver(ctx context.Context, changed <-chan struct{}) {
	d := &deliverer{Agent: a, logins: map[string]int{}, next: time.Now().Add(filesEvery), unwatch: func() {}}
	look := time.NewTimer(filesEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case _, watching := <-d.changes:
			if !watching {
				d.changes = nil
			}
			d.deliveries.run(func() { d.tidy(); d.mend(ctx) })
		case <-look.C:
			d.next = time.Now().Add(tidyEvery)
			d.deliveries.run(func() { d.tidy(); d.mend(ctx) })
		}
		d.deliveries.run(func() { d.bring(ctx) })
		if next := time.Now().Add(d.pause()); next.Before(d.next) {
			d.next = next
		}
		look.Reset(time.Until(d.next))
	}
}

// pause is how long not to look at the kubeconfig, unless it is seen to change.
func (d *deliverer) pause() time.Duration {
	switch {
	case d.changes == nil && time.Since(d.written) < d.settle:
		return d.settle / 10
	case d.changes == nil, len(d.failed) > 0:
		return filesEvery
	}
	return tidyEvery
}

// watch has every change of the kubeconfigs and of their locks told on d.changes. A folder that is not there yet cannot be
// watched: the files are looked at from time to time until it is.
func (d *deliverer) watch(ctx context.Context) {
	if d.changes != nil {
		return
	}
	var paths []string
	for _, path := range d.config.Kubeconfigs {
		paths = append(paths, path, path+".lock")
		if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
			paths = append(paths, real)
		}
	}
	ctx, d.unwatch = context.WithCancel(ctx)
	var err error
	if d.changes, err = config.WatchFiles(ctx, paths...); err != nil {
		d.unwatch()
		d.Log.Debug("the kubeconfig is looked at from time to time", "err", err)
	}
}

// tidy removes what has been left lying for long enough.
func (d *deliverer) tidy() {
	d.dropBackups(false)
	if d.config == nil {
		return
	}
	again, err := kubeconfig.Unlock(d.config.Kubeconfigs)
	if err != nil {
		d.Log.Warn("a lock that was left behind stays", "err", err)
	}
	if at := time.Now().Add(again); again > 0 && at.Before(d.next) {
		d.next = at
	}
}

// bring brings what is due.
func (d *deliverer) bring(ctx context.Context) {
	c := d.inForce()
	fresh := c != d.config
	if fresh {
		d.configured(ctx, c)
	}
	var due []parcel
	var tokens []string
	s := d.Keeper.Snapshot()
	for name, n := range d.loginCounts() { // after the snapshot: a login is counted before it begins
		if d.logins[name] != n {
			d.logins[name] = n
			d.forget(name)
		}
	}
	for _, cl := range c.Clusters {
		if cl.Adopted {
			continue // its entries are the person's
		}
		st, known := s.Account(cl.Account)
		if cl.Delivery == config.TokenFile && !(known && st.Phase == auth.LoggedOut) {
			tokens = append(tokens, d.tokenFile(cl.Name))
		}
		if shown, ok := s.Cluster(cl.Name); ok && known {
			r := d.remark(cl, st)
			if d.mended >= mendLimit {
				r = strings.TrimPrefix(r+"; another program keeps changing its kubeconfig entries", "; ")
			}
			if r != shown.Remark {
				_ = d.Keeper.Remark(cl.Name, r) // it has stopped: so shall we
			}
		}
		if p, ok := d.due(cl, st); known && ok {
			p.account = account(c, cl.Account)
			due = append(due, p)
		}
	}
	d.watch(ctx)
	if len(due) == 0 && !fresh {
		return
	}
	if err := kubeconfig.KeepTokenFiles(d.tokenFolder(), tokens...); err != nil {
		d.Log.Warn("token files not removed", "err", err)
	}
	d.mended = 0
	d.send(ctx, d.pack(ctx, due))
}

// due says what is due to cl, whose account's status is st.
func (d *deliverer) due(cl config.Cluster, st auth.Status) (parcel, bool) {
	p := parcel{Cluster: cl}
	switch exec := cl.Delivery == config.Exec; {
	case st.Phase == auth.LoggedOut && exec:
		delete(d.done, cl.Name) // the entry stays; the next login makes it anew where somebody removed it
		return p, false
	case st.Phase == auth.LoggedOut:
		p.out = true
	case exec && st.Serial > 0:
		p.serial = 1
	case !exec && st.Serial > 0 && st.Good(d.Now()): // a request for a token that is not good would start a renewal
		p.serial = st.Serial
	default:
		return p, false
	}
	before, made := d.done[cl.Name]
	p.update = made && !before.out || p.out
	failed, again := d.failed[cl.Name]
	wait := again && failed.brought == p.brought && time.Now().Before(failed.until)
	return p, before != p.brought && !wait
}

// forget has the entries of an account's clusters made anew.
func (d *deliverer) forget(account string) {
	d.mended = 0
	for _, cl := range d.config.Clusters {
		if cl.Account == account {
			delete(d.done, cl.Name)
			delete(d.failed, cl.Name)
		}
	}
}

// configured takes c in force.
func (d *deliverer) configured(ctx context.Context, c *config.Config) {
	old := d.config
	d.config, d.files = c, nil
	d.unwatch()
	d.changes = nil
	d.done, d.sent, d.failed = map[string]brought{}, map[string]kubeconfig.Change{}, map[string]failure{}
	if old != nil {
		d.retract(ctx, old, c)
	}
	d.files = nil
}

// retract takes the tokens out of entries that are no longer ours to keep.
func (d *deliverer) retract(ctx context.Context, old, now *config.Config) {
	stay := map[string]bool{}
	if strings.Join(old.Kubeconfigs, "\n") == strings.Join(now.Kubeconfigs, "\n") {
		for _, cl := range now.Clusters {
			stay[cl.Name] = true
		}
	}
	var changes []kubeconfig.Change
	for _, cl := range old.Clusters {
		if !stay[cl.Name] && !cl.Adopted && cl.Delivery != config.Exec {
			change := d.entry(parcel{Cluster: cl, account: account(old, cl.Account), brought: brought{out: true}}, auth.Token{})
			change.Update = true
			changes = append(changes, change)
		}
	}
	if _, err := d.write(ctx, old.Kubeconfigs, changes...); err != nil {
		d.Log.Warn("tokens of clusters that left the configuration stay in the kubeconfig", "err", err)
	}
}

// pack makes the entries of what is due, and writes the token files. What cannot be delivered at all is noted.
func (d *deliverer) pack(ctx context.Context, due []parcel) []kubeconfig.Change {
	var changes []kubeconfig.Change
	for _, p := range due {
		token, err := d.carried(ctx, p)
		d.done[p.Name] = p.brought
		if err == nil && p.Delivery == config.TokenFile && !p.out {
			err = kubeconfig.WriteTokenFile(ctx, d.tokenFile(p.Name), token.Value)
		}
		if err != nil {
			d.note(p.Name, err)
			continue
		}
		change := d.entry(p, token)
		change.Update = p.update
		changes = append(changes, change)
	}
	return changes
}

// send writes changes all at once, or, if something is wrong with one of them, each by itself.
func (d *deliverer) send(ctx context.Context, changes []kubeconfig.Change) {
	wrote, err := d.write(ctx, d.config.Kubeconfigs, changes...)
	for _, c := range changes {
		failure := err
		if err != nil && len(changes) > 1 {
			var one bool
			one, failure = d.write(ctx, d.config.Kubeconfigs, c)
			wrote = wrote || one
		}
		var taken *kubeconfig.TakenError
		if errors.As(failure, &taken) && d.done[c.Name].out {
			failure = nil // no entry of ours, no token to take away
		}
		d.sent[c.Name] = c
		d.note(c.Name, failure)
	}
	if wrote {
		d.written = time.Now()
	}
}

// note shows in the cluster's row how its delivery went. A failed one is due again after a while.
func (d *deliverer) note(cluster string, err error) {
	line := ""
	delete(d.failed, cluster)
	if err != nil {
		line = strings.TrimPrefix(err.Error(), cluster+": ") // it stands in the cluster's row
		d.failed[cluster] = failure{d.done[cluster], time.Now().Add(filesEvery)}
		delete(d.done, cluster)
		delete(d.sent, cluster)
	}
	if was, ok := d.Keeper.Snapshot().Cluster(cluster); ok && was.WriteError != line && line != "" {
		d.Log.Warn("not delivered", "cluster", cluster, "err", err)
	}
	_ = d.Keeper.Note(cluster, line) // it has stopped: so shall we
}

// mend puts our entries back where another program has written the kubeconfig as it was before, which plain kubectl does: it
// reads before it locks. An entry that is gone after a while was removed by somebody who meant it.
func (d *deliverer) mend(ctx context.Context) {
	if d.files == nil || d.mended >= mendLimit {
		return
	}
	now, err := d.files.Reload()
	if err == nil && now == d.files {
		return
	}
	var changes []kubeconfig.Change
	for _, cl := range d.config.Clusters {
		if change, ok := d.sent[cl.Name]; ok {
			change.Update = change.Update || time.Since(d.written) > d.settle
			changes = append(changes, change)
		}
	}
	if err == nil {
		d.files = now
	}
	before := d.written
	d.send(ctx, changes)
	if d.written != before {
		d.mended++
		d.Log.Warn("another program had changed our kubeconfig entries; they are written again", "time", d.mended)
	}
}

func account(c *config.Config, name string) config.Account {
	for _, a := range c.Accounts {
		if a.Name == name {
			return a
		}
	}
	return config.Account{}
}

func (a *Agent) tokenFolder() string { return filepath.Join(a.Places.State, "tokens") }

// tokenFile is the path of a cluster's token file: the same at each start, and a file name on every system.
func (a *Agent) tokenFile(cluster string) string {
	return filepath.Join(a.tokenFolder(), fileName(cluster))
}

// write makes changes in the kubeconfig files at paths, and reports whether that changed any.
func (d *deliverer) write(ctx context.Context, paths []string, changes ...kubeconfig.Change) (wrote bool, err error) {
	if len(changes) == 0 {
		return false, nil
	}
	if d.files == nil {
		d.files, err = kubeconfig.Load(paths)
	} else if files, again := d.files.Reload(); again == nil { // what has not changed is not read
		d.files = files
	} else {
		err = again
	}
	if err != nil {
		return false, err
	}
	diff, err := d.files.Plan(changes...)
	if err != nil || diff.Empty() {
		return false, err
	}
	err = d.apply(ctx, d.files, diff)
	return err == nil, err
}
