package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
)

// adoptFromTerminal takes over the users that kubelogin and kubectl itself log in, once the person has read what changes.
func (a *Agent) adoptFromTerminal(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	p, err := a.planned(a.filesOf(r.Caller))
	if err != nil {
		return failed(err)
	}
	at := &terminal{conn: c, caller: r.Caller}
	if p.empty() {
		if err := at.show(p.lines()); err != nil {
			return failed(err)
		}
		return say(c, "nothing to adopt\n")
	}
	if err := at.showAndConfirm(ctx, p.lines(), fmt.Sprintf("Adopt %s?", p.what()), r.Flag("yes") != ""); err != nil {
		return failed(unless(err, "nothing was changed"))
	}
	p.edit.Kubeconfigs = terminalFiles(r.Caller)
	notes, err := a.carryOut(ctx, p)
	for _, n := range notes {
		if gone := at.note("%s", n); gone != nil {
			break
		}
	}
	if err != nil {
		return failed(err)
	}
	return say(c, a.adoptedText(p))
}

// filesOf are the kubeconfig files that a caller means: those of its KUBECONFIG, else the configuration's.
func (a *Agent) filesOf(caller wire.Caller) []string {
	if len(caller.Kubeconfig) > 0 {
		return caller.Kubeconfig
	}
	return a.kubeconfigs()
}

// kubeconfigs are the files that the configuration names, or leaves to the default.
func (a *Agent) kubeconfigs() []string {
	if c := a.inForce(); c != nil && len(c.Kubeconfigs) > 0 {
		return c.Kubeconfigs
	}
	return config.DefaultKubeconfigs()
}

// what is adopted, for a question.
func (p *adoption) what() string {
	var users []string
	for _, u := range p.users {
		users = append(users, u.User)
	}
	if len(users) == 0 {
		return plural(p.clusters, "cluster")
	}
	return strings.Join(users, ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// carryOut does what p says: what the users were is written down, accounts and clusters are made, sessions taken over, and last
// the kubeconfig is changed. notes are for the person to know, whatever err says.
func (a *Agent) carryOut(ctx context.Context, p *adoption) (notes []string, err error) {
	a.adopting.Lock()
	defer a.seek()
	defer a.adopting.Unlock()
	if err := a.keepAdopted(p.adopted); err != nil {
		return nil, err
	}
	if !p.edit.Empty() {
		if err := a.edit(p.edit); err != nil {
			return nil, errors.Join(err, a.dropAdopted(p.adopted))
		}
	}
	for account, client := range p.secrets {
		err = errors.Join(err, a.Keeper.Identify(ctx, account, client))
	}
	if err == nil {
		notes, err = a.takeOver(ctx, p.sessions)
	}
	if err != nil {
		if undone := errors.Join(a.edit(undo(p.edit)), a.dropAdopted(p.adopted)); undone != nil {
			a.Log.Warn("adopt: what was made is left", "err", undone)
		}
		return notes, fmt.Errorf("%w; the kubeconfig was not changed", err)
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if err := p.files.Apply(ctx, p.diff.Before(a.backup)); err != nil {
		return notes, err
	}
	for i := range p.adopted {
		p.adopted[i].Done = true
	}
	if err := a.keepAdopted(p.adopted); err != nil {
		return notes, err
	}
	a.Log.Info("adopted", "users", len(p.users), "clusters", p.clusters, "files", p.diff.Files())
	return notes, nil
}

// undo takes out what e added.
func undo(e config.Edit) (back config.Edit) {
	for _, cl := range e.Clusters {
		back.Remove = append(back.Remove, cl.Name)
	}
	for _, acc := range e.Accounts {
		back.Remove = append(back.Remove, acc.Name)
	}
	return back
}

// takeOver makes sessions ours. One that is over is only noted: there is nothing to lose. Of several of one person the first is
// taken.
func (a *Agent) takeOver(ctx context.Context, sessions []session) (notes []string, err error) {
	var done []string
	for _, s := range sessions {
		if slices.Contains(done, s.account) {
			continue
		}
		done = append(done, s.account)
		rotated, err := a.Keeper.TakeOver(ctx, s.account, s.refresh)
		var over *auth.LoginNeededError
		switch {
		case errors.Is(err, auth.ErrLoggedIn):
			notes = append(notes, s.account+": you are logged in already; the session in the kubeconfig is not needed")
		case errors.As(err, &over):
			notes = append(notes, s.account+": the session in the kubeconfig is over")
		case err != nil:
			return notes, err
		case !rotated:
			notes = append(notes, s.account+": the provider goes on taking the refresh token that the kubeconfig held: whoever has a copy can use it until you log out")
		}
	}
	return notes, nil
}

// adoptedText says what there is now, and what to do next.
func (a *Agent) adoptedText(p *adoption) string {
	var b strings.Builder
	fmt.Fprintf(&b, "adopted %s; `kubectl creds release` puts back what was there\n", p.what())
	for _, account := range a.unopened(p) {
		fmt.Fprintf(&b, "log in: kubectl creds login %q\n", account)
	}
	return b.String()
}

// unopened are the accounts of p's new clusters that nobody is logged in to.
func (a *Agent) unopened(p *adoption) (accounts []string) {
	for _, cl := range p.edit.Clusters {
		if !slices.Contains(accounts, cl.Account) && !a.opened(cl.Account) {
			accounts = append(accounts, cl.Account)
		}
	}
	return accounts
}

// releaseFromTerminal puts adopted users back: all, or the one that is named.
//
// With --done it deletes the backups of kubeconfigs instead: the person is content, and what is old need not lie around.
func (a *Agent) releaseFromTerminal(ctx context.Context, c *wire.Conn, r wire.Request) wire.Done {
	if r.Flag("done") != "" {
		return say(c, plural(a.dropBackups(true), "backup")+" deleted\n")
	}
	users, err := a.adoptedUsers()
	if err != nil {
		return failed(err)
	}
	if name := r.Name(); name != "" {
		users = slices.DeleteFunc(users, func(u adopted) bool { return u.User != name && !slices.Contains(u.Clusters, name) })
	}
	if len(users) == 0 {
		return say(c, "nothing to release\n")
	}
	shown, err := preview(users)
	if err != nil {
		return failed(err)
	}
	at := &terminal{conn: c, caller: r.Caller}
	if err := at.showAndConfirm(ctx, shown, "Put this back?", r.Flag("yes") != ""); err != nil {
		return failed(unless(err, "nothing was changed"))
	}
	limited, cancel := context.WithTimeout(ctx, writeLimit+time.Minute)
	defer cancel()
	notes, err := a.release(limited, users)
	for _, n := range notes {
		if gone := at.note("%s", n); gone != nil {
			break
		}
	}
	if err != nil {
		return failed(err)
	}
	return say(c, fmt.Sprintf("released %s\n", plural(len(users), "user")))
}
