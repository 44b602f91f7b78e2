package wire

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// Requests are written by hand: encoding/json looks at a type for longer, the first time, than the agent takes to answer, and
// for kubectl each time is the first. FuzzRequest holds it to what encoding/json reads.

// encodeRequest returns r as one line. ExecText goes out as it is, and Exec does not: the agent reads it from there.
func encodeRequest(r Request) ([]byte, error) {
	c := r.Caller
	o := object{b: make([]byte, 0, 512+len(c.ExecText)*9/8)}
	o.open()
	o.number("Version", r.Version)
	o.text("Verb", r.Verb)
	o.texts("Args", r.Args)
	if len(r.Content) > 0 {
		o.text("Content", base64.StdEncoding.EncodeToString(r.Content))
	}
	o.name("Caller")
	o.open()
	o.text("Program", c.Program)
	o.texts("Kubeconfig", c.Kubeconfig)
	o.flag("Terminal", c.Terminal)
	o.number("Width", c.Width)
	o.number("Height", c.Height)
	o.text("Language", c.Language)
	o.flag("SSH", c.SSH)
	o.text("ExecText", c.ExecText)
	o.flag("NeverAsk", c.NeverAsk)
	if c.Parent != (Process{}) {
		o.name("Parent")
		o.open()
		o.number("PID", c.Parent.PID)
		o.text("Start", c.Parent.Start)
		o.close()
	}
	o.close()
	o.close()
	if len(o.b) >= maxRequest {
		return nil, errTooLong
	}
	return append(o.b, '\n'), nil
}

// object writes JSON objects into b. What is empty is left out.
type object struct {
	b    []byte
	more bool // a comma comes before the next name
}

func (o *object) open()  { o.b, o.more = append(o.b, '{'), false }
func (o *object) close() { o.b, o.more = append(o.b, '}'), true }

// name writes a name that needs no quoting.
func (o *object) name(name string) {
	if o.more {
		o.b = append(o.b, ',')
	}
	o.more = true
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) number(name string, n int) {
	if n != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, int64(n), 10)
	}
}

func (o *object) flag(name string, set bool) {
	if set {
		o.name(name)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) text(name, s string) {
	if s != "" {
		o.name(name)
		o.b = appendQuoted(o.b, s)
	}
}

func (o *object) texts(name string, all []string) {
	if len(all) == 0 {
		return
	}
	o.name(name)
	for i, s := range all {
		o.b = appendQuoted(append(o.b, "[,"[min(i, 1)]), s)
	}
	o.b = append(o.b, ']')
}

// appendQuoted appends s as a JSON string. What is no UTF-8 becomes U+FFFD, as encoding/json has it.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}
