package review

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// notBeforeLeeway is what API servers allow a token's nbf to be ahead of their clock. They allow none for exp.
const notBeforeLeeway = time.Minute

// Likely reads from an unexpired token why an API server does not accept it. It answers 401 and says no more: what it wants of
// a token is known to who configured it. rejected is that answer, as Ask returned it. The reason is one line of at most 200
// characters, and holds of the token its issuer and audience only.
func Likely(token secret.Text, rejected error, now time.Time) string {
	var p *Problem
	if !errors.As(rejected, &p) {
		p = &Problem{}
	}
	c, ok := read(token)
	switch words := c.untimely(p.Date, now); {
	case !ok:
		return "likely: the token is no JWT, which API servers cannot read; write bearer: id_token"
	case words != "":
		return "likely: " + words
	case c.EmailVerified != nil && isFalse(c.EmailVerified):
		return "likely: the token says that the e-mail address is not verified, and the API server knows people by it"
	}
	words := "likely: it wants another audience than " + strings.Join(c.audience(), ", ")
	if lacks := c.lacks(); len(lacks) > 0 {
		words += ", a claim that the token lacks (" + strings.Join(lacks, ", ") + ")"
	}
	words += ", or another issuer than " + c.Issuer
	if p.Said != "" {
		words = "it says: " + p.Said + "; " + words
	}
	return oidc.Cleaned(words)
}

// claims are what the reasons are read from.
type claims struct {
	Issuer        string          `json:"iss"`
	Audience      json.RawMessage `json:"aud"` // one text or several
	Expires       float64         `json:"exp"`
	NotBefore     float64         `json:"nbf"`
	EmailVerified json.RawMessage `json:"email_verified"`

	names map[string]json.RawMessage // all claims
}

// read reads the claims of a token that was verified before: nothing here depends on their truth.
func read(token secret.Text) (claims, bool) {
	var c claims
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return c, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &c.names) != nil {
		return c, false
	}
	return c, json.Unmarshal(payload, &c) == nil
}

// untimely says how the token does not fit the API server's clock, which showed theirs when it was now here; "" if it does.
func (c claims) untimely(theirs, now time.Time) string {
	if theirs.IsZero() {
		return ""
	}
	switch ahead := theirs.Sub(now).Round(time.Second); {
	case c.Expires > 0 && !date(c.Expires).After(theirs):
		return fmt.Sprintf("by its clock, %s ahead of this machine's, the token has ended", ahead)
	case date(c.NotBefore).After(theirs.Add(notBeforeLeeway)):
		return fmt.Sprintf("by its clock, %s behind this machine's, the token is not valid yet", -ahead)
	}
	return ""
}

func date(seconds float64) time.Time { return time.Unix(int64(min(seconds, 1<<36)), 0) }

// isFalse: some providers write truth values as texts.
func isFalse(v json.RawMessage) bool { return string(v) == "false" || string(v) == `"false"` }

func (c claims) audience() []string {
	var one string
	var several []string
	if json.Unmarshal(c.Audience, &one) == nil {
		several = []string{one}
	} else if json.Unmarshal(c.Audience, &several) != nil || len(several) == 0 {
		return []string{"none"}
	}
	return several
}

// lacks are the claims that API servers usually know people by, and that the token does not have.
func (c claims) lacks() []string {
	return slices.DeleteFunc([]string{"email", "groups", "preferred_username"}, func(name string) bool {
		_, has := c.names[name]
		return has
	})
}
