package menu

import (
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// onceNotices are said once in a life of the program: where to begin, whether to start at login, asked when somebody logged in
// for the first time, and why there is no icon.
func onceNotices(s *auth.Snapshot, told Told, set Settings, now time.Time) (show []Notice, withdraw []string) {
	switch asked := told[tagAutostart]; {
	case set.Autostart && asked == "asked":
		withdraw = append(withdraw, tagAutostart)
		told[tagAutostart] = "on"
	case set.Autostart:
		told[tagAutostart] = "on" // who switches it off later wants it off
	case asked == "" && set.AskAutostart && !set.Quiet && anyGood(s, now):
		told[tagAutostart] = "asked"
		show = append(show, autostartNotice())
	}
	switch welcomed := told[tagWelcome]; {
	case set.Welcome && welcomed == "" && !set.Quiet:
		told[tagWelcome] = "told"
		show = append(show, welcomeNotice())
	case !set.Welcome && welcomed == "told":
		told[tagWelcome] = "over"
		withdraw = append(withdraw, tagWelcome)
	}
	switch explained := told[tagTray]; {
	case set.NoHost && explained == "" && !set.Quiet:
		told[tagTray] = "told"
		show = append(show, trayNotice(set.Desktop))
	case !set.NoHost && explained == "told":
		told[tagTray] = "over"
		withdraw = append(withdraw, tagTray)
	}
	switch offered := told[tagAdopt]; {
	case set.Found > 0 && offered == "" && !set.Quiet:
		told[tagAdopt] = "told"
		show = append(show, adoptNotice(set))
	case set.Found == 0 && offered == "told":
		told[tagAdopt] = "over"
		withdraw = append(withdraw, tagAdopt)
	}
	return show, withdraw
}

func anyGood(s *auth.Snapshot, now time.Time) bool {
	for _, st := range s.Accounts {
		if st.Phase == auth.Valid && st.Good(now) {
			return true
		}
	}
	return false
}

// autostartNotice asks. A click on its body is the first button, so that nothing is switched on by accident.
func autostartNotice() Notice {
	return Notice{
		Tag:     tagAutostart,
		Icon:    IconReady,
		Title:   "Start kubecreds when you log in?",
		Body:    "Then your tokens are fresh before you need them. The menu's row Start at login changes it at any time.",
		Buttons: []Button{{Label: "No"}, {"Start at login", Action{VerbAutostart, "on"}}},
	}
}

// welcomeNotice says where to begin.
func welcomeNotice() Notice {
	return Notice{
		Tag:   tagWelcome,
		Icon:  IconNothing,
		Title: "kubecreds is here: add your clusters",
		Body:  "Your platform team has a file or an address for it. The icon's menu has the same rows.",
		Buttons: []Button{
			{"Choose a file…", Action{VerbAdd, AddFile}}, {"Paste an address…", Action{VerbAdd, AddAddress}}, later(),
		},
	}
}

// trayNotice says why there is no icon, and what to do about it.
func trayNotice(desktop string) Notice {
	return Notice{
		Tag:     tagTray,
		Title:   "kubecreds runs, and its icon cannot be shown",
		Body:    trayHelp(desktop) + " Until then its menu is in: kubectl creds menu. Renewal goes on.",
		Buttons: []Button{{"Show menu", Action{Verb: VerbMenu}}, later()},
	}
}

// trayHelp says what shows tray icons on a desktop, named as in $XDG_CURRENT_DESKTOP.
func trayHelp(desktop string) string {
	for _, d := range []struct{ name, help string }{
		{"GNOME", "GNOME shows tray icons with the extension AppIndicator and KStatusNotifierItem Support (Debian, Ubuntu: apt install gnome-shell-extension-appindicator; then log in to the desktop again)."},
		{"KDE", "Add the widget System Tray to the panel."},
		{"XFCE", "Add the item Status Tray Plugin to the panel."},
		{"LXQt", "Add the widget Status Notifier to the panel."},
		{"MATE", "Add the item Notification Area to the panel."},
		{"Cinnamon", "Add the applet XApp Status to the panel."},
		{"sway", "waybar shows tray icons with its module tray."},
		{"Hyprland", "waybar shows tray icons with its module tray."},
	} {
		if strings.Contains(strings.ToLower(desktop), strings.ToLower(d.name)) {
			return d.help
		}
	}
	return "No program here shows tray icons. Panels such as xfce4-panel or waybar do; for a bar that knows only the old kind of icon, snixembed helps."
}
