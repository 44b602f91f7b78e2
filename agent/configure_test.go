package agent

import (
	"testing"

	"github.com/kubecreds/kubecreds/config"
)

func TestTheKeeperIsToldWhatTheConfigurationSaysOfAnAccount(t *testing.T) {
	accounts, _, err := twoAccounts(t).translate(config.Config{Accounts: []config.Account{
		{Name: "corp", Issuer: "https://login.example.com", ClientID: "a", ClientSecret: true, AuthStyle: config.Post},
		{Name: "ops", Issuer: "https://login.example.com", ClientID: "b"},
		{Name: "lab", Issuer: "https://lab.example.com", ClientID: "c"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ shared, secret bool }{{true, true}, {true, false}, {false, false}} {
		if a := accounts[i]; a.Shared != want.shared || a.Secret != want.secret || !a.OIDC.ClientSecret.Empty() {
			t.Errorf("%s: %+v", a.Name, a)
		}
	}
}

func TestTheConfiguredUserNameGoesBeforeTheOneTypedLast(t *testing.T) {
	a := twoAccounts(t)
	a.state.Usernames = map[string]string{"corp": "bob", "lab": "carol"}
	a.config = &config.Config{Accounts: []config.Account{{Name: "corp", Username: "alice"}, {Name: "lab"}}}
	for name, want := range map[string]string{"corp": "alice", "prod": "alice", "lab": "carol"} {
		if got := a.usualUser(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
