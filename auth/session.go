package auth

import (
	"reflect"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

// Account is what the keeper must know of a configured account.
type Account struct {
	Name     string
	OIDC     oidc.Config   // without the client secret, which the keychain has
	Login    []string      // the ways to log in, in order: password, browser, device
	Username string        // the user name to log in with; "" if a person types it
	Browser  []string      // the program that opens the browser, and its arguments; nil: the system's
	Shared   bool          // another account uses the same issuer: the browser is asked which one
	Secret   bool          // a confidential client: it has a secret, which a person is asked for once
	Floor    time.Duration // the shortest lead its clusters' deliveries need; 0: 30 s
}

// sameSession reports whether a session of a goes on where b is configured in its place: how the next login asks is all that
// differs.
func (a Account) sameSession(b Account) bool {
	b.Login, b.Browser, b.Shared = a.Login, a.Browser, a.Shared
	return reflect.DeepEqual(a, b)
}

// ClusterConfig is a configured cluster: whose token it gets, and how.
type ClusterConfig struct{ Name, Account, Server, Delivery string }

// session is the whole state of one account: values only. step makes the next one from it.
type session struct {
	account string
	floor   time.Duration

	// What we hold.
	record    keychain.Record // the session's; Refresh is empty where there is none
	candidate keychain.Record // a login's that is stored as pending and not yet verified
	client    keychain.Client // a confidential client's secret; empty where nobody has been asked for it
	token     oidc.Token      // the last verified token; zero: none
	person    string          // who it says it is
	user      string          // the user name typed at the last login
	mustBe    string          // who a login must be, in the claim that the configuration names; "": whoever answers first
	plan      plan            // when to renew token
	serial    uint64          // counts tokens
	rotation  Rotation        // what the provider does with the refresh token

	// What is under way.
	known     bool      // the keychain has told what it holds
	loggingIn bool      // a person is being asked
	busy      bool      // effects are running: a load, a renewal, what follows a login, a log out
	since     time.Time // since when busy
	seen      time.Time // when deadlines were last looked at
	entering  bool      // the busy time follows a login: its result is told to the person

	// What we believe.
	ended     Reason    // why a person must log in; zero: the session goes on
	fault     Reason    // why the last try failed, if it did; weather
	weak      time.Time // when a weak refusal was heard first; zero: none was
	failures  int       // tries that failed in a row
	tried     time.Time // when the last try ended
	retry     time.Time // not tried again by itself before this
	unstored  [2]bool   // by keychain.Slot: record, or candidate, is not in the keychain
	clientNew bool      // nor is client
	storeAt   time.Time // when to write it again
	promoted  bool      // the pending slot still holds what became record
	troubles  Troubles
	lastLogin Reason
	idleEnd   time.Time     // when the refresh token dies unless renewed
	ends      time.Time     // an end that renewals do not move
	idleLimit time.Duration // the login's, where that is so short that the person is told; else 0
	idleNext  time.Duration // the same of the login that is not verified yet
	heard     time.Time     // when the record's Ends was learned
	skew      time.Duration // how far this machine's clock was ahead of the provider's at its last answer; negative: behind
}

// lineage says which login a record descends from, so that an answer that comes after another login or a log out is known
// to mean nothing any more.
type lineage struct {
	pending bool      // the candidate's, not the record's
	since   time.Time // keychain.Record.Since
}

// event is what happened: an effect's answer, a person's wish, a deadline. r, in [0,1), is the random number for jitter.
type event interface{ isEvent() }

type (
	started struct{} // the account is configured: look what the keychain holds
	looked  struct { // a deadline may have passed
		again bool // the world changed (wake, network): what failed deserves a try now
		force bool // a person wants it renewed now
	}
	wanted struct{} // a request needs a better token than there is
	loaded struct {
		current, pending keychain.Record
		client           keychain.Client
		err              error
		r                float64
	}
	loginBegun  struct{}
	loginFailed struct {
		reason Reason
		user   string
	}
	granted struct { // a renewal's answer
		of    lineage
		grant oidc.Grant
		err   error
		r     float64
	}
	entered struct { // a login's answer, and where it came from; the record's Subject is not known yet
		grant  oidc.Grant
		record keychain.Record
		client keychain.Client // the secret that the person was asked for; empty if they were not
		user   string
	}
	unwanted struct{ grant oidc.Grant } // a login's answer that nobody waits for any more: its account was edited or left
	stored   struct {
		doStore
		err error
	}
	clientStored    struct{ err error }
	clientForgotten struct{} // the person wants nothing kept: the next login asks
	verified        struct {
		of     lineage
		token  oidc.Token
		claims oidc.Claims
		err    error
		r      float64
	}
	loggedOut struct{}
	forgotten struct{ err error }
	revoked   struct{ err error }
	settled   struct{} // the last effect of the list has come back
)

func (started) isEvent()         {}
func (looked) isEvent()          {}
func (wanted) isEvent()          {}
func (loaded) isEvent()          {}
func (loginBegun) isEvent()      {}
func (loginFailed) isEvent()     {}
func (granted) isEvent()         {}
func (entered) isEvent()         {}
func (unwanted) isEvent()        {}
func (stored) isEvent()          {}
func (clientForgotten) isEvent() {}
func (clientStored) isEvent()    {}
func (verified) isEvent()        {}
func (loggedOut) isEvent()       {}
func (forgotten) isEvent()       {}
func (revoked) isEvent()         {}
func (settled) isEvent()         {}

// effect is what step wants done. The keeper runs an account's effects one after the other, in order.
type effect interface{ isEffect() }

type (
	doLoad  struct{} // -> loaded
	doRenew struct { // -> granted
		of       lineage
		record   keychain.Record
		rotation Rotation // where the provider keeps the refresh token there will be nothing to write
	}
	doStore struct { // -> stored
		slot   keychain.Slot
		record keychain.Record
	}
	doVerify struct { // -> verified
		of      lineage
		grant   oidc.Grant
		subject string // "" at a login
	}
	doStoreClient struct{ client keychain.Client } // -> clientStored
	doForget      struct{ slot keychain.Slot }     // -> forgotten
	doRevoke      struct{ record keychain.Record } // -> revoked; without an issuer it has just come from there
)

func (doLoad) isEffect()        {}
func (doRenew) isEffect()       {}
func (doStore) isEffect()       {}
func (doVerify) isEffect()      {}
func (doStoreClient) isEffect() {}
func (doForget) isEffect()      {}
func (doRevoke) isEffect()      {}
