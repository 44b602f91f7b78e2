package autostart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// agentLabel is the launch agent's name; its file is called so as well.
const agentLabel = "com.github.kubecreds"

// launchAgent returns the text of the launch agent (launchd.plist(5)) that runs program with args at login to the desktop. It
// fails for what such a file cannot say.
func launchAgent(program string, args []string) (string, error) {
	if !path.IsAbs(program) {
		return "", fmt.Errorf("start at login: the program's path %q is not absolute", program)
	}
	var command strings.Builder
	for _, arg := range append([]string{program}, args...) {
		if !utf8.ValidString(arg) || strings.ContainsFunc(arg, unicode.IsControl) {
			return "", fmt.Errorf("start at login: %q contains what a launch agent cannot say", arg)
		}
		command.WriteString("\t\t<string>")
		if err := xml.EscapeText(&command, []byte(arg)); err != nil {
			return "", fmt.Errorf("start at login: %w", err)
		}
		command.WriteString("</string>\n")
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + agentLabel + `</string>
	<key>ProgramArguments</key>
	<array>
` + command.String() + `	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>LimitLoadToSessionType</key>
	<string>Aqua</string>
	<key>ProcessType</key>
	<string>Interactive</string>
</dict>
</plist>
`, nil
}

// agentDisabled reports whether a launch agent's text says that it is not to be run: the key Disabled, with the value true. What
// is no property list is run by nobody.
func agentDisabled(text string) bool {
	d := xml.NewDecoder(strings.NewReader(text))
	key, list := "", false
	for {
		token, err := d.Token()
		if err != nil {
			return !errors.Is(err, io.EOF) || !list
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "plist":
			list = true
		case start.Name.Local == "key":
			if err := d.DecodeElement(&key, &start); err != nil {
				return true
			}
		case key == "Disabled":
			return start.Name.Local == "true"
		}
	}
}
