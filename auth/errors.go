package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/kubecreds/kubecreds/auth/keychain"
)

// LoginNeededError: only a person can help, by logging in.
type LoginNeededError struct {
	Account string
	Reason  Reason // zero: nobody is logged in
}

func (e *LoginNeededError) Error() string {
	return fmt.Sprintf("%s: login needed%s", e.Account, e.Reason.tail())
}

// OfflineError: the provider cannot be reached, and no token is left that is still valid.
type OfflineError struct {
	Account string
	Reason  Reason
	RetryAt time.Time // when it is tried again by itself
}

func (e *OfflineError) Error() string {
	return fmt.Sprintf("%s: provider unreachable%s", e.Account, e.Reason.tail())
}

// BlockedError: the keychain or the configuration needs a person.
type BlockedError struct {
	Account string
	Reason  Reason
}

func (e *BlockedError) Error() string {
	return fmt.Sprintf("%s: %s", e.Account, e.Reason)
}

// OtherEndsError: the keychain's record was got from somewhere else than the configuration now says, so its secret is not sent.
type OtherEndsError struct{ Account, What, Recorded, Now string }

func (e *OtherEndsError) Error() string {
	return fmt.Sprintf("the session belongs to the %s %s, and the configuration now says %s", e.What, e.Recorded, e.Now)
}

var (
	// ErrUnknown: no such account or cluster is configured.
	ErrUnknown = errors.New("not in the configuration")
	// ErrNoKeychain: there is no keychain, or it does not answer.
	ErrNoKeychain = keychain.ErrUnavailable
	// ErrStopped: the keeper has ended.
	ErrStopped = errors.New("kubecreds is quitting")
)

// String is the reason in one line. Where what the provider or the system said is a sentence of its own, it stands alone.
func (r Reason) String() string {
	switch {
	case r.Words == "":
		return r.Code.words()
	case r.Code == CodeEnded, r.Code == CodeWrongPassword, r.Code == CodeMisconfigured, r.Code == CodeOtherPerson, r.Code == CodeCancelled:
		return r.Code.words() + ": " + r.Words
	}
	return r.Words
}

func (r Reason) tail() string {
	if s := r.String(); s != "" {
		return ": " + s
	}
	return ""
}

// words of a code, for errors; tray/menu has the texts of the menu.
func (c Code) words() string {
	switch c {
	case CodeUnreachable:
		return "the provider cannot be reached"
	case CodeEnded:
		return "the provider ended the session"
	case CodeWrongPassword:
		return "the provider refused the password"
	case CodeMisconfigured:
		return "check the configuration"
	case CodeOtherEnds:
		return "the configuration changed"
	case CodeOtherPerson:
		return "somebody else answered the login"
	case CodeClientSecret:
		return "the client secret is missing or refused"
	case CodeUntrusted:
		return "the provider's token is not to be trusted"
	case CodeKeychain:
		return "the keychain cannot be used"
	case CodeKeychainLocked:
		return "the keychain is locked; unlock it in the tray's menu"
	case CodeNoRefreshToken:
		return "the token ended and the provider gave no refresh token"
	case CodeNoIDToken:
		return "the token ended and the provider renews no ID token"
	case CodeRejected:
		return "the API server does not accept the token"
	case CodeDenied:
		return "the provider declined the login"
	case CodeCancelled:
		return "cancelled"
	case CodeTooManyAttempts:
		return "three wrong passwords"
	case CodeNoDialog:
		return "nobody can be asked here"
	case CodeLoggingIn:
		return "a login is under way"
	}
	return ""
}
