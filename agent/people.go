package agent

import (
	"maps"
	"slices"

	"github.com/kubecreds/kubecreds/config"
)

// loadState reads what was told and typed in earlier runs. A file that cannot be read costs a prefilled user name, no more.
func (a *Agent) loadState() {
	s, err := config.LoadState(a.Places.StateFile())
	if err != nil {
		a.Log.Warn("state begins anew", "err", err)
	}
	a.mu.Lock()
	a.state, a.told = s, s.Told
	a.mu.Unlock()
}

// usualUser is the user name of the account or cluster called name: the configuration's, else the one that was typed at its last
// login; "" if none was.
func (a *Agent) usualUser(name string) string {
	accounts, err := a.named(name)
	if err != nil || len(accounts) != 1 {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.config != nil {
		for _, acc := range a.config.Accounts {
			if acc.Name == accounts[0] && acc.Username != "" {
				return acc.Username // whoever logged in before it was written there
			}
		}
	}
	return a.state.Usernames[accounts[0]]
}

// loginBegins notes that a person logs in the account or cluster called name, and so may want its entries anew.
func (a *Agent) loginBegins(name string) {
	accounts, err := a.named(name)
	if err != nil {
		return // there is no such name, as the login will say
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, account := range accounts {
		a.logins[account]++
	}
	signal(a.dirty)
}

// loginCounts returns how many logins each account has had in this run.
func (a *Agent) loginCounts() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.logins)
}

// rememberLogins keeps which accounts have logged in, and the user names for the next run's dialogs. Those of failed logins are
// not kept: a mistyped name would come back for ever.
func (a *Agent) rememberLogins() {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed := false
	for _, st := range a.Keeper.Snapshot().Accounts {
		if st.Serial == 0 {
			continue
		}
		if !slices.Contains(a.state.Accounts, st.Account) {
			a.state.Accounts = append(a.state.Accounts, st.Account)
			changed = true
		}
		if st.User == "" || a.state.Usernames[st.Account] == st.User {
			continue
		}
		if a.state.Usernames == nil {
			a.state.Usernames = map[string]string{}
		}
		a.state.Usernames[st.Account] = st.User
		changed = true
	}
	if !changed {
		return
	}
	a.saveState()
}
