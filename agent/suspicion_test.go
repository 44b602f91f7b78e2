package agent

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
)

// kubectl is the process with this number as it asks for prod's token: it returns the token and what stands on its stderr.
func (r *accessRig) kubectl(t *testing.T, pid int) (token, line string) {
	t.Helper()
	got, line, err := r.handOut(t.Context(), "prod", wire.Caller{
		Parent: wire.Process{PID: pid, Start: "1"}, Exec: &wire.ExecInfo{Server: r.api.URL},
	})
	noError(t, err)
	return got.Value.Reveal(), line
}

// expect checks how often the API server and the provider were asked since the login.
func (r *accessRig) expect(t *testing.T, what string, asked, renewals int32, rejected bool) {
	t.Helper()
	if a, n, is := r.api.asked.Load(), r.provider.renewals.Load(), r.prod().Rejected != (auth.Reason{}); a != asked || n != renewals || is != rejected {
		t.Errorf("%s: the API server was asked %d times, want %d; %d renewals, want %d; rejected %v, want %v", what, a, asked, n, renewals, is, rejected)
	}
}

func TestAProcessThatAsksAgainTooSoonHasItsAPIServerAskedOnceAMinute(t *testing.T) {
	r := newAccessRig(t)
	for pid := range 20 {
		r.kubectl(t, pid+1)
	}
	r.expect(t, "many processes, once each", 0, 0, false)
	for range 20 {
		if _, line := r.kubectl(t, 1); line != "" {
			t.Errorf("it was told %q", line)
		}
		r.kubectl(t, 2)
	}
	r.expect(t, "again at once", 1, 0, false)
	r.pass(examineEvery)
	r.kubectl(t, 3)
	r.expect(t, "a minute later", 2, 0, false)
	r.pass(time.Hour)
	r.kubectl(t, 3)
	r.expect(t, "when it was told to ask again", 2, 0, false)

	for range 3 { // whom nothing can be told of
		for _, c := range []wire.Caller{{Parent: wire.Process{PID: 9, Start: "1"}}, {Exec: &wire.ExecInfo{Server: r.api.URL}}} {
			_, _, err := r.handOut(t.Context(), "prod", c)
			noError(t, err)
		}
		r.pass(examineEvery)
	}
	r.expect(t, "a shell, and a process without a number", 2, 0, false)
}

func TestATokenThatIsRefusedIsRenewedBeforeItIsHandedOutAgain(t *testing.T) {
	r := newAccessRig(t)
	old, _ := r.kubectl(t, 1)
	r.api.refuse(old)
	token, line := r.kubectl(t, 1)
	if token == old || line != "" {
		t.Errorf("the same token again, or told %q", line)
	}
	r.expect(t, "one token refused", 2, 1, false)
}

func TestRejectedIsATokenThatIsRefusedAfterARenewal(t *testing.T) {
	r := newAccessRig(t)
	r.kubectl(t, 1)
	r.api.answer(http.StatusUnauthorized)
	_, line := r.kubectl(t, 1)
	if !strings.HasPrefix(line, "prod does not accept the token; likely: it wants another audience than kubernetes, a claim that the token lacks (groups, preferred_username)") {
		t.Errorf("kubectl prints %q", line)
	}
	r.expect(t, "every token refused", 2, 1, true)
	if why := r.prod().Rejected; why.Code != auth.CodeRejected || !strings.HasPrefix(why.Words, "likely: ") {
		t.Errorf("%+v", why)
	}
	if _, line := r.kubectl(t, 1); line != "" {
		t.Errorf("the same process is told again at once: %q", line)
	}
	r.kubectl(t, 2)
	if _, line := r.kubectl(t, 2); line == "" {
		t.Error("another process is not told")
	}
	r.pass(examineEvery)
	r.kubectl(t, 1)
	r.expect(t, "still refused a minute later", 3, 1, true)

	r.pass(examineEvery)
	r.api.answer(http.StatusCreated)
	r.kubectl(t, 1)
	r.expect(t, "accepted again", 4, 1, false)
}

func TestAnOutageRejectsNothingAndForcesNoRenewal(t *testing.T) {
	r := newAccessRig(t)
	r.kubectl(t, 1)
	asked := int32(0)
	often := func(what string, renewals int32) {
		t.Helper()
		for range 10 { // a client that asks per request
			r.kubectl(t, 1)
		}
		asked++
		r.expect(t, what, asked, renewals, false)
		r.pass(examineEvery)
	}
	often("all is well", 0)
	r.provider.down.Store(true)
	often("the provider is down", 0)
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusForbidden, http.StatusNotFound} {
		r.api.answer(status)
		often("the API server answers "+strconv.Itoa(status), 0)
	}
	r.api.answer(http.StatusUnauthorized) // without its provider it knows nobody
	often("401 while the provider is down", 1)
	tries := r.provider.renewals.Load()
	r.pass(examineEvery)
	r.kubectl(t, 1)
	if r.prod().Rejected != (auth.Reason{}) || r.provider.renewals.Load() > tries+1 { // the keeper's own try may be due
		t.Errorf("rejected %v, %d renewals", r.prod().Rejected, r.provider.renewals.Load())
	}

	r.api.Close()
	r.pass(examineEvery)
	r.kubectl(t, 1)
	if r.prod().Rejected != (auth.Reason{}) {
		t.Errorf("nobody answers, and it is rejected: %v", r.prod().Rejected)
	}
}

func TestHandoutsAreForgottenWhenThereAreTooMany(t *testing.T) {
	var hs handouts
	one := func(pid int) handout { return handout{wire.Process{PID: pid, Start: "1"}, "prod"} }
	for pid := 1; pid <= 3*maxHandouts; pid++ {
		hs.told(one(pid), noon.Add(time.Hour))
	}
	if len(hs.of) != maxHandouts || len(hs.order) != maxHandouts {
		t.Errorf("%d are remembered, in an order of %d", len(hs.of), len(hs.order))
	}
	if hs.early(one(1), noon) || !hs.early(one(3*maxHandouts), noon) {
		t.Error("the newest were forgotten")
	}
}

func TestKubectlIsNotTakenForEarlyInTheSecondItWasTold(t *testing.T) {
	var hs handouts // it is told whole seconds, and asks again as soon as they have passed
	h := handout{wire.Process{PID: 1, Start: "1"}, "prod"}
	hs.told(h, noon.Add(900*time.Millisecond))
	if hs.early(h, noon.Add(time.Millisecond)) || !hs.early(h, noon.Add(-time.Millisecond)) {
		t.Error("a second is cut in the wrong way")
	}
}
