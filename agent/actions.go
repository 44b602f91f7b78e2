package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// Do does what a click on a menu row or a notification's button asks for. It returns at once; what takes time goes on beside
// it and shows in the menu.
func (a *Agent) Do(act menu.Action) {
	switch act.Verb {
	case menu.VerbLogin:
		if act.On == "" {
			a.loginAll()
			return
		}
		a.start("log in", act.On, func(ctx context.Context) error { return a.login(ctx, act.On, auth.Wish{}, a.Ask) })
	case menu.VerbCancel:
		a.Keeper.CancelLogin(act.On)
	case menu.VerbRenew:
		a.start("renew", act.On, func(ctx context.Context) error { return a.Keeper.Renew(ctx, act.On) })
	case menu.VerbCheck:
		a.start("check access", act.On, func(ctx context.Context) error { return a.checkFromMenu(ctx, act.On) })
	case menu.VerbLogout:
		a.start("log out", act.On, func(ctx context.Context) error {
			_, err := a.logout(ctx, act.On)
			return err
		})
	case menu.VerbUnlock:
		a.start("unlock the keychain", act.On, a.Keeper.Unlock)
	case menu.VerbWhy:
		a.start("why", act.On, func(ctx context.Context) error { return a.why(ctx, act.On) })
	case menu.VerbMore:
		a.start("more clusters", act.On, func(ctx context.Context) error { return a.more(ctx, act.On) })
	case menu.VerbAutostart:
		a.autostart(act.On == "on")
	case menu.VerbDiagnostics:
		a.start("save diagnostics", "", a.saveDiagnostics)
	case menu.VerbLog:
		a.start("open the log", "", func(ctx context.Context) error { return a.openFile(ctx, menu.LogTitle, a.logFile()) })
	case menu.VerbConfiguration:
		a.start("edit the configuration", "", a.openConfiguration)
	case menu.VerbAbout:
		a.start("about", "", a.about)
	case menu.VerbAdd:
		a.start("add clusters", act.On, func(ctx context.Context) error { return a.setUp(ctx, act.On) })
	case menu.VerbMenu:
		a.start("menu", "", a.menu)
	case menu.VerbAdopt:
		a.start("adopt", "", a.adoptFromMenu)
	case menu.VerbLater:
		a.putOff(act.On)
	case menu.VerbQuit:
		a.Quit()
	}
}

// start runs what a person asked for. How it went shows in the menu; what does not show there goes to the log.
func (a *Agent) start(what, on string, f func(context.Context) error) {
	a.spawn(func(ctx context.Context) {
		if err := f(ctx); err != nil {
			a.Log.Info(what, "on", on, "err", err)
		}
		signal(a.dirty) // what had to wait for a dialog to end, may be said now
	})
}

// loginAll logs in every account that needs it. All of them show that at once; their dialogs come one after the other.
func (a *Agent) loginAll() {
	for _, st := range a.Keeper.Snapshot().Accounts {
		if st.Phase == auth.LoginNeeded {
			a.Do(menu.Action{Verb: menu.VerbLogin, On: st.Account})
		}
	}
}

// login logs in through ask and remembers the user name for the next time.
func (a *Agent) login(ctx context.Context, name string, wish auth.Wish, ask auth.Asker) error {
	if wish.User == "" {
		wish.User = a.usualUser(name)
	}
	a.loginBegins(name)
	err := a.Keeper.Login(ctx, name, wish, ask)
	a.rememberLogins()
	if err == nil {
		a.askAboutWorkTrees(ctx, name, ask)
	}
	return err
}

// logout ends a session. The message says what the provider was told.
func (a *Agent) logout(ctx context.Context, name string) (message string, err error) {
	revoked, err := a.Keeper.Logout(ctx, name)
	switch {
	case err != nil && errors.Is(err, auth.ErrUnknown):
		return "", err
	case err != nil:
		return "", fmt.Errorf("%s: logged out, but the keychain still holds the session: %w", name, err)
	case !revoked:
		return fmt.Sprintf("%s: logged out here; the provider was not told, and ends the session by itself later", name), nil
	}
	return fmt.Sprintf("%s: logged out", name), nil
}

func (a *Agent) autostart(on bool) {
	if a.Autostart == nil {
		return
	}
	change := a.Autostart.Disable
	if on {
		change = a.Autostart.Enable
	}
	if err := change(); err != nil {
		a.Log.Warn("start at login", "err", err)
	}
	signal(a.dirty)
}

// Quit ends the agent because a person said so: no client starts it again until a person does.
func (a *Agent) Quit() {
	if err := a.Socket.MarkQuit(); err != nil {
		a.Log.Warn("quit", "err", err)
	}
	a.quit()
}
