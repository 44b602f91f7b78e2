// Package menu turns a snapshot of all sessions into what a person sees: the menu, the icon, the notifications, as plain
// values. It is pure: the same input gives the same menu, so that whole menus are compared in tests and the tray draws
// only what differs. All texts about states stand here, in one place.
package menu

// Icon names the drawing of the tray icon.
type Icon string

// One drawing a state, told apart by shape.
const (
	IconNothing   Icon = "nothing" // nothing configured, or nobody logged in yet
	IconReady     Icon = "ready"
	IconRenewing  Icon = "renewing"
	IconAttention Icon = "attention"
	IconOffline   Icon = "offline"
)

// Shape names the small picture at a row; "" is none.
type Shape string

// The shapes of rows.
const (
	ShapeReady     Shape = "ready"
	ShapeAttention Shape = "attention"
	ShapeOffline   Shape = "offline"
	ShapeBusy      Shape = "busy"
	ShapeNothing   Shape = "nothing"
)

// Action is what a row or a button does: a verb of the agent, and the account or cluster it is done to.
type Action struct{ Verb, On string }

// The verbs of menus and notifications.
const (
	VerbLogin         = "login"       // On: account or cluster; "" is every account that needs it
	VerbCancel        = "cancel"      // On: account: ends the login under way
	VerbLogout        = "logout"      // On: account
	VerbRenew         = "renew"       // On: account or cluster; "" is all
	VerbUnlock        = "unlock"      // the keychain
	VerbWhy           = "why"         // On: account or cluster: a dialog that explains its state
	VerbMore          = "more"        // On: account, "" is all: a list of the clusters
	VerbAdd           = "add"         // On: AddFile or AddAddress
	VerbAutostart     = "autostart"   // On: "on" or "off"
	VerbDiagnostics   = "diagnostics" // into a file
	VerbLog           = "log"         // opens it
	VerbConfiguration = "configuration"
	VerbAbout         = "about"
	VerbMenu          = "menu" // the menu as a list
	VerbQuit          = "quit"
	VerbLater         = "later" // On: the tag of the notice that is put off
	VerbAdopt         = "adopt" // what other programs log in to
)

// Where clusters are added from: what the On of VerbAdd says.
const (
	AddFile    = "file"
	AddAddress = "address"
)

// Row is one line of the menu. A row without an action and without Sub is text only.
type Row struct {
	Text                                    string
	State                                   Shape
	Do                                      Action
	Checkable, Checked, Disabled, Separator bool
	Sub                                     []Row // without separators and submenus of their own
}

// Menu is all that the tray shows.
type Menu struct {
	Icon    Icon
	Tooltip string
	Rows    []Row
}

// Settings are what the menu shows beside the sessions.
type Settings struct {
	Autostart    bool // starts at login
	CanAutostart bool // this system has a way to start at login
	Version      string
	Times        Times
	Quiet        bool   // nothing may pop up: the screen is locked, or a dialog is on it
	AskAutostart bool   // the person may be asked whether to start at login
	Welcome      bool   // nothing is configured yet, and whoever installed the program may be told where to begin
	NoHost       bool   // no program shows tray icons here
	Desktop      string // its name, as in $XDG_CURRENT_DESKTOP
	Found        int    // clusters that another program logs in to and that could be adopted
	FoundBy      string // that program
}

// Notice is a notification: plain text, escaped where it is delivered. The same Tag replaces.
type Notice struct {
	Tag, Title, Body string
	Buttons          []Button // the first is also what a click on the body does
	Icon             Icon     // its picture; "": the one that asks for a person
	Update           bool     // changes what is on the screen, and is not shown anew
}

// Button of a notification.
type Button struct {
	Label string
	Do    Action
}
