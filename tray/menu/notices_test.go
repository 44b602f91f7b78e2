package menu

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

func logInOrLater() []Button {
	return []Button{{"Log in", Action{VerbLogin, "corp"}}, {Label: "Later"}}
}

func TestNoticesAreGivenOnceATransitionAndWithdrawn(t *testing.T) {
	ended := auth.Status{Phase: auth.LoginNeeded, Reason: auth.Reason{Code: auth.CodeEnded}}
	loggingIn := auth.Status{Phase: auth.LoggingIn}
	locked := auth.Status{Troubles: auth.KeychainLocked}
	failed := func(p auth.Phase, c auth.Code) auth.Status {
		return auth.Status{Phase: p, LastLogin: auth.Reason{Code: c}}
	}
	needed := Notice{Tag: "login", Title: "corp: login needed", Body: "The provider ended the session. kubectl has no access to dev.", Buttons: logInOrLater()}
	notKept := Notice{Tag: "stored:corp", Title: "corp: session not kept",
		Body: "The keychain refused it. It works until kubecreds ends; storing it is tried again."}
	unlock := Notice{Tag: "keychain", Title: "The keychain is locked", Body: "kubecreds keeps your sessions there and waits until it is unlocked.",
		Buttons: []Button{{"Unlock keychain…", Action{Verb: VerbUnlock}}, {Label: "Later"}}}
	loginFailed := func(body string) []Notice {
		return []Notice{{Tag: "failed:corp", Title: "corp: login failed", Body: body, Buttons: logInOrLater()}}
	}

	for name, c := range map[string]struct {
		before, after *auth.Snapshot
		show          []Notice
		withdraw      []string
	}{
		"nothing at the start for who never logged in": {nil, one(auth.Status{Phase: auth.LoggedOut}), nil, nil},
		"nothing for what stays":                       {one(ended), one(ended), nil, nil},
		"nothing for a renewal":                        {one(valid()), one(with(valid(), func(s *auth.Status) { s.Serial++ })), nil, nil},
		"nothing for weather":                          {one(valid()), one(auth.Status{Phase: auth.Offline}), nil, nil},
		"the session ended":                            {one(valid()), one(ended), []Notice{needed}, nil},
		"the session ended while the program was off":  {one(auth.Status{}), one(ended), []Notice{needed}, nil},
		"the session had ended at the start":           {nil, one(ended), []Notice{needed}, nil},
		"the person acts":                              {one(ended), one(loggingIn), nil, []string{"login"}},
		"a cancelled login":                            {one(loggingIn), one(failed(auth.LoggedOut, auth.CodeCancelled)), nil, nil},
		"a failed login":                               {one(loggingIn), one(failed(auth.LoggedOut, auth.CodeTooManyAttempts)), loginFailed("The password was wrong three times."), nil},
		"a login without the provider":                 {one(loggingIn), one(failed(auth.LoggedOut, auth.CodeUnreachable)), loginFailed("Provider unreachable."), nil},
		"a failed re-login":                            {one(with(ended, func(s *auth.Status) { s.LastLogin.Code = auth.CodeCancelled })), one(with(ended, func(s *auth.Status) { s.LastLogin.Code = auth.CodeUnreachable })), loginFailed("Provider unreachable."), nil},
		"a login that failed within one snapshot":      {one(auth.Status{Phase: auth.LoggedOut}), one(failed(auth.LoggedOut, auth.CodeNoDialog)), loginFailed("Nobody can be asked here."), nil},
		"the same failure again":                       {one(failed(auth.LoggingIn, auth.CodeUnreachable)), one(failed(auth.LoggedOut, auth.CodeUnreachable)), loginFailed("Provider unreachable."), nil},
		"a failed login stays said":                    {one(failed(auth.LoggedOut, auth.CodeUnreachable)), one(failed(auth.LoggedOut, auth.CodeUnreachable)), nil, nil},
		"a failed login is forgotten":                  {one(failed(auth.LoggedOut, auth.CodeUnreachable)), one(valid()), nil, []string{"failed:corp"}},
		"somebody else answered": {one(loggingIn), one(with(valid(), func(s *auth.Status) {
			s.Person, s.LastLogin = "alice@example.com", auth.Reason{Code: auth.CodeOtherPerson, Words: "bob@example.com"}
		})), []Notice{{Tag: "failed:corp", Title: "corp: login failed", Body: "Somebody else logged in (bob@example.com).",
			Buttons: []Button{{"Try again as alice@example.com", Action{VerbLogin, "corp"}}, {Label: "Later"}}}}, nil},
		"a login without a refresh token": {one(loggingIn), one(with(valid(), func(s *auth.Status) { s.Troubles = auth.NoRefreshToken })),
			[]Notice{{Tag: "short:corp", Title: "corp: this login cannot be renewed", Body: "The provider gave no refresh token, so it ends at 14:32. " +
				"Ask for the scope offline_access in config.yaml; some providers want prompt: consent too."}}, nil},
		"a login whose session ends when it is not renewed": {one(loggingIn), one(with(valid(), func(s *auth.Status) { s.IdleLimit = 30 * time.Minute })),
			[]Notice{{Tag: "short:corp", Title: "corp: this session does not last overnight", Body: "The provider ends it when it is not renewed for 30 minutes, " +
				"as while the computer sleeps. Ask for the scope offline_access in config.yaml; some providers want prompt: consent too."}}, nil},
		"which is not said again at a renewal": {one(with(valid(), func(s *auth.Status) { s.IdleLimit = 8 * time.Hour })),
			one(with(valid(), func(s *auth.Status) { s.IdleLimit = 8 * time.Hour; s.Serial++ })), nil, nil},
		"and a better one after it":                    {one(with(valid(), func(s *auth.Status) { s.Troubles = auth.NoRefreshToken })), one(valid()), nil, []string{"short:corp"}},
		"the keychain is locked at the start":          {nil, one(locked), []Notice{unlock}, nil},
		"the keychain is unlocked":                     {one(locked), one(valid()), nil, []string{"keychain"}},
		"the keychain refused":                         {one(loggingIn), one(with(valid(), func(s *auth.Status) { s.Troubles = auth.NotStored })), []Notice{notKept}, nil},
		"the keychain took it after all":               {one(with(valid(), func(s *auth.Status) { s.Troubles = auth.NotStored })), one(valid()), nil, []string{"stored:corp"}},
		"locked explains not stored":                   {one(valid()), one(with(valid(), func(s *auth.Status) { s.Troubles = auth.NotStored | auth.KeychainLocked })), []Notice{unlock}, nil},
		"a login while it is locked says nothing new":  {one(locked), one(auth.Status{Phase: auth.LoggingIn, Troubles: auth.NotStored | auth.KeychainLocked}), nil, nil},
		"an account that left takes its notices along": {one(with(ended, func(s *auth.Status) { s.Troubles = auth.NotStored })), &auth.Snapshot{}, nil, []string{"stored:corp", "login"}},
		"the token outlives the session": {one(valid()), one(with(valid(), func(s *auth.Status) { s.Phase, s.Reason = auth.LoginNeeded, ended.Reason })),
			[]Notice{{Tag: "login", Title: "corp: login needed", Body: "The provider ended the session. dev: kubectl works until 14:32.", Buttons: logInOrLater()}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var told Told
			if c.before != nil {
				_, _, told = Notices(nil, c.before, nil, Settings{}, noon())
			}
			show, withdraw, told := Notices(c.before, c.after, told, Settings{}, noon())
			if !reflect.DeepEqual(show, c.show) || !reflect.DeepEqual(withdraw, c.withdraw) {
				t.Errorf("got  %+v, %v\nwant %+v, %v", show, withdraw, c.show, c.withdraw)
			}
			if show, withdraw, again := Notices(c.after, c.after, told, Settings{}, noon()); len(show)+len(withdraw) > 0 || !maps.Equal(again, told) {
				t.Errorf("said again: %+v, %v, %v", show, withdraw, again)
			}
		})
	}
}

func TestTwoAccountsBehindOneLockedKeychainGiveOneNotice(t *testing.T) {
	s := &auth.Snapshot{Accounts: []auth.Status{
		{Account: "corp", Troubles: auth.KeychainLocked}, {Account: "lab", Troubles: auth.KeychainLocked},
	}}
	if show, _, _ := Notices(nil, s, nil, Settings{}, noon()); len(show) != 1 {
		t.Errorf("got %+v", show)
	}
}
