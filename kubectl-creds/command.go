package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// command is one of the things this program does. Help, completion and what is wrong usage follow from it.
type command struct {
	verb, usage, short string
	help               string                                          // default and consequence
	flags              []string                                        // that take a value
	switches           []string                                        // that take none
	names              int                                             // how many names of clusters or accounts it takes at most
	words              []string                                        // what may stand in the name's place, where it is no cluster or account
	files              bool                                            // a file stands there
	wrong              func(call) string                               // what does not go together; "" if all does
	run                func(c call, place wire.Place, exec string) int // nil: the agent is asked, started where none runs
}

// commands are all of them, in the order of the help. A new one is an entry here and a verb of the agent's.
func commands() []command {
	return []command{
		{verb: "status", usage: "status [NAME] [-o json] [--watch]", short: "show clusters, their accounts and until when their tokens are valid",
			help: "Without NAME: all of them, also when no command is given. With the NAME of a cluster or an account the exit status is\n" +
				"0 if its token is good, 3 if a login is needed, 4 if the provider is unreachable, 5 if the keychain or the configuration\n" +
				"needs you. Shows what the agent knows; asks no provider. -o json prints the same as JSON: docs/status.md.\n" +
				"--watch, -w goes on until Ctrl-C: at a terminal it writes the table in place at each change, elsewhere a line for each\n" +
				"cluster that changed, and with -o json one document a line.",
			flags: []string{"output"}, switches: []string{"watch"}, names: 1, wrong: wrongOutput},
		{verb: "login", usage: "login [NAME] [--username U --password-stdin]", short: "log in to an account",
			help: "NAME is an account or one of its clusters; it can be left out where there is one account only. What is needed is asked\n" +
				"for in this terminal. --password-stdin reads the password from stdin instead. The new session replaces the old one, the\n" +
				"refresh token goes into the keychain, and kubectl works on every cluster of the account.",
			flags: []string{"username"}, switches: []string{"password-stdin"}, names: 1, wrong: wrongLogin},
		{verb: "logout", usage: "logout [NAME]", short: "log out of an account",
			help: "Without NAME: of every account. Ends the session at the provider where that can be done, and deletes it from the\n" +
				"keychain. kubectl then has no access to the account's clusters until the next login.",
			names: 1},
		{verb: "renew", usage: "renew [NAME]", short: "get new tokens now",
			help:  "Without NAME: for every account. Tokens are renewed by themselves; this is for a change of your groups, say.",
			names: 1},
		{verb: "menu", usage: "menu", short: "show the tray's menu here, and do what you choose",
			help: "For machines without a tray. Each row has a number; a part of its text will do too. Nothing is done until you choose.\n" +
				"Where stdin is no terminal the menu is printed only."},
		{verb: "token", usage: "token [NAME] [--min-validity 30m]", short: "print the bare token, for curl and scripts",
			help: "NAME is a cluster or an account; it can be left out where there is one account only. Prints the token and nothing else,\n" +
				"renewed before if it is about to end. --min-validity asks for one that is valid so long yet, and fails, exit status 1,\n" +
				"where the provider's tokens are not. Whoever reads the output can act as you until the token ends.",
			flags: []string{"min-validity"}, names: 1, wrong: wrongValidity},
		{verb: "check", usage: "check [NAME] [-o json]", short: "ask the API servers who they take you for",
			help: "Without NAME: every API server; else that of the cluster, or those of the account, called NAME. Asks all at once, each at\n" +
				"most 10 s: user, groups, how long it took, or why not and what to do. A token that is refused is renewed once, and asked\n" +
				"about again. The exit status is 0 if all accept the token, 3 if a login is needed, 4 if one is unreachable, 1 if one says\n" +
				"no. -o json prints the same as JSON.",
			flags: []string{"output"}, names: 1, wrong: wrongOutput},
		{verb: "doctor", usage: "doctor [-o json]", short: "look for what keeps it from working",
			help: "Looks at the configuration, the keychain, each provider and API server, kubectl's files, the proxy and the desktop, at\n" +
				"most 25 s. A line each: ok, warning or failure, and what to do. Nothing in it is secret. The exit status is 1 if\n" +
				"something does not work. Where no agent answers it says where to look for the reason. -o json prints the same as JSON.",
			flags: []string{"output"}, wrong: wrongOutput, run: doctor},
		{verb: "get-token", usage: "get-token --cluster NAME | --account NAME", short: "print a credential for kubectl",
			help: "What kubeconfig entries run. Prints an ExecCredential in the version that KUBERNETES_EXEC_INFO asks for, v1 without it,\n" +
				"and nothing else on stdout. Answers within 5 s. Exit status 3: a login is needed; 4: the provider is unreachable;\n" +
				"5: the keychain or the configuration needs you. It also takes the flags of int128's kubelogin (--oidc-issuer-url …): then\n" +
				"the kubeconfig is the whole configuration, and the account is made at the first login.",
			flags: []string{"cluster", "account"}, wrong: wrongGetToken, run: getToken},
		{verb: "completion", usage: "completion bash|zsh|fish|powershell", short: "print what makes a shell complete kubectl-creds",
			help: completionHelp, names: 1, words: shells(), wrong: wrongShell, run: printCompletion},
		{verb: "autostart", usage: "autostart [on|off]", short: "start the agent when the desktop starts, or not",
			help: "Without a word it says which it is. on has kubecreds start at your next desktop login, with its icon; off takes that back.\n" +
				"It is off until you switch it on, here or in the menu. Whatever it is, commands start the agent when they need it.",
			names: 1, words: []string{"on", "off"}, wrong: wrongSwitch},
		{verb: "share", usage: "share PATH | --off", short: "answer at one more socket, for a container or another machine",
			help: "Goes on until Ctrl-C, or until somebody says share --off, which ends all. The socket at PATH answers get-token and status\n" +
				"and nothing else: whoever can reach it as you gets your tokens, and cannot log in or out. PATH's folder has to be yours\n" +
				"alone (chmod 700). There, set KUBECREDS_SOCKET to the path that the socket has there: see docs/share.md.",
			switches: []string{"off"}, names: 1, files: true, wrong: wrongShare, run: share},
		{verb: "uninstall", usage: "uninstall [--yes]", short: "take back what kubecreds did on this machine",
			help: "Asks before it begins; --yes does not. Logs out of every account, at the providers too where they can be told, deletes the\n" +
				"sessions from the keychain, removes our entries from the kubeconfig, switches off the start at login and ends the agent:\n" +
				"kubectl then has no access to those clusters. Your config.yaml, the log and the programs stay: it prints where they are.",
			switches: []string{"yes"}},
		{verb: "add", usage: "add FILE|URL [--account NAME] [--yes] [--sha256 SUM]", short: "add accounts and clusters from a file or an https address",
			help: "The file is written like config.yaml. It may hold issuers, endpoints, client IDs, scopes, ways to log in, certificates\n" +
				"written out and clusters; what would run a program, lead around the network or name a file is refused. Shows who will be\n" +
				"sent what and asks. It only adds: no name that you have changes. --account NAME uses your own account of that name for the\n" +
				"clusters that name it. --sha256 SUM makes sure that it is the file you mean; with it --yes works in scripts too.",
			flags: []string{"account", "sha256"}, switches: []string{"yes"}, names: 1, files: true, wrong: wrongAdd},
		{verb: "adopt", usage: "adopt [--yes]", short: "take over clusters that kubelogin or kubectl itself logs in to",
			help: "Finds users of int128's kubelogin and of the auth-provider oidc in the kubeconfig, shows what changes and asks. Accounts and\n" +
				"clusters go into config.yaml, a refresh token into the keychain, and the users run kubectl-creds with the flags they have.\n" +
				"What cannot be carried over is listed and left alone. --yes asks nothing.",
			switches: []string{"yes"}},
		{verb: "release", usage: "release [USER] [--yes] | release --done", short: "put back what adopt changed",
			help: "Without USER: all of them. The users of the kubeconfig are again what they were, with the secrets of today; what was made\n" +
				"for them leaves config.yaml. Shows what changes and asks; --yes asks nothing. --done deletes the backups of kubeconfigs.",
			switches: []string{"yes", "done"}, names: 1, words: []string{}},
		{verb: "start", usage: "start", short: "start the agent",
			help: "Every other command but quit and version starts it where none runs, unless you quit it before: then this one does.\n" +
				"It gets an icon where there is a desktop.",
			run: start},
		{verb: "quit", usage: "quit", short: "end the agent",
			help: "Tokens are no longer renewed, and nothing starts the agent until you do, or until you log in to the desktop again.\n" +
				"Sessions stay in the keychain.",
			run: quit},
		{verb: "version", usage: "version", short: "show the versions of this program and of the agent",
			help: "Asks the agent that runs, and starts none.",
			run:  showVersion},
	}
}

// call is a command with what was given on the command line.
type call struct {
	verb   string
	flags  map[string]string
	name   string
	help   bool
	helpOn string // the command that the help is about; "" is all
	run    func(c call, place wire.Place, exec string) int
	args   []string // as they were given, for the agent to understand; nil: flags and name say it all
}

// parse reads the command line. No argument is status.
func parse(args []string) (call, error) {
	if len(args) == 0 {
		return call{verb: "status"}, nil
	}
	verb, rest := args[0], args[1:]
	if verb == "help" || isHelp(verb) {
		return parseHelp(rest)
	}
	if c, ok := commandCalled(verb); ok && verb == "get-token" && isKubelogin(rest) {
		return c.kubelogin(rest)
	} else if ok {
		return c.parse(rest)
	}
	return call{}, errUnknownCommand(verb)
}

func commandCalled(verb string) (command, bool) {
	for _, c := range commands() {
		if c.verb == verb {
			return c, true
		}
	}
	return command{}, false
}

func errUnknownCommand(verb string) error {
	return fmt.Errorf("unknown command %q; see: kubectl creds help", verb)
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-h" }

func parseHelp(args []string) (call, error) {
	if len(args) == 0 || isHelp(args[0]) {
		return call{help: true}, nil
	}
	if _, ok := commandCalled(args[0]); !ok {
		return call{}, errUnknownCommand(args[0])
	}
	return call{help: true, helpOn: args[0]}, nil
}

// parse reads the command's own arguments: flags as --name value or --name=value, before or after the name.
func (c command) parse(args []string) (call, error) {
	got := call{verb: c.verb, flags: map[string]string{}, run: c.run}
	names := 0
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if isHelp(arg) {
			return call{help: true, helpOn: c.verb}, nil
		}
		if !strings.HasPrefix(arg, "-") {
			if names++; names > c.names {
				return call{}, c.misused(fmt.Sprintf("what is %q for?", arg))
			}
			got.name = arg
			continue
		}
		flag, value, hasValue := strings.Cut(arg, "=")
		name, _ := flagName(flag)
		switch {
		case slices.Contains(c.switches, name) && !hasValue:
			value = "true"
		case !slices.Contains(c.flags, name):
			return call{}, c.misused("unknown flag " + arg)
		case !hasValue && len(args) == 0:
			return call{}, c.misused(arg + " needs a value")
		case !hasValue:
			value, args = args[0], args[1:]
		}
		got.flags[name] = value
	}
	if c.wrong != nil {
		if what := c.wrong(got); what != "" {
			return call{}, c.misused(what)
		}
	}
	return got, nil
}

// flagName is the name of the flag that arg is, without a value.
func flagName(arg string) (name string, ok bool) {
	switch arg {
	case "-o":
		return "output", true
	case "-w":
		return "watch", true
	}
	return strings.CutPrefix(arg, "--")
}

func (c command) misused(what string) error {
	return fmt.Errorf("%s; usage: kubectl creds %s", what, c.usage)
}

func wrongOutput(c call) string {
	if output, given := c.flags["output"]; given && output != "json" {
		return "the only other output is -o json"
	}
	return ""
}

func wrongAdd(c call) string {
	if c.name == "" {
		return "which file?"
	}
	return ""
}

func wrongLogin(c call) string {
	if c.flags["password-stdin"] != "" && c.flags["username"] == "" {
		return "--password-stdin needs --username"
	}
	return ""
}

func wrongSwitch(c call) string {
	if c.name != "" && c.name != "on" && c.name != "off" {
		return "on or off?"
	}
	return ""
}

func wrongShare(c call) string {
	if (c.name == "") == (c.flags["off"] == "") {
		return "either a path or --off is needed"
	}
	return ""
}

func wrongValidity(c call) string {
	if d, err := time.ParseDuration(c.flags["min-validity"]); c.flags["min-validity"] != "" && (err != nil || d < 0) {
		return "--min-validity is a time like 30m or 1h30m"
	}
	return ""
}

func wrongGetToken(c call) string {
	if (c.flags["cluster"] == "") == (c.flags["account"] == "") {
		return "either --cluster or --account is needed"
	}
	return ""
}

// request is what the agent is asked.
func (c call) request(caller wire.Caller) wire.Request {
	r := wire.Request{Version: wire.Version, Verb: c.verb, Caller: caller, Args: c.args}
	for name, value := range c.flags {
		r.Args = append(r.Args, "--"+name+"="+value)
	}
	if c.name != "" {
		r.Args = append(r.Args, c.name)
	}
	return r
}

// helpText is the help without its last line's end.
func (c call) helpText() string {
	var b strings.Builder
	for _, cmd := range commands() {
		if cmd.verb == c.helpOn {
			return "kubectl creds " + cmd.usage + ": " + cmd.short + "\n\n" + cmd.help
		}
		fmt.Fprintf(&b, "  %-46s %s\n", cmd.usage, cmd.short)
	}
	return "kubectl creds keeps your Kubernetes credentials fresh. Without a command it shows their status.\n\n" + b.String() +
		"\nNAME is a cluster or an account. More about a command: kubectl creds COMMAND --help"
}
