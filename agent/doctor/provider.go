package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/oidc"
)

const (
	clockFair = 30 * time.Second // clocks that differ by less never matter
	clockBad  = 5 * time.Minute  // tokens are refused
	certSoon  = 14 * 24 * time.Hour
)

// Provider judges what the provider of account a showed, and what the account's status st says of it.
func Provider(a auth.Account, st auth.Status, r oidc.Report, err error, now time.Time) []wire.Finding {
	found := []wire.Finding{in("provider", discovery(r, err))}
	if r.Dated {
		found = append(found, in("clock", clock(r.Ahead)))
	}
	if !r.CertEnds.IsZero() {
		found = append(found, in("provider's certificate", certificate(r, now)))
	}
	if err == nil {
		found = append(found, in("ways to log in", grants(a.Login, r.Grants)))
	}
	return append(found, in("session", session(a.Name, st)))
}

func in(area string, f wire.Finding) wire.Finding { f.Area = area; return f }

func discovery(r oidc.Report, err error) wire.Finding {
	var refusal *oidc.Refusal
	switch {
	case errors.As(err, &refusal):
		return wire.Fail(err.Error(), "change config.yaml as it says")
	case err != nil:
		return wire.Fail(err.Error(), "check network, VPN, proxy and issuer; sessions are kept meanwhile")
	case !r.Discovered:
		return wire.OKf("%s answers; its endpoints are configured", r.Host)
	}
	return wire.OKf("%s answers and describes itself", r.Host)
}

func clock(ahead time.Duration) wire.Finding {
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	off := ahead.Abs().Round(time.Second)
	says := fmt.Sprintf("this machine's clock is %s %s the provider's", off, side)
	const do = "set this machine's clock, and have it set by the network"
	switch {
	case off >= clockBad:
		return wire.Fail(says, do)
	case off >= clockFair:
		return wire.Warn(says, do)
	}
	return wire.OKf("this machine's and the provider's clock agree (%s)", off)
}

func certificate(r oidc.Report, now time.Time) wire.Finding {
	says := fmt.Sprintf("signed by %s, good until %s", r.Signer, r.CertEnds.UTC().Format("2 Jan 2006"))
	if r.CertEnds.Sub(now) < certSoon {
		return wire.Warn(says, "tell whoever runs the provider")
	}
	return wire.OKf("%s", says)
}

// grantOf is what the grant of a way to log in is called in a provider's description.
func grantOf(way string) string {
	switch way {
	case "password":
		return "password"
	case "device":
		return "urn:ietf:params:oauth:grant-type:device_code"
	}
	return "authorization_code"
}

// grants judges the configured ways to log in by those the provider offers; nil: it does not say, which means little.
func grants(ways, offered []string) wire.Finding {
	has := func(grant string) bool { return slices.Contains(offered, grant) }
	configured := strings.Join(ways, ", ")
	if offered == nil {
		return wire.OKf("%s; the provider does not say which it offers", configured)
	}
	var other []string
	for _, way := range []string{"browser", "device"} {
		if has(grantOf(way)) {
			other = append(other, way)
		}
	}
	for _, way := range ways {
		if !has(grantOf(way)) {
			return wire.Warn(fmt.Sprintf("%s; the provider does not offer %s", configured, way),
				"write login: ["+strings.Join(append(other, "…"), ", ")+"], or have it allowed for this client")
		}
	}
	switch {
	case slices.Contains(ways, "password") && len(other) > 0:
		return wire.Warn(configured+"; the password goes through this program, which RFC 9700 section 2.4 advises against where there is another way",
			"write login: ["+other[0]+"]")
	case !has("refresh_token"):
		return wire.Warn(configured+"; the provider does not offer refresh_token: a login ends with its token",
			"have refresh tokens allowed for this client")
	}
	return wire.OKf("%s; all offered, and refresh tokens", configured)
}

// session says what there is of a session, without saying whose.
func session(account string, st auth.Status) wire.Finding {
	login := "kubectl creds login " + account
	switch {
	case st.Troubles.Has(auth.NoRefreshToken):
		return wire.Warn("the provider gave no refresh token: the session ends with its token", "ask for the scope offline_access; some providers want prompt: consent too")
	case st.Troubles.Has(auth.NoIDTokenOnRenewal):
		return wire.Warn("the provider renews no ID token: the session ends with its token", "write bearer: access_token if the API servers take those")
	case st.Troubles.Has(auth.NotStored):
		return wire.Warn("the keychain refused the refresh token: the session ends with kubecreds", "see the keychain's line")
	}
	switch st.Phase {
	case auth.Valid:
		return wire.OKf("logged in, a refresh token was given")
	case auth.Offline:
		return wire.Warn("the last renewal failed: "+st.Reason.String(), "nothing is lost; it is tried again")
	case auth.LoginNeeded:
		return wire.Fail("login needed: "+st.Reason.String(), login)
	case auth.LoggingIn:
		return wire.OKf("a login is under way")
	case auth.LoggedOut:
		return wire.Warn("nobody is logged in", login)
	}
	if st.Reason != (auth.Reason{}) {
		return wire.Fail(st.Reason.String(), "see the keychain's line")
	}
	return wire.Warn("the keychain has not answered yet", "wait a moment")
}
