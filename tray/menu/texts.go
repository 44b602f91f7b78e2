package menu

// Texts of the dialogs that rows lead to, and of the menu in a terminal. Those of logins are package dialogs'.
const (
	SetupTitle   = "Add clusters"
	SetupAddress = "The address that your platform team gave you:"
	SetupAdd     = "Add and log in"
	SetupAgree   = "If you add this:"
	SetupTooLong = "this holds more than a dialog can show; read and add it in a terminal: kubectl creds add FILE, or the address"
	SetupCommand = "kubectl creds add FILE, or the address that your platform team gave you"

	AdoptTitle   = "Adopt"
	AdoptYes     = "Adopt"
	AdoptAgree   = "If you adopt this:"
	AdoptDone    = "Adopted: "
	AdoptLogin   = "Log in"
	AdoptNothing = "There is nothing to adopt."
	AdoptTooLong = "There is more to read than fits here. Run in a terminal: kubectl creds adopt"
	AdoptFailed  = "This did not work: "
	AdoptGoBack  = "To go back: kubectl creds release"

	DiagnosticsTitle = "Save diagnostics"
	DiagnosticsFile  = "kubecreds-diagnostics.txt"
	NotSaved         = "It was not saved: "

	LogTitle           = "Log"
	ConfigurationTitle = "Configuration"
	NotOpened          = "No program here opens this file. It is:"

	ListTitle    = "kubecreds"
	ListQuestion = "Number or part of the name (Enter: nothing):"
	ListNoRow    = "there is no such row"
	ListDone     = "done; see: kubectl creds"
)
