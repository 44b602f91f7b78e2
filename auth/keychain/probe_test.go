package keychain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/keychain/keychaintest"
)

func TestAProbeLeavesNothingInTheKeychainAndSaysWhatFailed(t *testing.T) {
	chain := &keychaintest.Keychain{}
	store := keychain.New(chain, "~home/")
	if _, err := store.Probe(t.Context()); err != nil || len(chain.Items()) != 0 || chain.Writes() == 0 {
		t.Errorf("%v; %d items left after %d writes", err, len(chain.Items()), chain.Writes())
	}
	chain.Corrupt(func(_, value string) string { return value + "x" })
	if _, err := store.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "not what was written") {
		t.Errorf("a keychain that changes what it keeps: %v", err)
	}
	if len(chain.Items()) != 0 {
		t.Error("it leaves what it wrote")
	}
	chain.Heal()
	chain.Refuse(errors.New("full"))
	if _, err := store.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("a keychain that refuses: %v", err)
	}
	chain.Heal()
	chain.Lock()
	if _, err := store.Probe(t.Context()); !errors.Is(err, keychain.ErrLocked) || chain.Unlocks() != 0 {
		t.Errorf("a locked one: %v, %d prompts", err, chain.Unlocks())
	}
}
