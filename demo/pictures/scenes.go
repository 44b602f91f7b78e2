package main

import (
	"context"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
)

// scenes are played in this order.
func scenes() []scene {
	return []scene{
		{"first start", nil, (*stage).firstStart},
		{"a login and its session", nil, (*stage).login},
		{"a login fails", nil, (*stage).loginFails},
		{"a browser that does not open", nil, (*stage).browser},
		{"a device code", nil, (*stage).device},
		{"a device code for another host", []string{"--manners=google"}, (*stage).deviceElsewhere},
		{"a second factor", []string{"--manners=entra"}, (*stage).secondFactor},
		{"a client with a secret", []string{"--confidential"}, (*stage).clientSecret},
		{"the session ends", nil, (*stage).sessionEnds},
		{"two sessions end", nil, (*stage).twoEnd},
		{"the session ends soon", []string{"--manners=keycloak", "--refresh-token=" + sessionLife.String()}, (*stage).endsSoon},
		{"no refresh token", nil, (*stage).noRefreshToken},
		{"the provider is away", nil, (*stage).providerAway},
		{"the clock is wrong", []string{"--id-token=1h"}, (*stage).clockWrong},
		{"the keychain is locked", nil, (*stage).keychainLocked},
		{"no keychain", nil, (*stage).noKeychain},
		{"an API server refuses", nil, (*stage).rejected},
		{"a mistake in the configuration", nil, (*stage).misconfigured},
		{"a kubeconfig in a work tree", nil, (*stage).workTree},
		{"thirty clusters", nil, (*stage).manyClusters},
		{"another program's clusters", nil, (*stage).adopt},
		{"no tray", nil, (*stage).noTray},
		{"an installed program", nil, (*stage).installed},
	}
}

func (s *stage) login() []step {
	const checked = "prod-eu: you have access"
	return []step{
		s.start, says("not logged in"),
		s.menu("login", "Log in to corp…"),
		choose("Log in to corp…"), s.dialog("login", "corp: ", "Username"),
		s.menu("logging-in", "Cancel login to corp"),
		desk("wait-focus", "^corp: "), answer("alice", "not-my-password"),
		s.dialog("again", "corp: ", "Please try again"),
		answer("password"), says("logged in as alice@example.com"),
		s.icon("ready"),
		s.menu("ready", "prod-eu: ", "Renew now"),
		choose("prod-eu: ", "Check access"), s.notice("access", checked), dismiss(checked, ""),
		s.menu("help", "Help and diagnostics", "Save diagnostics…"),
		choose("Help and diagnostics", "Save diagnostics…"), s.dialog("save", "Save diagnostics", ""), escape,
		choose("Help and diagnostics", "Open log"), s.dialog("open-log", "Log", "kubecreds.log"), escape,
		choose("Help and diagnostics", "About kubecreds v1.0.0"), s.dialog("about", "About", "Apache-2.0"), escape,
	}
}

func (s *stage) loginFails() []step {
	const failed = "corp: login failed"
	return []step{
		s.start, says("not logged in"),
		s.creds("not-my-password\n", "login", "corp", "--username", "alice", "--password-stdin"),
		s.notice("login-failed", failed), dismiss(failed, "Later"),
		s.menu("login-failed", "prod-eu: ", "Log in…"),
		func(context.Context) error { s.StopAgent(); return nil },
		s.startAlone, says("not logged in"),
		choose("Log in to corp…"), drawn("install zenity"), s.notice("no-dialogs", failed), dismiss(failed, "Later"),
	}
}

func (s *stage) browser() []step {
	return []step{
		s.edit("login: [password]", "login: [browser]\n  browserCommand: [no-such-browser]"),
		s.start, says("not logged in"),
		choose("Log in to corp…"), s.dialog("browser", "corp: ", "open this address"), escape,
	}
}

func (s *stage) device() []step {
	return []step{
		s.edit("login: [password]", "login: [device]"),
		s.start, says("not logged in"),
		choose("Log in to corp…"), s.dialog("device", "corp: ", "The code"), escape,
	}
}

func (s *stage) deviceElsewhere() []step {
	return []step{
		s.edit("login: [browser]", "login: [device]"),
		s.start, says("not logged in"),
		choose("Log in to corp…"), s.dialog("device-elsewhere", "corp: ", "Log in to corp?"), escape,
	}
}

func (s *stage) secondFactor() []step {
	return []step{
		s.start, says("not logged in"),
		choose("Log in to corp…"), s.dialog("ways", "corp: ", "Use browser"),
		answer("bob", "password"), s.dialog("other-way", "corp", "in another way"), escape,
	}
}

func (s *stage) clientSecret() []step {
	return []step{
		s.start, says("not logged in"),
		choose("Log in to corp…"), s.dialog("client-secret", "corp: ", "Client secret of"), escape,
	}
}

func (s *stage) sessionEnds() []step {
	const ended = "corp: login needed"
	return []step{
		s.start, logIn,
		s.revoke("alice"),
		choose("Renew all now"), s.notice("login-needed", ended), dismiss(ended, "Later"),
		s.icon("attention"),
		s.menu("login-needed", "prod-eu: login needed", "Re-login…"),
		choose("prod-eu: login needed", "Why…"), s.dialog("why", "prod-eu", "Re-login…"), escape,
	}
}

func (s *stage) twoEnd() []step {
	const ended = "corp and lab: login needed"
	return []step{
		s.accounts(0, 1),
		s.start, says("Log in to corp…"), choose("Log in to corp…"), asked("corp: ", ""), answer("password"), says("alice@example.com"),
		choose("Log in to lab…"), asked("lab: ", ""), answer("password"), says("bob@example.com"),
		s.revoke("alice"), s.revoke("bob"),
		choose("Renew all now"), s.notice("logins-needed", ended), dismiss(ended, "Later"),
	}
}

// sessionLife is that of a session whose end no renewal moves.
const sessionLife = 45 * time.Minute

func (s *stage) endsSoon() []step {
	const overnight, ends = "corp: this session does not last overnight", "corp: session ends at"
	var begun time.Time
	return []step{
		s.edit(", offline_access]", "]"), // whose tokens do not end with the session
		s.start, logIn,
		func(context.Context) error { begun = time.Now(); return nil },
		s.notice("overnight", overnight), dismiss(overnight, ""),
		func(ctx context.Context) error {
			time.Sleep(time.Until(begun.Add(12 * time.Second))) // sooner no renewal tells whether the end moves
			return s.Control.SetRefreshTokenLifetime(ctx, (sessionLife - time.Since(begun)).Round(time.Second))
		},
		s.creds("", "renew"), s.notice("session-ends", ends), dismiss(ends, "Later"),
		s.menu("session-ends", "Log in to corp again"),
	}
}

func (s *stage) noRefreshToken() []step {
	return []step{
		s.edit(", offline_access]", "]"),
		s.start, logIn, s.notice("not-renewed", "corp: this login cannot be renewed"),
		dismiss("corp: this login cannot be renewed", ""),
	}
}

func (s *stage) providerAway() []step {
	return []step{
		s.start, logIn,
		s.outage(control.Hang), choose("Renew all now"), says("renewing…"),
		s.icon("renewing"),
		s.outage(control.Drop), says("provider unreachable"),
		s.menu("offline-valid", "prod-eu: ", "Renew now"),
		// A token that ends at once, and nobody to renew it.
		s.outage(control.None),
		func(ctx context.Context) error { return s.Control.SetIDTokenLifetime(ctx, 5*time.Second) },
		s.creds("", "renew"),
		s.outage(control.Drop), says("trying again"),
		s.icon("offline"),
		s.menu("offline", "Renew all now"),
		s.outage(control.None),
	}
}

func (s *stage) clockWrong() []step {
	return []step{
		s.ahead(10 * time.Minute),
		s.start, logIn, says("clock is wrong"),
		s.menu("clock", "prod-eu: ", "Why…"),
	}
}

func (s *stage) keychainLocked() []step {
	const locked = "The keychain is locked"
	return []step{
		s.start, logIn,
		desk("keyring-lock"), choose("Renew all now"), says("Unlock keychain…"),
		s.notice("keychain", locked), dismiss(locked, "Later"),
		s.menu("keychain-locked", "prod-eu: ", "Unlock keychain…"),
		desk("keyring-unlock"),
	}
}

func (s *stage) noKeychain() []step {
	const refused = "corp: session not kept"
	return []step{
		desk("keyring-stop"),
		s.start, says("the keychain cannot be used"), logIn, says("not kept"),
		s.notice("not-kept", refused), dismiss(refused, ""),
		s.menu("not-kept", "prod-eu: ", "Why…"),
		desk("keyring-start"),
	}
}

func (s *stage) rejected() []step {
	const refused = "prod-eu: no access"
	return []step{
		s.start, logIn,
		func(ctx context.Context) error { return s.Control.RejectTokens(ctx, "prod-eu", true) },
		choose("prod-eu: ", "Check access"), s.notice("no-access", refused), dismiss(refused, ""),
		says("rejected by the API server"),
		s.menu("rejected", "prod-eu: rejected", "Why…"),
	}
}
