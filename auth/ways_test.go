package auth

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// person answers a login as scripted, and writes down what was shown.
type person struct {
	answers  []error // of Credentials, in order; nil: alice and her password
	declines bool    // what is offered
	shown    []string
	codes    []DeviceCode
}

func (p *person) Credentials(_ context.Context, q Question) (string, secret.Text, error) {
	p.shown = append(p.shown, "password or "+q.Other)
	var err error
	if len(p.answers) > 0 {
		err, p.answers = p.answers[0], p.answers[1:]
	}
	return "alice", secret.New("password"), err
}

func (p *person) ClientSecret(context.Context, ClientQuestion) (secret.Text, error) {
	p.shown = append(p.shown, "client secret")
	return secret.Text{}, ErrCancelled
}

func (p *person) Visit(_ context.Context, v Visit) error {
	p.shown = append(p.shown, "visit "+v.Host)
	return nil
}

func (p *person) Code(_ context.Context, c DeviceCode) error {
	p.shown = append(p.shown, "code "+c.UserCode)
	p.codes = append(p.codes, c)
	return nil
}

func (p *person) Offer(_ context.Context, _, text string) error {
	p.shown = append(p.shown, text)
	if p.declines {
		return ErrCancelled
	}
	return nil
}

// stubborn is a provider that refuses passwords its own way.
type stubborn struct {
	*fakeProvider
	refusal error
}

func (s stubborn) Password(context.Context, string, secret.Text) (oidc.Grant, error) {
	return oidc.Grant{}, s.refusal
}

func needsOther(code string) error { return &oidc.Refusal{Kind: oidc.NeedsOther, Code: code} }

func TestALoginGoesThroughTheWaysThatProviderAndPersonWant(t *testing.T) {
	wrong := &oidc.Refusal{Kind: oidc.WrongPassword}
	for _, c := range []struct {
		name    string
		ways    []string
		wish    string
		refusal error // of the password
		person  person
		shown   []string
		err     error
	}{
		{"the browser is first", []string{"browser"}, "", nil, person{}, []string{"visit i"}, nil},
		{"a second factor is wanted", []string{"password", "browser"}, "", needsOther("mfa_required"), person{},
			[]string{"password or browser", "corp wants a second factor: log in with the browser", "visit i"}, nil},
		{"and the person does not want it", []string{"password", "browser"}, "", needsOther("interaction_required"), person{declines: true},
			[]string{"password or browser", "corp wants a second factor: log in with the browser"}, ErrCancelled},
		{"no passwords for this client", []string{"password", "device"}, "", needsOther("unauthorized_client"), person{},
			[]string{"password or device", "corp cannot be logged in to this way: log in with a code on any device", "code AB-CD"}, nil},
		{"no passwords at all, says Hydra", []string{"password", "browser"}, "", needsOther("invalid_request"), person{},
			[]string{"password or browser", "corp cannot be logged in to this way: log in with the browser", "visit i"}, nil},
		{"nothing else is configured", []string{"password"}, "", needsOther("mfa_required"), person{}, []string{"password or "}, needsOther("mfa_required")},
		{"the person presses Use browser", []string{"password", "browser"}, "", nil, person{answers: []error{ErrOtherWay}}, []string{"password or browser", "visit i"}, nil},
		{"the person cancels", []string{"password", "browser"}, "", nil, person{answers: []error{ErrCancelled}}, []string{"password or browser"}, ErrCancelled},
		{"three wrong passwords do not open a browser", []string{"password", "browser"}, "", wrong, person{},
			[]string{"password or browser", "password or browser", "password or browser"}, errTooManyAttempts},
		{"a way was wished for", []string{"browser", "password"}, "password", nil, person{}, []string{"password or "}, nil},
		{"one that is not configured", []string{"browser"}, "password", nil, person{}, nil, &oidc.Refusal{Kind: oidc.Misconfigured}},
	} {
		var p Provider = &fakeProvider{}
		if c.refusal != nil {
			p = stubborn{&fakeProvider{}, c.refusal}
		}
		l := &login{Account: Account{Name: "corp", OIDC: oidc.Config{Issuer: "https://i"}, Login: c.ways}, provider: p, ask: &c.person}
		_, err := l.enter(t.Context(), c.wish)
		var want, got *oidc.Refusal
		switch {
		case errors.As(c.err, &want):
			if !errors.As(err, &got) || got.Kind != want.Kind {
				t.Errorf("%s: %v, want %v", c.name, err, c.err)
			}
		case !errors.Is(err, c.err):
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if !slices.Equal(c.person.shown, c.shown) {
			t.Errorf("%s: shown %q, want %q", c.name, c.person.shown, c.shown)
		}
	}
}

func TestTheProviderIsToldWhoLogsInAndAskedWhichAccountWhereThereAreTwo(t *testing.T) {
	for _, way := range []string{"browser", "device"} {
		f := &fakeProvider{}
		l := &login{Account: Account{Name: "corp", Login: []string{way}, Shared: true}, provider: f, ask: &person{}, user: "alice"}
		if _, err := l.enter(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if f.count(way+" alice, one of two") != 1 {
			t.Errorf("%q", f.calls)
		}
	}
}

func TestADeviceCodeOfAnotherHostSaysWhoseTheProviderIs(t *testing.T) {
	p := &person{}
	l := &login{Account: Account{Name: "corp", OIDC: oidc.Config{Issuer: "https://login.example.com"}, Login: []string{"device"}}, provider: foreign{&fakeProvider{}}, ask: p}
	if _, err := l.enter(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if c := p.codes[0]; c.Foreign != "login.example.com" || c.Host != "codes.example.org" || c.URL != "https://codes.example.org/?code=X" {
		t.Errorf("%+v", c)
	}
}

type foreign struct{ *fakeProvider }

func (foreign) Device(ctx context.Context, _ oidc.Hint, show func(context.Context, oidc.DeviceCode) error) (oidc.Grant, error) {
	return oidc.Grant{}, show(ctx, oidc.DeviceCode{UserCode: "X", URL: "https://codes.example.org/", CompleteURL: "https://codes.example.org/?code=X", Host: "codes.example.org", OtherHost: true})
}

func TestARefusedPasswordIsCalledWrongOnlyWhereTheProviderSaysSo(t *testing.T) {
	for code, want := range map[string]string{
		"invalid_grant": "Wrong user name or password",
		"access_denied": "Wrong user name or password",
		"":              "The provider refused user name and password, and does not say why",
	} {
		a := &answers{passwords: []string{"x", "y", "z"}}
		l := &login{Account: Account{Name: "corp", Login: []string{"password"}}, ask: a,
			provider: stubborn{&fakeProvider{}, &oidc.Refusal{Kind: oidc.WrongPassword, Code: code}}}
		if _, err := l.enter(t.Context(), ""); !errors.Is(err, errTooManyAttempts) || a.asked[1].Problem != want {
			t.Errorf("%q: %v, asked %q", code, err, a.asked[1].Problem)
		}
	}
}
