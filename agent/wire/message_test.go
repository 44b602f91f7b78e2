package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestATokenIsRevealedToTheWireOnly(t *testing.T) {
	e := Event{Credential: &Credential{secret.New("s3cr3t"), time.Unix(0, 0).UTC()}}
	j, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s", e, *e.Credential, e.Credential, j); strings.Contains(all, "s3cr3t") {
		t.Errorf("the token is printed: %s", all)
	}
	if b, err := encodeEvent(e); err != nil || !bytes.Contains(b, []byte("s3cr3t")) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestANewerAgentsEventsArePassedOver(t *testing.T) {
	in := `{"Version":2,"Progress":{"Percent":7}}` + "\n" + `{"Version":2,"Done":{"Status":4,"Extra":1}}` + "\n"
	c := &Client{in: bufio.NewReader(strings.NewReader(in))}
	if e, err := c.Next(); err != nil || e.Done == nil || e.Done.Status != 4 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAnEventThatIsNoneIsAProtocolError(t *testing.T) {
	for _, in := range []string{"garbage\n", "{}\n", `{"Version":1,"Text":"a","Note":"b"}` + "\n", strings.Repeat("x", maxEvent+1)} {
		c := &Client{in: bufio.NewReader(strings.NewReader(in))}
		if e, err := c.Next(); !errors.Is(err, ErrProtocol) {
			t.Errorf("%.20q: %+v, %v", in, e, err)
		}
	}
}

func TestALineIsReadWholeOrNotAtAll(t *testing.T) {
	cases := []struct {
		in, want string
		err      error
	}{
		{"abc\nrest", "abc", nil},
		{"\n", "", nil},
		{strings.Repeat("x", 9999) + "\n", strings.Repeat("x", 9999), nil},
		{strings.Repeat("x", 10000) + "\n", "", errTooLong},
		{strings.Repeat("x", 20000), "", errTooLong},
		{"half", "", io.ErrUnexpectedEOF},
		{strings.Repeat("x", 5000), "", io.ErrUnexpectedEOF},
		{"", "", io.EOF},
	}
	for _, tc := range cases {
		got, err := readLine(bufio.NewReader(strings.NewReader(tc.in)), 10000)
		if string(got) != tc.want || err != tc.err {
			t.Errorf("%.10q (%d): got %.10q (%d), %v", tc.in, len(tc.in), got, len(got), err)
		}
	}
}

func TestFlagsAndNameOfARequest(t *testing.T) {
	r := Request{Args: []string{"--username=alice=x", "corp", "--user=no"}}
	if r.Flag("username") != "alice=x" || r.Flag("user") != "no" || r.Flag("name") != "" || r.Name() != "corp" {
		t.Errorf("%q %q %q %q", r.Flag("username"), r.Flag("user"), r.Flag("name"), r.Name())
	}
}

// FuzzDecode: whatever arrives, decoding ends, and what was understood survives being sent on.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"Version":1,"Verb":"get-token","Args":["--cluster=prod"],"Caller":{"ExecText":"{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}","Parent":{"PID":1,"Start":"2"}}}`,
		`{"Version":1,"Credential":{"Token":"a.b.c","Expires":"2030-01-02T03:04:05Z"}}`,
		`{"Version":1,"Done":{"Status":3,"Message":"corp: login needed"}}`,
		`{"Version":1,"Ask":{"Prompt":"Password: ","Hidden":true}}`,
		`{"Version":1,"Text":"a\nb"}`, `{"Version":9}`, `{"Answer":"pw"}`, `{"None":true}`, `[]`, `null`, ``, "\x00", `{"Version":1,"Verb":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if e, ok, err := decodeEvent(in); err == nil && ok {
			b, err := encodeEvent(e)
			if err != nil {
				t.Skip("it grew too long, or its time cannot be written")
			}
			again, ok, err := decodeEvent(b)
			if err != nil || !ok || again.Text != e.Text || again.Note != e.Note || (again.Credential != nil && !again.Credential.Token.Equal(e.Credential.Token)) {
				t.Errorf("%q became %q", in, b)
			}
		}
		if r, err := decodeRequest(in); err == nil && (r.Version < 1 || r.Verb == "") {
			t.Errorf("%q was taken for a request", in)
		}
		if a, err := decodeAnswer(in); err == nil {
			if _, err := encodeAnswer(a); err != nil && !errors.Is(err, errTooLong) {
				t.Errorf("%q: %v", in, err)
			}
		}
		_, _ = readLine(bufio.NewReader(bytes.NewReader(in)), 16)
	})
}

// FuzzRequest: what is written by hand is read as it was meant, whatever stands in it.
func FuzzRequest(f *testing.F) {
	f.Add("get-token", "--cluster=prod", "/a:/b", "de_DE.UTF-8", 80, 7, true)
	f.Add("status", "a \"b\" \\ \x00 \x1f \x7f \u2028 <&>", "\xff\xfe", "\xed\xa0\x80", -1, 0, false)
	f.Fuzz(func(t *testing.T, verb, arg, path, language string, width, pid int, flag bool) {
		sent := Request{Version: Version, Verb: verb, Args: []string{arg, "", path}, Caller: Caller{
			Program: arg, Kubeconfig: []string{path}, Terminal: flag, Width: width, Height: pid, Language: language, SSH: !flag,
			NeverAsk: flag, Parent: Process{PID: pid, Start: language},
		}}
		b, err := encodeRequest(sent)
		if err != nil {
			t.Skip("too long")
		}
		var got Request
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		byPackage, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		var want Request
		if err := json.Unmarshal(byPackage, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) || bytes.IndexByte(b, '\n') != len(b)-1 {
			t.Errorf("%q\nis %+v,\nwant %+v", b, got, want)
		}
	})
}

func TestEveryFieldOfARequestIsSent(t *testing.T) {
	var sent Request
	fill(reflect.ValueOf(&sent).Elem())
	sent.Caller.Exec = nil // read from ExecText
	b, err := encodeRequest(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got Request
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%s is\n%+v,\nwant %+v: encodeRequest lacks a field; %v", b, got, sent, err)
	}
}

// fill puts something into every field of v.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	}
}

func TestWhatKubectlSaidIsReadByTheAgent(t *testing.T) {
	const text = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":true,"cluster":{"server":"https://s","certificate-authority-data":"LS0t","config":{"a":[1]}}}}`
	for _, never := range []bool{false, true} {
		b, err := encodeRequest(Request{Version: 1, Verb: "get-token", Caller: Caller{ExecText: text, NeverAsk: never}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := decodeRequest(b)
		if err != nil || r.Caller.ExecText != "" || *r.Caller.Exec != (ExecInfo{APIVersion: ExecV1beta1, Interactive: !never, Server: "https://s", CAData: "LS0t"}) {
			t.Errorf("%+v, %v", r.Caller, err)
		}
	}
	for _, garbage := range []string{"x", "{}", `{"kind":"ExecCredential","apiVersion":"v9"}`} {
		b, err := encodeRequest(Request{Version: 1, Verb: "get-token", Caller: Caller{ExecText: garbage}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeRequest(b); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", garbage, err)
		}
	}
	if _, err := encodeRequest(Request{Version: 1, Verb: "get-token", Caller: Caller{ExecText: text + strings.Repeat(" ", 127<<10)}}); err != nil {
		t.Errorf("as long as an environment variable may be: %v", err)
	}
}

// TestEachVersionUnderstandsTheOther: lines as the first release writes them, and as one to come may. They must never have to be
// changed here.
func TestEachVersionUnderstandsTheOther(t *testing.T) {
	for name, line := range map[string]string{
		"the first release's": `{"Version":1,"Verb":"get-token","Args":["--cluster=prod"],"Caller":{"Program":"v1.0.0","Language":"C","ExecText":"{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}","Parent":{"PID":7,"Start":"99"}}}`,
		"a later one's":       `{"Version":2,"Verb":"get-token","Args":["--cluster=prod","--new=x"],"More":{"a":[1]},"Caller":{"Program":"v2.0.0","New":true,"Parent":{"PID":7,"Start":"99","Name":"kubectl"}}}`,
	} {
		r, err := decodeRequest([]byte(line))
		if err != nil || r.Verb != "get-token" || r.Flag("cluster") != "prod" || r.Caller.Parent != (Process{PID: 7, Start: "99"}) {
			t.Errorf("%s request: %+v, %v", name, r, err)
		}
	}
	for name, line := range map[string]string{
		"the first release's": `{"Version":1,"Credential":{"Token":"a.b.c","Expires":"2030-01-02T03:04:05Z"}}`,
		"a later one's":       `{"Version":2,"Credential":{"Token":"a.b.c","Expires":"2030-01-02T03:04:05Z","New":1},"Also":"x"}`,
	} {
		e, ok, err := decodeEvent([]byte(line))
		if err != nil || !ok || !e.Credential.Token.Equal(secret.New("a.b.c")) || e.Credential.Expires.Year() != 2030 {
			t.Errorf("%s credential: %+v, %v", name, e, err)
		}
	}
	for name, line := range map[string]string{
		"the first release's": `{"Version":1,"Done":{"Status":3,"Message":"corp: login needed"}}`,
		"a later one's":       `{"Version":2,"Done":{"Status":3,"Message":"corp: login needed","New":{"a":1}}}`,
	} {
		e, ok, err := decodeEvent([]byte(line))
		if err != nil || !ok || *e.Done != (Done{Status: 3, Message: "corp: login needed"}) {
			t.Errorf("%s end: %+v, %v", name, e, err)
		}
	}
}
