package wire

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// FuzzServe: whatever a client sends, its connection ends, and the next client is answered.
func FuzzServe(f *testing.F) {
	for _, seed := range []string{
		`{"Version":1,"Verb":"status"}` + "\n", `{"Version":1,"Verb":"ask"}` + "\n" + `{"Answer":"pw"}` + "\n", `{"Version":1,"Verb":"ask"}` + "\n" + `{"None":true}`,
		`{"Version":1,"Verb":"ask"}` + "\n\n\n", `{"Version":1,"Verb":"sta`, "\x00\xff\n", "\n", "", strings.Repeat("[", 9999) + "\n",
		`{"Version":1,"Verb":"status","Caller":{"ExecText":"{}"}}` + "\n", `{"Version":99,"Verb":"new","What":{"is":["this"]}}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		p := newPlace(t)
		serve(t, p, func(ctx context.Context, c *Conn, r Request) Done {
			if r.Verb == "ask" {
				if _, err := c.Ask(ctx, Question{Prompt: "?"}); err != nil && !errors.Is(err, ErrNoAnswer) {
					return Done{Status: 1}
				}
			}
			return Done{Message: r.Verb}
		})
		c := dial(t, p)
		_, _ = c.stream.Write(sent) // may be cut off
		end := make(chan struct{})
		go func() {
			defer close(end)
			for {
				if _, err := c.Next(); err != nil {
					return
				}
			}
		}()
		if d := call(t, p, "status"); d.Message != "status" {
			t.Errorf("the next client got %+v", d)
		}
		_ = c.Close()
		<-end
	})
}
