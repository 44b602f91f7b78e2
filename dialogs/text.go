package dialogs

import (
	"cmp"
	"runtime"
	"strings"
	"unicode"

	"github.com/kubecreds/kubecreds/auth"
)

const (
	titleMax    = 29  // characters of a title that window managers show at a dialog's width
	accountMin  = 8   // characters an account's name keeps in a title, however long the host is
	wordsMax    = 200 // characters of a text from outside
	nameMax     = 64  // characters of a name from outside within a sentence
	hostMax     = 100 // characters of a host within a sentence
	addressMax  = 90  // characters of an address, which is not broken into lines: a longer one nobody types
	questionMax = 600 // characters of a question of ours with paths in it
	lineMax     = 60  // characters of a line: dialogs grow to the width of the longest line
	narrowMax   = 38  // characters of the only line above an entry on Windows
	wordMax     = 64  // characters of a word that is not broken: a SHA-256 has as many
)

// title names the account and the host that gets the password, in at most titleMax characters. The host comes first when
// room is short, and loses its beginning: whose host it is stands at its end.
func title(account, host string) string {
	account, host = own(clean(account, wordsMax)), clean(host, wordsMax)
	room := titleMax - len(": ")
	account = cut(account, max(accountMin, room-length(host)))
	return account + ": " + cutStart(host, room-length(account))
}

// nameTitle names the account where no host gets anything.
func nameTitle(account string) string { return cut(own(clean(account, wordsMax)), titleMax) }

// otherWay is the button that chooses another way to log in, "" for none.
func otherWay(way string) string {
	switch way {
	case "browser":
		return "Use browser"
	case "device":
		return "Use device code"
	}
	return ""
}

// narrow: a dialog with an entry has room for one line of narrowMax characters above it, as on Windows.
var narrow = runtime.GOOS == "windows"

// userText asks for the user name.
func userText(q auth.Question) string {
	return text(q.Problem, "User name", "User name at "+cutStart(clean(q.Host, wordsMax), hostMax)+" for "+clean(q.Account, nameMax))
}

// passwordText asks for the password of q.User.
func passwordText(q auth.Question) string {
	password := "Password of " + clean(q.User, nameMax)
	return text(q.Problem, password, password+" at "+cutStart(clean(q.Host, wordsMax), hostMax)+
		" for "+clean(q.Account, nameMax))
}

// clientText asks for the secret of a client.
func clientText(q auth.ClientQuestion) string {
	secret := "Client secret of " + clean(q.Client, nameMax)
	return text(q.Problem, secret, secret+" at "+cutStart(clean(q.Host, wordsMax), hostMax)+
		" for "+clean(q.Account, nameMax)+". It is kept in the keychain.")
}

// text puts what went wrong above what is asked. It begins with a word of ours, whatever problem holds. Where there is room for
// little it is one or the other, briefly: the title says for which account and host.
func text(problem, briefly, asked string) string {
	if narrow {
		return cut(cmp.Or(clean(problem, wordsMax), briefly), narrowMax)
	}
	if problem == "" {
		return wrap(asked)
	}
	return wrap("Please try again: "+clean(problem, wordsMax)) + "\n\n" + wrap(asked)
}

// offerText asks whether to log in in another way.
func offerText(account, why string) string {
	return wrap("Log in to "+clean(account, nameMax)+" in another way?") + "\n\n" + wrap(clean(why, wordsMax))
}

// confirmText asks a question of ours, in which paths may stand.
func confirmText(account, question string) string {
	return wrap("Account " + clean(account, nameMax) + ": " + clean(question, questionMax))
}

// visitText says what to do with the address below it, and why no browser did.
func visitText(v auth.Visit, problem error) string {
	if narrow {
		return "Open this address in a browser:"
	}
	return wrap("Log in to "+clean(v.Account, nameMax)+" at "+cutStart(clean(v.Host, wordsMax), hostMax)+
		": open this address in a browser on this computer.") + "\n\n" + notOpened(problem)
}

// foreignText asks whether an address that is not at the provider's host is to be trusted.
func foreignText(c auth.DeviceCode) string {
	return wrap("Log in to "+clean(c.Account, nameMax)+"?") + "\n\n" +
		wrap("The code is to be entered at "+cutStart(clean(c.Host, wordsMax), hostMax)+
			", and the provider is "+cutStart(clean(c.Foreign, wordsMax), hostMax)+". Some providers do that: go on if you know this host.")
}

// codeText shows the code and where it is wanted. Address and code stand on lines of their own, so that they can be copied.
// until, if not empty, says when they end; problem is why the last press of the button opened nothing.
func codeText(c auth.DeviceCode, address, until string, problem error) string {
	if until != "" {
		until = ", good until " + until
	}
	text := wrap("Log in to "+clean(c.Account, nameMax)+": on any device, open this address at "+
		cutStart(clean(c.Host, wordsMax), hostMax)) + "\n\n" + cut(address, addressMax) +
		"\n\nThe code" + until + ":\n\n" + wrap(clean(c.UserCode, nameMax))
	if problem != nil {
		text += "\n\n" + notOpened(problem)
	}
	return text
}

func notOpened(problem error) string {
	return wrap("The browser was not opened: " + clean(problem.Error(), wordsMax))
}

// clean makes one line of at most limit characters out of s: without control, direction and other unprintable characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	return cut(strings.Join(strings.Fields(s), " "), limit)
}

// cut shortens s to limit characters at its end.
func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// cutStart shortens s to limit characters at its beginning.
func cutStart(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return "…" + string(r[len(r)-limit+1:])
	}
	return s
}

func length(s string) int { return len([]rune(s)) }

// wrap breaks one line into lines of at most lineMax characters, between words; a word of more than wordMax is broken too.
func wrap(s string) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && length(line)+1+length(word) > lineMax {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
		for r := []rune(line); len(r) > wordMax; r = []rune(line) {
			lines, line = append(lines, string(r[:wordMax])), string(r[wordMax:])
		}
	}
	return strings.Join(append(lines, line), "\n")
}
