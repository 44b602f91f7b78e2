package review

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func jwt(claims string) secret.Text {
	return secret.New("h." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s")
}

func TestTheLikelyReasonOfA401IsReadFromTheToken(t *testing.T) {
	const hour = `"exp":1767618000,` // 13:00
	all := `"iss":"https://login.example.com","aud":"kubernetes","email":"a","groups":[],"preferred_username":"a"}`
	for name, c := range map[string]struct {
		token secret.Text
		said  string
		date  time.Time
		want  string
	}{
		"audience or issuer": {jwt(`{` + hour + all), "", noon,
			"likely: it wants another audience than kubernetes, or another issuer than https://login.example.com"},
		"two audiences": {jwt(`{"iss":"i","aud":["a","b"],"email":"a","groups":[],"preferred_username":""}`), "", noon,
			"likely: it wants another audience than a, b, or another issuer than i"},
		"a claim is missing": {jwt(`{"iss":"i","aud":"a","preferred_username":"x"}`), "", noon,
			"likely: it wants another audience than a, a claim that the token lacks (email, groups), or another issuer than i"},
		"the server says more": {jwt(`{` + hour + all), "no such user", noon,
			"it says: no such user; likely: it wants another audience"},
		"the server's clock is ahead": {jwt(`{` + hour + all), "", noon.Add(2 * time.Hour),
			"likely: by its clock, 2h0m0s ahead of this machine's, the token has ended"},
		"the server's clock is behind": {jwt(`{"nbf":1767614400,` + hour + all), "", noon.Add(-2 * time.Minute),
			"likely: by its clock, 2m0s behind this machine's, the token is not valid yet"},
		"within the leeway of nbf":       {jwt(`{"nbf":1767614400,` + hour + all), "", noon.Add(-30 * time.Second), "another audience"},
		"no Date":                        {jwt(`{"exp":1,` + all), "", time.Time{}, "another audience"},
		"an unverified address":          {jwt(`{"email_verified":false,` + hour + all), "", noon, "e-mail address is not verified"},
		"an unverified address, Cognito": {jwt(`{"email_verified":"false",` + hour + all), "", noon, "e-mail address is not verified"},
		"a verified address":             {jwt(`{"email_verified":true,` + hour + all), "", noon, "another audience"},
		"no JWT":                         {secret.New("opaque"), "", noon, "the token is no JWT"},
		"no claims":                      {jwt(`[]`), "", noon, "the token is no JWT"},
		"none of it as it should be":     {jwt(`{"iss":"i"}`), "", noon, "another audience than none, a claim that the token lacks (email, groups, preferred_username)"},
		"hostile":                        {jwt(`{"iss":"` + strings.Repeat("x", 5000) + `","aud":"\u001b[31m"}`), "", noon, "another audience than [31m"},
		"numbers out of all bounds":      {jwt(`{"exp":1e300,"nbf":-1e300,` + all), "", noon, "another audience"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Likely(c.token, &Problem{Kind: Rejected, Said: c.said, Date: c.date}, noon)
			if !strings.Contains(got, c.want) || len([]rune(got)) > 200 || strings.ContainsAny(got, "\x1b\n") {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzNothingInATokenBreaksItsReading(f *testing.F) {
	f.Add(`{"iss":"i","aud":["a"],"exp":1,"nbf":1e99,"email_verified":null}`, "said")
	f.Add(`{"aud":{"a":1},"groups":3}`, "\u202e")
	f.Add(`{"exp":-1e308}`, "")
	f.Fuzz(func(t *testing.T, claims, said string) {
		got := Likely(jwt(claims), &Problem{Kind: Rejected, Said: said, Date: noon}, noon)
		if got == "" || len([]rune(got)) > 200 || strings.ContainsAny(got, "\x1b\r\n\u202e") {
			t.Errorf("%q", got)
		}
	})
}
