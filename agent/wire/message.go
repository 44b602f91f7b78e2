package wire

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Request is the one thing a client asks for.
type Request struct {
	Version int
	Verb    string   // the command's name: get-token, login, logout, renew, status, version, quit, …
	Args    []string // flags, each as --name=value, and the name of a cluster or an account
	Content []byte   `json:",omitempty"` // of the file that the command line names
	Caller  Caller
}

// Flag returns the value of the flag --name, "" if it was not given.
func (r Request) Flag(name string) string {
	for _, a := range r.Args {
		if v, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return v
		}
	}
	return ""
}

// Name returns the first argument that is no flag, the cluster or account that the verb is about; "" if there is none.
func (r Request) Name() string {
	for _, a := range r.Args {
		if !strings.HasPrefix(a, "--") {
			return a
		}
	}
	return ""
}

// Caller is what belongs to the program that asks, and not to the agent.
type Caller struct {
	Program    string    `json:",omitempty"` // the client's version
	Kubeconfig []string  `json:",omitempty"` // the files of KUBECONFIG, absolute, in order
	Terminal   bool      `json:",omitempty"` // a person sits at its terminal and can answer a Question
	Width      int       `json:",omitempty"` // columns of the terminal that shows the answer; 0: the answer goes elsewhere
	Height     int       `json:",omitempty"` // its lines
	Language   string    `json:",omitempty"` // as in LANG: de_DE.UTF-8
	SSH        bool      `json:",omitempty"` // the caller came over ssh: its person does not see this machine's screen
	ExecText   string    `json:",omitempty"` // KUBERNETES_EXEC_INFO as it is, where kubectl or another client of Kubernetes called it
	Exec       *ExecInfo `json:"-"`          // what it says: the agent's side reads it, so that the request can go out before
	NeverAsk   bool      `json:",omitempty"` // KUBECREDS_INTERACTIVE forbids what ExecText may allow
	Parent     Process   `json:",omitzero"`  // who called the client: kubectl, k9s, a shell
}

// ExecInfo is what KUBERNETES_EXEC_INFO said.
type ExecInfo struct {
	APIVersion  string // of client.authentication.k8s.io
	Interactive bool   // the caller's stdin is a terminal, and KUBECREDS_INTERACTIVE does not forbid
	Server      string // the API server the token is for; "" where the caller did not say

	// How the caller knows that server, by the kubeconfig.
	TLSServerName string // the name its certificate must have; "": its host
	CAData        string // base64 of the certificate authority that is believed; "": the system's
	CAFile        string // the file that holds it, where the caller gives no data
	Insecure      bool   // nothing is verified
}

// Process is one run of a program. PIDs are used again; with the time of the start it is known for certain.
type Process struct {
	PID   int
	Start string // in the system's own unit, only to be compared; "" if unknown
}

// Event is one line of the answer. Exactly one field is set.
type Event struct {
	Text       string      // to be printed on stdout as it is
	Note       string      // one line for stderr: progress in words. A client that sees one goes on waiting
	Ask        *Question   // to be answered by the client
	Credential *Credential // of get-token
	Done       *Done       // the last one
}

// Question is what the client asks its person.
type Question struct {
	Prompt string
	Hidden bool // a password: typed without echo
}

// Credential is what kubectl gets. Its token leaves as text on the wire, and nowhere else.
type Credential struct {
	Token   secret.Text
	Expires time.Time // when kubectl shall ask again
}

// Done ends the answer.
type Done struct {
	Status  int    // the client's exit status, see DESIGN
	Message string `json:",omitempty"` // one line for stderr: what went wrong, for which account, what to do; "" if nothing did
	Again   bool   `json:",omitempty"` // nothing came of it because the agent ends: another may take its place, ask that
	Older   bool   `json:",omitempty"` // the agent is idle and older than the client, which may start a newer one in its place
}

// line is an Event on the wire, its token revealed.
type line struct {
	Version    int
	Text       string      `json:",omitempty"`
	Note       string      `json:",omitempty"`
	Ask        *Question   `json:",omitempty"`
	Credential *credential `json:",omitempty"`
	Done       *Done       `json:",omitempty"`
}

type credential struct {
	Token   string
	Expires time.Time
}

// answer is what a client answers to a Question.
type answer struct {
	text secret.Text
	none bool // there is nobody to ask
}

func (a answer) result() (secret.Text, error) {
	if a.none {
		return secret.Text{}, ErrNoAnswer
	}
	return a.text, nil
}

// reply is an answer on the wire, its text revealed.
type reply struct {
	Answer string `json:",omitempty"`
	None   bool   `json:",omitempty"`
}

// encodeEvent returns e as one line. It is the only place where a token is revealed to the wire.
func encodeEvent(e Event) ([]byte, error) {
	l := line{Version: Version, Text: e.Text, Note: e.Note, Ask: e.Ask, Done: e.Done}
	if e.Credential != nil {
		// In UTC, because a client that reads another zone's time loads the zones first.
		l.Credential = &credential{e.Credential.Token.Reveal(), e.Credential.Expires.UTC()}
	}
	if l.fields() != 1 {
		return nil, ErrProtocol
	}
	return encodeLine(l, maxEvent)
}

// decodeEvent reads one line. An event without any field that this version knows is a newer agent's: ok is false.
func decodeEvent(b []byte) (e Event, ok bool, err error) {
	var l line
	if json.Unmarshal(b, &l) != nil || l.Version < 1 || l.fields() > 1 {
		return Event{}, false, ErrProtocol // the cause is dropped: it could quote a token
	}
	e = Event{Text: l.Text, Note: l.Note, Ask: l.Ask, Done: l.Done}
	if l.Credential != nil {
		e.Credential = &Credential{secret.New(l.Credential.Token), l.Credential.Expires}
	}
	return e, l.fields() == 1, nil
}

// fields counts the fields that are set.
func (l line) fields() int {
	n := 0
	for _, set := range []bool{l.Text != "", l.Note != "", l.Ask != nil, l.Credential != nil, l.Done != nil} {
		if set {
			n++
		}
	}
	return n
}

func decodeRequest(b []byte) (Request, error) {
	var r Request
	if json.Unmarshal(b, &r) != nil || r.Version < 1 || r.Verb == "" {
		return Request{}, ErrProtocol
	}
	if r.Caller.ExecText != "" {
		exec, err := ReadExec(r.Caller.ExecText)
		if err != nil {
			return Request{}, ErrProtocol // the client says it better
		}
		exec.Interactive = exec.Interactive && !r.Caller.NeverAsk
		r.Caller.Exec, r.Caller.ExecText = exec, ""
	}
	return r, nil
}

// encodeAnswer returns the answer to a question as one line. It is the only place where a typed secret is revealed to the
// wire. JSON would change what is not UTF-8, and a changed password is a wrong one, so that is an error.
func encodeAnswer(a answer) ([]byte, error) {
	if !utf8.ValidString(a.text.Reveal()) {
		return nil, errNotUTF8
	}
	return encodeLine(reply{a.text.Reveal(), a.none}, maxReply)
}

func decodeAnswer(b []byte) (answer, error) {
	var r reply
	if json.Unmarshal(b, &r) != nil {
		return answer{}, ErrProtocol
	}
	return answer{secret.New(r.Answer), r.None}, nil
}

func encodeLine(v any, limit int) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, ErrProtocol
	}
	if len(b) >= limit {
		return nil, errTooLong
	}
	return append(b, '\n'), nil
}
