package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/demo/shots"
)

// patience is how long anything may take that a person would call immediate: this also runs on busy machines.
const patience = 20 * time.Second

// steps is the journey, in its order. Each step begins where the one before it ended.
func (j *journey) steps() []step {
	return []step{
		{"an icon appears in the tray", j.iconAppears},
		{"its menu says which clusters need a login", j.menuAsksForLogin},
		{"a click on `Log in to corp…` opens a dialog that names who gets the password", j.loginOpensDialog},
		{"a wrong password is asked for again, and why", j.wrongPassword},
		{"the right one: all clusters are ready", j.rightPassword},
		{"the refresh token lies in the keychain", j.keychainHasIt},
		{"the kubeconfig has both clusters, and no secret", j.kubeconfigIsWritten},
		{"kubectl works on prod-eu", j.kubectlWorks("prod-eu")},
		{"kubectl works on staging", j.kubectlWorks("staging")},
		{"the token is renewed before it ends, with one request", j.renewedInTime},
		{"the machine sleeps past its end: renewed right after it wakes", j.renewedAfterSleep},
		{"the provider ends the session: icon and menu say so", j.sessionEnds},
		{"one notification tells it, with a button", j.notificationTells},
		{"its button `Log in` opens the dialog: ready again", j.notificationLogsIn},
		{"a session ends again: `Re-login…` in a cluster's submenu", j.reloginFromSubmenu},
		{"kubecreds restarts: the session is still there, nobody is asked", j.restart},
		{"the panel restarts: the icon comes back", j.panelRestarts},
		{"`Start at login` makes the autostart entry", j.startAtLogin},
		{"and removes it", j.noStartAtLogin},
		{"`Quit` ends it", j.quit},
	}
}

func (j *journey) iconAppears(ctx context.Context) error {
	if err := j.StartAgent(j.Program("kubecreds")); err != nil {
		return err
	}
	if _, err := drive.Desk(ctx, "wait-item"); err != nil {
		return err
	}
	// Until now it may have shown that it reads the keychain.
	if err := drive.MenuSays(ctx, patience, "not logged in"); err != nil {
		return err
	}
	return j.picture(ctx, "icon", shots.Tray())
}

func (j *journey) menuAsksForLogin(ctx context.Context) error {
	if err := j.menuSays(ctx, "0 of 2 clusters ready; prod-eu and staging are not logged in"); err != nil {
		return err
	}
	return j.menuPicture(ctx, "menu-login", "Log in to corp…")
}

func (j *journey) loginOpensDialog(ctx context.Context) error {
	if _, err := drive.Desk(ctx, "choose", "Log in to corp…"); err != nil {
		return err
	}
	title, err := drive.Dialog(ctx, "corp: ")
	if err != nil {
		return err
	}
	j.note("its title: %s", title)
	if host := strings.TrimPrefix(j.Servers.Issuer, "https://"); !strings.Contains(title, host) {
		return fmt.Errorf("the dialog does not name %s but says %q", host, title)
	}
	return j.picture(ctx, "dialog", shots.Windows())
}

func (j *journey) wrongPassword(ctx context.Context) error {
	if err := drive.Answer(ctx, "alice", "not-my-password"); err != nil {
		return err
	}
	if err := j.asksFor(ctx, "Please try again: Wrong user name or password"); err != nil {
		return err
	}
	if err := j.sees(ctx, "Password of alice at "); err != nil {
		return err
	}
	return j.picture(ctx, "dialog-again", shots.Windows())
}

func (j *journey) rightPassword(ctx context.Context) error {
	if err := drive.Answer(ctx, "password"); err != nil {
		return err
	}
	if err := j.isReady(ctx); err != nil {
		return err
	}
	if err := j.menuPicture(ctx, "menu-ready", "Renew all now"); err != nil {
		return err
	}
	var err error
	if j.ready, err = shots.Icon(ctx); err != nil {
		return err
	}
	return j.picture(ctx, "icon-ready", shots.Tray())
}

func (j *journey) keychainHasIt(ctx context.Context) error {
	// What it prints includes the secret: only the names leave this function.
	out, err := exec.CommandContext(ctx, "secret-tool", "search", "--all", "service", "kubecreds").CombinedOutput()
	if err != nil {
		return fmt.Errorf("secret-tool: %w", err)
	}
	found := 0
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "label = ") {
			j.note("secret-tool: %s", line)
			found++
		}
	}
	if found != 1 {
		return fmt.Errorf("there are %d items of kubecreds in the keychain, not 1", found)
	}
	return nil
}

func (j *journey) kubeconfigIsWritten(ctx context.Context) error {
	if _, err := j.kubectl(ctx, "kubecreds-prod-eu", "config", "get-contexts"); err != nil {
		return err
	}
	text, err := os.ReadFile(j.Kube)
	if err != nil {
		return err
	}
	for _, secret := range []string{"eyJ", "token:", "password:"} { // a JWT begins with eyJ
		if strings.Contains(string(text), secret) {
			return fmt.Errorf("%s contains %q", j.Kube, secret)
		}
	}
	return nil
}

func (j *journey) kubectlWorks(cluster string) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := j.kubectl(ctx, "alice@example.com", "--context", cluster, "auth", "whoami"); err != nil {
			return err
		}
		_, err := j.kubectl(ctx, "kube-system", "--context", cluster, "get", "namespaces")
		return err
	}
}

func (j *journey) renewedInTime(ctx context.Context) error {
	before, err := j.quiet(ctx)
	if err != nil {
		return err
	}
	j.waiting("the token ends in %.0f s; waiting for its renewal", time.Until(before).Seconds())
	after, err := j.renewed(ctx, before, lifetime)
	if err != nil {
		return err
	}
	left := time.Until(before)
	if left <= 0 {
		return fmt.Errorf("it was renewed %.1f s too late", -left.Seconds())
	}
	j.note("a new one, %.0f s before the old one's end; it ends in %.0f s", left.Seconds(), time.Until(after).Seconds())
	if _, err := j.kubectl(ctx, "Username", "auth", "whoami"); err != nil {
		return err
	}
	return j.oneRequest(ctx, "for the renewal, and none for kubectl")
}

func (j *journey) renewedAfterSleep(ctx context.Context) error {
	end, err := j.quiet(ctx)
	if err != nil {
		return err
	}
	if _, err := drive.Desk(ctx, "suspend"); err != nil {
		return err
	}
	j.waiting("the machine sleeps for %.0f s", time.Until(end).Seconds()+1)
	if err := drive.Until(ctx, lifetime+patience, "the token to end", func() bool { return time.Now().After(end.Add(time.Second)) }); err != nil {
		return err
	}
	counts, err := j.Control.Counts(ctx)
	if err != nil {
		return err
	}
	if counts.Total != 0 {
		return fmt.Errorf("%d requests while the machine slept", counts.Total)
	}
	woken := time.Now()
	if _, err := drive.Desk(ctx, "resume"); err != nil {
		return err
	}
	if _, err := j.renewed(ctx, end, patience); err != nil {
		return err
	}
	j.note("awake: renewed after %.1f s", time.Since(woken).Seconds())
	if _, err := j.kubectl(ctx, "Username", "--context", "staging", "auth", "whoami"); err != nil {
		return err
	}
	return j.oneRequest(ctx, "for the renewal")
}

func (j *journey) sessionEnds(ctx context.Context) error {
	ended, err := j.Control.Revoke(ctx, "alice")
	if err != nil {
		return err
	}
	if ended != 1 {
		return fmt.Errorf("the provider knew %d sessions, not 1", ended)
	}
	j.waiting("the provider has ended alice's session; waiting for the next renewal to notice")
	if err := j.menuSays(ctx, "prod-eu: login needed: the provider ended the session"); err != nil {
		return err
	}
	if err := drive.Until(ctx, patience, "the icon to change", func() bool {
		now, err := shots.Icon(ctx)
		return err == nil && now != j.ready
	}); err != nil {
		return err
	}
	return j.picture(ctx, "icon-attention", shots.Tray())
}

func (j *journey) notificationTells(ctx context.Context) error {
	if err := j.sees(ctx, "corp: login needed"); err != nil {
		return err
	}
	seen, err := drive.Desk(ctx, "seen")
	if err != nil {
		return err
	}
	buttons := 0
	for line := range strings.Lines(seen) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 {
			continue
		}
		switch {
		case f[0] == "label":
			j.note("%s", f[3])
		case f[0] == "push button" && f[3] == "Log in":
			buttons++
		}
	}
	if buttons != 1 {
		return fmt.Errorf("there are %d buttons `Log in`, not 1", buttons)
	}
	if err := j.picture(ctx, "notification", shots.Windows()); err != nil {
		return err
	}
	return j.menuPicture(ctx, "menu-attention", "prod-eu: login needed", "Re-login…")
}

func (j *journey) notificationLogsIn(ctx context.Context) error {
	// From here on nothing is to be waited for: a usual lifetime.
	if err := j.Control.SetIDTokenLifetime(ctx, 10*time.Minute); err != nil {
		return err
	}
	if _, err := drive.Desk(ctx, "press", "Log in", "push button"); err != nil {
		return err
	}
	if err := j.asksFor(ctx, "Password of alice at "); err != nil {
		return err
	}
	if err := j.picture(ctx, "dialog-password", shots.Windows()); err != nil {
		return err
	}
	if err := drive.Answer(ctx, "password"); err != nil {
		return err
	}
	if err := j.isReady(ctx); err != nil {
		return err
	}
	if err := drive.Until(ctx, patience, "the icon to be as before", func() bool {
		now, err := shots.Icon(ctx)
		return err == nil && now == j.ready
	}); err != nil {
		return err
	}
	if drive.Sees(ctx, "corp: login needed") {
		return errors.New("the notification is still there")
	}
	return nil
}

func (j *journey) reloginFromSubmenu(ctx context.Context) error {
	if _, err := j.Control.Revoke(ctx, "alice"); err != nil {
		return err
	}
	row, err := shots.Row(ctx, "staging: ")
	if err != nil {
		return err
	}
	if err := j.menuPicture(ctx, "submenu", row, "Renew now"); err != nil {
		return err
	}
	if _, err := drive.Desk(ctx, "choose", row, "Renew now"); err != nil {
		return err
	}
	if err := j.menuSays(ctx, "staging: login needed"); err != nil {
		return err
	}
	if row, err = shots.Row(ctx, "staging: "); err != nil {
		return err
	}
	j.note("%s", row)
	if _, err := drive.Desk(ctx, "choose", row, "Re-login…"); err != nil {
		return err
	}
	if err := j.asksFor(ctx, "Password of alice at "); err != nil {
		return err
	}
	if err := drive.Answer(ctx, "password"); err != nil {
		return err
	}
	if err := j.isReady(ctx); err != nil {
		return err
	}
	return j.kubectlWorks("staging")(ctx)
}
