package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// sought is what was found in the kubeconfig, and where that was looked for.
type sought struct {
	config *config.Config
	files  *kubeconfig.Files
	found  int    // clusters that could be adopted
	by     string // the program that logs in to them
}

// seek looks whether other programs log in to clusters that could be adopted, and whether one took back what was. What did not
// change since it looked last is not read again.
func (a *Agent) seek() {
	a.mu.Lock()
	last, c := a.sought, a.config
	a.mu.Unlock()
	now := sought{config: c}
	var err error
	if last.files != nil && last.config == c {
		now.files, err = last.files.Reload()
	} else {
		now.files, err = kubeconfig.Load(a.kubeconfigs())
	}
	if err != nil || now.files == last.files && c == last.config {
		return // what is wrong with a kubeconfig is said where it is written
	}
	if p, err := a.planAdoption(now.files); err == nil {
		now.found, now.by = p.offers()
	}
	a.mu.Lock()
	a.sought = now
	a.mu.Unlock()
	a.missTaken(now.files)
	if now.found != last.found {
		signal(a.dirty)
	}
}

// offer is what the menu offers to adopt; nothing where the person does not want to hear of it.
func (a *Agent) offer() (clusters int, by string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told.AdoptedLater() {
		return 0, ""
	}
	return a.sought.found, a.sought.by
}

// offers is how many API servers would be opened by us, and what opens them now.
func (p *adoption) offers() (servers int, by string) {
	seen := map[string]bool{}
	by = "kubectl's own login"
	for _, u := range p.users {
		for _, use := range u.Uses {
			seen[use.Server] = true
		}
		if u.Program == kubeconfig.KubeloginProgram {
			by = u.Program
		}
	}
	return len(seen), by
}

// missTaken tells, once, of an adopted user that another program has made what it was.
func (a *Agent) missTaken(files *kubeconfig.Files) {
	if !a.adopting.TryLock() {
		return // who holds it looks afterwards
	}
	defer a.adopting.Unlock()
	users, err := a.adoptedUsers()
	if err != nil {
		a.Log.Warn("adopted users", "err", err)
		return
	}
	var back []adopted
	for _, u := range users {
		if u.Done && !u.Told && files.PutBack(u.Kept) {
			u.Told = true
			back = append(back, u)
		}
	}
	if len(back) == 0 || a.Notify == nil || !a.unlocked() {
		return
	}
	if err := a.keepAdopted(back); err != nil {
		a.Log.Warn("adopted users", "err", err)
		return
	}
	for _, u := range back {
		a.Log.Info("another program took an adopted user back", "user", u.User, "file", u.File)
	}
	a.spawn(func(ctx context.Context) {
		if err := a.Notify.Show(ctx, takenBack(back)); err != nil {
			a.Log.Info("notification not shown", "err", err)
		}
	})
}

func takenBack(users []adopted) menu.Notice {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = u.User
	}
	return menu.TakenBack(names)
}

// adoptFromMenu shows what adopting would change, and does it when the person says so.
func (a *Agent) adoptFromMenu(ctx context.Context) error {
	p, err := a.planned(a.kubeconfigs())
	if err == nil && p.empty() {
		return a.Dialogs.Tell(ctx, menu.AdoptTitle, menu.AdoptNothing)
	}
	if err != nil {
		return errors.Join(err, a.Dialogs.Tell(ctx, menu.AdoptTitle, err.Error()))
	}
	text := p.summary()
	if !a.Dialogs.Fits(text) { // nobody agrees to what they have not read
		return a.Dialogs.Tell(ctx, menu.AdoptTitle, menu.AdoptTooLong)
	}
	if err := a.Dialogs.Ask(ctx, menu.AdoptTitle, text, menu.AdoptYes); err != nil {
		return notCancelled(err)
	}
	notes, err := a.carryOut(ctx, p)
	if err != nil {
		return a.Dialogs.Tell(ctx, menu.AdoptTitle, strings.Join(append([]string{menu.AdoptFailed + err.Error()}, notes...), "\n"))
	}
	text = strings.Join(append([]string{menu.AdoptDone + p.what() + "."}, notes...), "\n") + "\n\n" + menu.AdoptGoBack
	closed := a.unopened(p)
	if len(closed) != 1 { // of several the menu has a row each
		return a.Dialogs.Tell(ctx, menu.AdoptTitle, text)
	}
	if err := a.Dialogs.Ask(ctx, menu.AdoptTitle, text, menu.AdoptLogin); err != nil {
		return notCancelled(err)
	}
	a.Do(menu.Action{Verb: menu.VerbLogin, On: closed[0]})
	return nil
}

// summary is what a dialog says: which users run what, who will be sent what, and what stays.
func (p *adoption) summary() string {
	users := map[string][]string{}
	var programs, lines []string
	for _, u := range p.users {
		if users[u.Program] == nil {
			programs = append(programs, u.Program)
		}
		users[u.Program] = append(users[u.Program], u.User)
	}
	for _, by := range programs {
		lines = append(lines, fmt.Sprintf("kubectl runs kubecreds instead of %s for: %s", by, strings.Join(users[by], ", ")))
	}
	for _, acc := range p.edit.Accounts {
		lines = append(lines, hosts(acc)...)
	}
	servers := map[string][]string{}
	for _, cl := range p.edit.Clusters {
		servers[cl.Account] = append(servers[cl.Account], hostOf(cl.Server))
	}
	for _, account := range slices.Sorted(maps.Keys(servers)) {
		lines = append(lines, strings.Join(servers[account], ", ")+" will be given the tokens of "+account)
	}
	for _, u := range p.left {
		lines = append(lines, fmt.Sprintf("Left alone: user %s (%s): %s", u.User, u.Program, strings.Join(u.Cannot, "; ")))
	}
	return menu.AdoptAgree + "\n• " + strings.Join(lines, "\n• ") + "\n\n" + menu.AdoptGoBack
}
