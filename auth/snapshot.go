package auth

import (
	"time"
)

// Phase is what a session is doing. What else ails it stands in Status.Troubles.
type Phase uint8

// The phases of DESIGN's table. Unknown lasts until the keychain has answered for the first time.
const (
	Unknown Phase = iota
	LoggedOut
	LoggingIn
	Valid
	Offline // the provider cannot be reached; Status.Until says whether the token is still good
	LoginNeeded
)

// Troubles is a set of what ails an account beside its phase.
type Troubles uint16

const (
	NotStored          Troubles = 1 << iota // the keychain refused the refresh token: the session lives in memory only
	KeychainLocked                          // the keychain is there and locked
	ClockWrong                              // this machine's clock and the provider's differ by more than a token can bear
	NoRefreshToken                          // the login yielded none: the session ends with its token
	NoIDTokenOnRenewal                      // renewals yield no ID token
)

// Has reports whether all of u are among t.
func (t Troubles) Has(u Troubles) bool { return t&u == u }

// Code says why an account is offline, needs a login, or why its last login failed. Texts for people are made from it in
// tray/menu, in one place.
type Code string

const (
	CodeNone            Code = ""
	CodeUnreachable     Code = "unreachable"      // the provider did not answer, or answered with weather (5xx, 429, HTML)
	CodeEnded           Code = "ended"            // the provider refused the refresh token
	CodeWrongPassword   Code = "wrong-password"   // the provider refused user name and password
	CodeMisconfigured   Code = "misconfigured"    // the provider refuses this client, or the configuration cannot work
	CodeOtherEnds       Code = "other-ends"       // the keychain's record belongs to another issuer, endpoint or client (rule 9)
	CodeOtherPerson     Code = "other-person"     // somebody else answered a re-login
	CodeClientSecret    Code = "client-secret"    // the confidential client's secret is missing, or the provider refuses it
	CodeUntrusted       Code = "untrusted"        // a token did not verify
	CodeKeychain        Code = "keychain"         // the keychain is missing, has no default collection, or refused
	CodeKeychainLocked  Code = "keychain-locked"  // the keychain is locked
	CodeNoRefreshToken  Code = "no-refresh-token" // the token ended, and there is nothing to renew it with
	CodeNoIDToken       Code = "no-id-token"      // the token ended, and the provider renews no ID token
	CodeLoggingIn       Code = "logging-in"       // a login is under way
	CodeDenied          Code = "denied"           // a login in the browser or on a device was declined, or not finished in time
	CodeCancelled       Code = "cancelled"        // a person cancelled the login
	CodeTooManyAttempts Code = "attempts"         // three wrong passwords in one login
	CodeRejected        Code = "rejected"         // the API server refused an unexpired token; of clusters only
	CodeNoDialog        Code = "no-dialog"        // there is no way to ask the person here: no display, no dialog program
)

// Reason is a code and, where the provider or the system said something, its words: one line, cleaned, at most 200 characters.
type Reason struct {
	Code  Code
	Words string
}

// Status is all that may be known of an account outside this package: values only, no secret, comparable with ==.
// Times are wall clock times without a monotonic reading.
type Status struct {
	Account     string
	Person      string // who the ID token says it is; "" before the first login
	Provider    string // the issuer's host, for texts
	User        string // the user name typed at the last login of this run, to prefill the next
	Phase       Phase
	Renewing    bool          // a renewal has been under way for 2 s or more
	Until       time.Time     // the token's end; zero: no token
	SessionEnds time.Time     // an end that renewals do not move; zero: unknown or sliding
	IdleLimit   time.Duration // of this run's last login, where it is under 12 h: unless renewed for so long the session ends
	RetryAt     time.Time     // when an offline account is tried again; zero: nothing is planned
	Troubles    Troubles
	Reason      Reason // why Offline or LoginNeeded
	LastLogin   Reason // why the last login of this run came to nothing; zero: it did not fail
	Serial      uint64 // grows with each new token: file deliveries write when it grew
}

// Good reports whether the account has a token that is valid at now.
func (s Status) Good(now time.Time) bool {
	return (s.Phase == Valid || s.Phase == Offline || s.Phase == LoggingIn || s.Phase == LoginNeeded) && s.Until.After(now)
}

// Cluster is one configured cluster as the rest of the program sees it.
type Cluster struct {
	Name, Account, Server, Delivery string
	Rejected                        Reason // the API server refused an unexpired token
	WriteError                      string // the kubeconfig entry could not be written: one line
	Remark                          string // what to know of its delivery, though nothing failed: one line

	refused uint64 // the Serial of the account when Rejected was said
}

// Snapshot is everything at one moment: immutable, shared by pointer. Accounts and clusters stand in the configuration's order.
type Snapshot struct {
	At       time.Time
	Accounts []Status
	Clusters []Cluster
	Config   string // one line: why the configuration file is not in force; "" if it is
}

// Account returns the status of the account called name.
func (s *Snapshot) Account(name string) (Status, bool) {
	for _, a := range s.Accounts {
		if a.Account == name {
			return a, true
		}
	}
	return Status{}, false
}

// Cluster returns the cluster called name.
func (s *Snapshot) Cluster(name string) (Cluster, bool) {
	for _, c := range s.Clusters {
		if c.Name == name {
			return c, true
		}
	}
	return Cluster{}, false
}

// Look is a reason to look at every deadline again. desktop/wake sends them.
type Look uint8

const (
	LookSleeping Look = iota + 1 // the machine is about to sleep: start nothing
	LookResumed                  // it is awake again
	LookNetwork                  // the network came or changed
)

// String is the phase's name in `status -o json` and in the log.
func (p Phase) String() string {
	switch p {
	case LoggedOut:
		return "logged-out"
	case LoggingIn:
		return "logging-in"
	case Valid:
		return "valid"
	case Offline:
		return "offline"
	case LoginNeeded:
		return "login-needed"
	}
	return "unknown"
}
