package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

func TestAnAnswerIsAStreamOfEventsThatEndsWithDone(t *testing.T) {
	p := newPlace(t)
	expires := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	var got Request
	serve(t, p, func(_ context.Context, c *Conn, r Request) Done {
		got = r
		_ = c.Send(Event{Note: "renewing"})
		_ = c.Send(Event{Text: "CLUSTER  STATE\n<prod>   ready\n"})
		_ = c.Send(Event{Credential: &Credential{secret.New("e.y.J"), expires}})
		return Done{Status: 3, Message: "corp: login needed"}
	})
	c := dial(t, p)
	sent := Request{Version: Version, Verb: "get-token", Args: []string{"--cluster=prod"}, Caller: Caller{
		Program: "1.0", Kubeconfig: []string{"/a", "/b"}, Terminal: true, Width: 80, Language: "de_DE.UTF-8", SSH: true,
		ExecText: `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true,"cluster":{"server":"https://s"}}}`,
		Parent:   Process{PID: 7, Start: "99"},
	}}
	if err := c.Send(sent); err != nil {
		t.Fatal(err)
	}
	if e := next(t, c); e.Note != "renewing" {
		t.Errorf("first event: %+v", e)
	}
	if e := next(t, c); e.Text != "CLUSTER  STATE\n<prod>   ready\n" {
		t.Errorf("second event: %+v", e)
	}
	if e := next(t, c); e.Credential == nil || e.Credential.Token.Reveal() != "e.y.J" || !e.Credential.Expires.Equal(expires) {
		t.Errorf("third event: %+v", e)
	}
	if e := next(t, c); e.Done == nil || *e.Done != (Done{Status: 3, Message: "corp: login needed"}) {
		t.Errorf("last event: %+v", e)
	}
	if _, err := c.Next(); err != io.EOF {
		t.Errorf("after Done: %v", err)
	}
	sent.Caller.ExecText, sent.Caller.Exec = "", &ExecInfo{APIVersion: ExecV1, Interactive: true, Server: "https://s"}
	if !reflect.DeepEqual(got, sent) {
		t.Errorf("the agent got %+v", got)
	}
}

func TestAQuestionIsAnsweredByTheClient(t *testing.T) {
	cases := []struct {
		name   string
		answer func(*Client) error
		want   string
	}{
		{"with what was typed", func(c *Client) error { return c.Answer(secret.New("pä\"ss\nword")) }, "pä\"ss\nword, <nil>"},
		{"with nothing", func(c *Client) error { return c.Answer(secret.Text{}) }, ", <nil>"},
		{"by saying that there is nobody", func(c *Client) error { return c.NoAnswer() }, ", nobody answers"},
	}
	p := newPlace(t)
	answers := make(chan string, 1)
	serve(t, p, func(ctx context.Context, c *Conn, _ Request) Done {
		for range 2 {
			a, err := c.Ask(ctx, Question{Prompt: "Password: ", Hidden: true})
			answers <- fmt.Sprintf("%s, %v", a.Reveal(), err)
		}
		return Done{}
	})
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, p)
			if err := c.Send(Request{Version: 1, Verb: "login"}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if e := next(t, c); e.Ask == nil || *e.Ask != (Question{"Password: ", true}) {
					t.Fatalf("%+v", e)
				}
				if err := tc.answer(c); err != nil {
					t.Fatal(err)
				}
				if got := <-answers; got != tc.want {
					t.Errorf("the agent got %q, want %q", got, tc.want)
				}
			}
			if e := next(t, c); e.Done == nil {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestAnAnswerThatJSONWouldChangeIsAnError(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	if err := dial(t, p).Answer(secret.New("caf\xe9")); err == nil || strings.Contains(err.Error(), "caf") {
		t.Errorf("%v", err)
	}
}

func TestALateAnswerIsNotTakenForAnotherQuestions(t *testing.T) {
	p := newPlace(t)
	gaveUp, gone := make(chan error, 1), make(chan struct{})
	serve(t, p, func(ctx context.Context, c *Conn, _ Request) Done {
		short, cancel := context.WithCancel(ctx)
		cancel()
		_, err := c.Ask(short, Question{Prompt: "Password: ", Hidden: true})
		gaveUp <- err
		if a, err := c.Ask(ctx, Question{Prompt: "User: "}); err == nil {
			t.Errorf("the second question was answered with %q", a.Reveal())
		}
		<-ctx.Done()
		close(gone)
		return Done{}
	})
	c := dial(t, p)
	if err := c.Send(Request{Version: 1, Verb: "login"}); err != nil {
		t.Fatal(err)
	}
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("the first question: %v", err)
	}
	if err := c.Answer(secret.New("pw")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone: // the client spoke out of turn
	case <-time.After(10 * time.Second):
		t.Error("the late answer was taken")
	}
}

func TestAClientThatGoesAwayEndsItsRequestsContextAndItsQuestion(t *testing.T) {
	p := newPlace(t)
	ended := make(chan error, 1)
	serve(t, p, func(ctx context.Context, c *Conn, _ Request) Done {
		_, err := c.Ask(context.Background(), Question{Prompt: "Password: "})
		<-ctx.Done()
		ended <- err
		return Done{}
	})
	c := dial(t, p)
	if err := c.Send(Request{Version: 1, Verb: "login"}); err != nil {
		t.Fatal(err)
	}
	if e := next(t, c); e.Ask == nil {
		t.Fatalf("%+v", e)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the question was answered")
		}
	case <-time.After(10 * time.Second):
		t.Error("the request goes on")
	}
}

func TestAnAgentThatEndsEndsItsRequestsAndStillAnswersThem(t *testing.T) {
	p := newPlace(t)
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served, began := make(chan error, 1), make(chan struct{}, 2)
	go func() {
		served <- l.Serve(ctx, func(ctx context.Context, c *Conn, r Request) Done {
			began <- struct{}{}
			if r.Verb == "quit" {
				cancel()
			}
			<-ctx.Done()
			return Done{Message: r.Verb}
		})
	}()
	idle := dial(t, p)
	waiting := dial(t, p)
	if err := waiting.Send(Request{Version: 1, Verb: "login"}); err != nil {
		t.Fatal(err)
	}
	<-began
	if d := call(t, p, "quit"); d.Message != "quit" {
		t.Errorf("%+v", d)
	}
	if e := next(t, waiting); e.Done == nil {
		t.Errorf("%+v", e)
	}
	if _, err := idle.Next(); err == nil {
		t.Error("an idle connection stayed open")
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Dial(within(t, time.Second), p); !errors.Is(err, ErrNoAgent) {
		t.Errorf("afterwards: %v", err)
	}
}

// Whoever was told that a person's Quit was done is not handed a token by the agent that quits.
func TestAnAgentThatEndsAnswersNoNewRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &server{running: make(chan struct{}, 1), handle: func(context.Context, *Conn, Request) Done { return Done{} }}
	for range 100 { // left to chance, some would be
		if d := s.answer(ctx, nil, Request{Verb: "get-token"}); d.Status != 1 {
			t.Fatalf("it was answered: %+v", d)
		}
	}
}

func TestFiftyClientsAtOnceAreAllAnswered(t *testing.T) {
	p := newPlace(t)
	serve(t, p, echo)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 10 {
				verb := fmt.Sprintf("verb-%d-%d", i, j)
				if d := call(t, p, verb); d.Message != verb {
					t.Errorf("%+v", d)
				}
			}
		})
	}
	wg.Wait()
}

func TestARequestBeyondTheLimitWaitsForOneToEnd(t *testing.T) {
	p := newPlace(t)
	release := make(chan struct{})
	serve(t, p, func(_ context.Context, _ *Conn, r Request) Done {
		if r.Verb == "slow" {
			<-release
		}
		return Done{}
	})
	var wg sync.WaitGroup
	for range maxRunning {
		wg.Go(func() { call(t, p, "slow") })
	}
	late := make(chan Done, 1)
	wg.Go(func() { late <- call(t, p, "late") })
	time.AfterFunc(100*time.Millisecond, func() { close(release) }) // the outcome is the same whenever this fires
	if d := <-late; d != (Done{}) {
		t.Errorf("%+v", d)
	}
	wg.Wait()
}

func TestBadInputEndsItsConnectionAndNoOther(t *testing.T) {
	cases := map[string]string{
		"garbage":           "\x00\xff GET / HTTP/1.1\r\n\r\n\n",
		"an empty line":     "\n",
		"another version":   `{"Version":0,"Verb":"status"}` + "\n",
		"no verb":           `{"Version":1}` + "\n",
		"not an object":     `[1,2]` + "\n",
		"wrong types":       `{"Version":"1","Verb":7}` + "\n",
		"an endless line":   strings.Repeat("a", 10<<20),
		"deeply nested":     strings.Repeat("[", 250<<10) + "\n",
		"an unasked answer": `{"Version":1,"Verb":"wait"}` + "\n" + `{"Answer":"pw"}` + "\n",
		"garbage afterward": `{"Version":1,"Verb":"wait"}` + "\n" + "garbage\n",
		"endless afterward": `{"Version":1,"Verb":"wait"}` + "\n" + strings.Repeat("a", 1<<20),
	}
	p := newPlace(t)
	serve(t, p, func(ctx context.Context, c *Conn, r Request) Done {
		if r.Verb == "wait" {
			<-ctx.Done()
		}
		return Done{}
	})
	for name, input := range cases {
		t.Run(name, func(t *testing.T) {
			c := dial(t, p)
			_, _ = io.WriteString(c.stream, input) // may be cut off
			for {
				e, err := c.Next()
				if err != nil {
					break
				}
				if e.Done != nil && e.Done.Status == 0 && !strings.Contains(input, "wait") {
					t.Errorf("answered: %+v", e.Done)
				}
			}
			if d := call(t, p, "status"); d != (Done{}) {
				t.Errorf("the next client got %+v", d)
			}
		})
	}
}

func TestAConnectionWithoutARequestIsClosed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	odd := serve(t, p, echo)
	var wg sync.WaitGroup
	for _, sent := range []string{"", `{"Version":1,"Verb":"sta`} {
		c := dial(t, p)
		wg.Go(func() {
			began := time.Now()
			_, _ = io.WriteString(c.stream, sent)
			if _, err := c.Next(); err == nil {
				t.Error("an event came")
			}
			if took := time.Since(began); took < requestTimeout-time.Second || took > requestTimeout+10*time.Second {
				t.Errorf("closed after %s", took)
			}
		})
	}
	wg.Wait()
	eventually(t, "both are told of", func() bool {
		return slices.Equal(odd(), []string{"a connection brought no request in time", "a connection brought no request in time"})
	})
}

func TestIdleConnectionsDoNotKeepOthersOut(t *testing.T) {
	p := newPlace(t)
	odd := serve(t, p, echo)
	var idle []*Client
	for range 1000 {
		idle = append(idle, dial(t, p))
	}
	if d := call(t, p, "status"); d.Message != "status" {
		t.Errorf("%+v", d)
	}
	if _, err := idle[0].Next(); err == nil { // the oldest made room
		t.Error("an event came")
	}
	if what := odd(); len(what) == 0 || what[0] != "too many connections without a request: the oldest was closed" {
		t.Errorf("it was told of %q", what)
	}
	youngest := idle[len(idle)-1]
	if err := youngest.Send(Request{Version: 1, Verb: "late"}); err != nil {
		t.Fatal(err)
	}
	if e := next(t, youngest); e.Done == nil || e.Done.Message != "late" {
		t.Errorf("%+v", e)
	}
}

func TestAClientThatNeverReadsIsCutOff(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	sent := make(chan error, 1)
	odd := serve(t, p, func(ctx context.Context, c *Conn, r Request) Done {
		if r.Verb != "flood" {
			return Done{}
		}
		for {
			if err := c.Send(Event{Text: strings.Repeat("x", 64<<10)}); err != nil {
				<-ctx.Done()
				sent <- err
				return Done{}
			}
		}
	})
	c := dial(t, p)
	if err := c.Send(Request{Version: 1, Verb: "flood"}); err != nil {
		t.Fatal(err)
	}
	if d := call(t, p, "status"); d != (Done{}) {
		t.Errorf("meanwhile another client got %+v", d)
	}
	select {
	case <-sent:
	case <-time.After(writeTimeout + 10*time.Second):
		t.Error("the agent still sends")
	}
	eventually(t, "it is told of", func() bool { return slices.Equal(odd(), []string{"a client did not take its answer"}) })
}

func TestAHundredMegabytesWithoutALinesEndCostLittle(t *testing.T) {
	p := newPlace(t)
	odd := serve(t, p, echo)
	c := dial(t, p)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	sent := 0
	for sent < 100<<20 {
		n, err := c.stream.Write(chunk)
		if sent += n; err != nil {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if sent > 2*maxRequest {
		t.Errorf("the agent took %d bytes", sent)
	}
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 8*maxRequest {
		t.Errorf("it cost %d bytes of memory", cost)
	}
	eventually(t, "it is told of", func() bool { return slices.Equal(odd(), []string{"a request was too long"}) })
	if d := call(t, p, "status"); d.Message != "status" {
		t.Errorf("the next client got %+v", d)
	}
}

func TestOnlyTheHandlersResultEndsAnAnswer(t *testing.T) {
	p := newPlace(t)
	errs := make(chan error, 3)
	serve(t, p, func(_ context.Context, c *Conn, _ Request) Done {
		errs <- c.Send(Event{Done: &Done{}})
		errs <- c.Send(Event{})
		errs <- c.Send(Event{Text: strings.Repeat("x", maxEvent)})
		return Done{Status: 4}
	})
	if d := call(t, p, "status"); d.Status != 4 {
		t.Errorf("%+v", d)
	}
	for range 3 {
		if <-errs == nil {
			t.Error("an event was sent that must not be")
		}
	}
}
