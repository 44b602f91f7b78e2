//go:build !windows

package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

const (
	asksV1      = `KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true,"cluster":{"server":"https://127.0.0.1:6443","config":null}}}`
	asksV1beta1 = `KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false}}`
)

func TestGetTokenAnswersInTheVersionKubectlAsksFor(t *testing.T) {
	b := withAgent(t, fakeAnswer)
	cases := []struct {
		name, env, want string
	}{
		{"v1", asksV1, wire.ExecV1},
		{"v1beta1", asksV1beta1, wire.ExecV1beta1},
		{"not asked", "KUBERNETES_EXEC_INFO=", wire.ExecV1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			want := `{"kind":"ExecCredential","apiVersion":"` + tc.want + `","status":{"expirationTimestamp":"2030-01-02T02:04:05Z","token":"` + fakeToken + `"}}` + "\n"
			for _, args := range [][]string{{"get-token", "--cluster", "prod"}, {"get-token", "--account=corp"}} {
				if got := b.with(tc.env).run(t, args...); got != (ran{want, "", 0}) {
					t.Errorf("%v: %+v", args, got)
				}
			}
		})
	}
}

func TestAFailureIsOneLineAndItsStatusAndNothingOnStdout(t *testing.T) {
	b := withAgent(t, fakeAnswer)
	cases := []struct {
		name, env string
		args      []string
		want      ran
	}{
		{"login needed", asksV1, []string{"get-token", "--cluster=expired"}, ran{"", "kubecreds: corp: login needed: the session ended [31m click the icon\n", 3}},
		{"told before", asksV1, []string{"get-token", "--cluster=told"}, ran{"", "", 3}},
		{"a failure after the credential", asksV1, []string{"get-token", "--cluster=failing"}, ran{"", "kubecreds: too late\n", 4}},
		{"a question", asksV1, []string{"get-token", "--cluster=curious"}, ran{"", "kubecreds: nobody answered\n", 3}},
		{"text instead", asksV1, []string{"get-token", "--cluster=talkative"}, ran{"", "kubecreds: " + wire.ErrProtocol.Error() + "\n", 1}},
		{"a token that is none", asksV1, []string{"get-token", "--cluster=broken"}, ran{"", "kubecreds: the agent's answer holds no token that can be sent\n", 1}},
		{"nothing", asksV1, []string{"get-token", "--cluster=empty"}, ran{"", "kubecreds: " + wire.ErrProtocol.Error() + "\n", 1}},
		{"another version", `KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`, []string{"get-token", "--cluster=prod"},
			ran{"", "kubecreds: kubectl asks for apiVersion \"client.authentication.k8s.io/v1alpha1\"; write client.authentication.k8s.io/v1 into the kubeconfig\n", 2}},
		{"garbage", "KUBERNETES_EXEC_INFO=garbage", []string{"get-token", "--cluster=prod"}, ran{"", "kubecreds: KUBERNETES_EXEC_INFO is no ExecCredential\n", 2}},
		{"another kind", `KUBERNETES_EXEC_INFO={"kind":"Pod"}`, []string{"get-token", "--cluster=prod"}, ran{"", "kubecreds: KUBERNETES_EXEC_INFO is no ExecCredential\n", 2}},
		{"another command", asksV1, []string{"login"}, ran{"", "kubecreds: kubectl calls this program for get-token only; check the args in the kubeconfig\n", 2}},
		{"no command", asksV1, nil, ran{"", "kubecreds: kubectl calls this program for get-token only; check the args in the kubeconfig\n", 2}},
		{"help", asksV1, []string{"get-token", "--help"}, ran{"", "kubecreds: kubectl calls this program for a token, not for help\n", 2}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := b.with(tc.env).run(t, tc.args...); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestTheAgentLearnsWhatKubectlSaid(t *testing.T) {
	cases := []struct {
		name, exec, interactive string
		want                    wire.ExecInfo
	}{
		{"interactive", asksV1, "", wire.ExecInfo{APIVersion: wire.ExecV1, Interactive: true, Server: "https://127.0.0.1:6443"}},
		{"forbidden by the person", asksV1, "never", wire.ExecInfo{APIVersion: wire.ExecV1, Server: "https://127.0.0.1:6443"}},
		{"nothing can allow it", asksV1beta1, "always", wire.ExecInfo{APIVersion: wire.ExecV1beta1}},
	}
	requests := make(chan wire.Request, 1)
	b := withAgent(t, recording(requests))
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := b.with(tc.exec, "KUBECREDS_INTERACTIVE="+tc.interactive, "KUBECONFIG=secret").run(t, "get-token", "--cluster=prod"); got.status != 0 {
				t.Fatalf("%+v", got)
			}
			r := <-requests
			if r.Caller.Exec == nil || *r.Caller.Exec != tc.want || len(r.Caller.Kubeconfig) != 0 || r.Caller.Terminal {
				t.Errorf("%+v, %+v", r.Caller, r.Caller.Exec)
			}
		})
	}
}

func TestTwentyAtOnceAllGetTheirToken(t *testing.T) {
	b := withAgent(t, fakeAnswer).with(asksV1)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got := b.run(t, "get-token", "--cluster=prod")
			var credential struct{ Status struct{ Token string } }
			if err := json.Unmarshal([]byte(got.out), &credential); err != nil || credential.Status.Token != fakeToken {
				t.Errorf("%+v", got)
			}
		})
	}
	wg.Wait()
}

func TestGetTokenDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	b := withAgent(t, fakeAnswer).with(asksV1)
	began := time.Now()
	got := b.run(t, "get-token", "--cluster=hanging")
	if got.status != 1 || got.out != "" || !strings.Contains(got.err, "did not answer in time") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	if took := time.Since(began); took < 5*time.Second || took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestANoteLetsGetTokenWaitForALogin(t *testing.T) {
	t.Parallel()
	b := withAgent(t, fakeAnswer).with(asksV1)
	got := b.run(t, "get-token", "--cluster=login")
	if got.status != 0 || !strings.Contains(got.out, fakeToken) || got.err != "kubecreds: corp: log in in the window that opened\n" {
		t.Errorf("%+v", got)
	}
}

func TestAnAgentThatDoesNotSpeakTheLanguageIsToldApart(t *testing.T) {
	b := newBench(t).with(asksV1)
	cases := []struct {
		name    string
		answers []string // of one connection after the other; "" hangs up
		want    ran
	}{
		{"gone once", []string{"", `{"Version":1,"Credential":{"Token":"t"}}` + "\n" + `{"Version":1,"Done":{"Status":0}}` + "\n"},
			ran{`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}` + "\n", "", 0}},
		{"gone for good", make([]string, askAgain+1), ran{"", "kubecreds: " + errLost.Error() + "\n", 1}},
		{"gone in between", []string{`{"Version":1,"Credential":{"Token":"t"}}` + "\n"}, ran{"", "kubecreds: " + errLost.Error() + "\n", 1}},
		{"garbage", []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, ran{"", "kubecreds: " + wire.ErrProtocol.Error() + "\n", 1}},
		{"a strange status", []string{`{"Version":1,"Done":{"Status":-1}}` + "\n"}, ran{"", "", 1}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			socket := answerWith(t, tc.answers)
			if got := b.with("KUBECREDS_SOCKET="+socket).run(t, "get-token", "--cluster=prod"); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
