package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

const (
	writeLimit = 70 * time.Second    // for one write: a lock that a program left behind is known as stale after a minute
	backupKept = 30 * 24 * time.Hour // how long a kubeconfig's backup is kept
)

// Confirmer asks a person a question on behalf of an account. All but a yes is an error.
type Confirmer interface {
	Confirm(ctx context.Context, account, question, yes string) error
}

// apply writes what diff found to do in files, as everybody here must who changes a kubeconfig: a file in a git work tree only
// where the person has said so, and each after a backup of what it was before the first change ever.
func (a *Agent) apply(ctx context.Context, files *kubeconfig.Files, diff kubeconfig.Diff) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	for _, path := range diff.Files() {
		if tree := a.unasked(path); tree != "" {
			return fmt.Errorf("it lies in a git work tree; log in again to allow that, or name another file than %s in config.yaml (kubeconfigs:)", path)
		}
	}
	if err := files.Apply(ctx, diff.Before(a.backup)); err != nil {
		return err
	}
	a.Log.Info("kubeconfig written", "files", diff.Files())
	return nil
}

// unasked returns the git work tree that holds the kubeconfig at path, unless the person has allowed to write there.
func (a *Agent) unasked(path string) string {
	a.mu.Lock()
	allowed := slices.Contains(a.state.InWorkTrees, path)
	a.mu.Unlock()
	if allowed {
		return ""
	}
	return kubeconfig.WorkTree(path)
}

// askAboutWorkTrees asks, once for each kubeconfig in a git work tree, whether it may be written. The person has just logged
// account in; whoever cannot be asked or says no finds it in the cluster's row.
func (a *Agent) askAboutWorkTrees(ctx context.Context, account string, ask any) {
	c, can := ask.(Confirmer)
	if !can {
		return
	}
	for _, path := range a.inForce().Kubeconfigs {
		tree := a.unasked(path)
		if tree == "" {
			continue
		}
		question := fmt.Sprintf("write the kubeconfig %s? It lies in the git work tree %s, and what is there may be published.", path, tree)
		if err := c.Confirm(ctx, account, question, "Write it"); err != nil {
			a.Log.Info("kubeconfig in a git work tree not allowed", "file", path, "err", err)
			continue
		}
		a.mu.Lock()
		a.state.InWorkTrees = append(a.state.InWorkTrees, path)
		a.saveState()
		a.mu.Unlock()
		a.loginBegins(account) // its entries are due again
	}
}

// saveState keeps the state for the next run. The caller holds mu.
func (a *Agent) saveState() {
	if err := a.state.Save(a.Places.StateFile()); err != nil {
		a.Log.Warn("not remembered", "err", err)
	}
}

// backup keeps what the kubeconfig at path held before our first change ever; before is nil where there was no file.
func (a *Agent) backup(path string, before []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, done := a.state.Backups[path]; done {
		return nil
	}
	b := config.Backup{At: a.Now().UTC().Truncate(time.Second)}
	if before != nil {
		b.File = filepath.Join(a.Places.State, "backups", fileName(path)+"-"+b.At.Format("20060102-150405"))
		err := os.MkdirAll(filepath.Dir(b.File), 0o700)
		if err == nil {
			err = writePrivate(b.File, string(kubeconfig.WithoutSessions(before)))
		}
		if err != nil {
			_ = os.Remove(b.File) // half of it
			return fmt.Errorf("what it was cannot be kept: %w", err)
		}
		a.Log.Info("kubeconfig backed up", "file", path, "backup", b.File)
	}
	if a.state.Backups == nil {
		a.state.Backups = map[string]config.Backup{}
	}
	a.state.Backups[path] = b
	a.saveState()
	return nil
}

// dropBackups deletes the backups that are older than 30 days, or all, and says how many those were.
func (a *Agent) dropBackups(all bool) (dropped int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for path, b := range a.state.Backups {
		if b.File == "" || !all && a.Now().Before(b.At.Add(backupKept)) {
			continue
		}
		if err := os.Remove(b.File); err != nil && !errors.Is(err, os.ErrNotExist) {
			a.Log.Warn("backup not deleted", "err", err)
			continue
		}
		a.Log.Info("backup deleted", "backup", b.File)
		b.File = "" // that there was a first change is remembered
		a.state.Backups[path] = b
		dropped++
	}
	if dropped > 0 {
		a.saveState()
	}
	return dropped
}

// backupLines says where the backups are, a line each.
func (a *Agent) backupLines() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var lines []string
	for path, b := range a.state.Backups {
		if b.File != "" {
			lines = append(lines, fmt.Sprintf("%s: what it was before kubecreds wrote to it is kept until %s in %s\n",
				path, b.At.Add(backupKept).Local().Format("2006-01-02"), b.File))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
