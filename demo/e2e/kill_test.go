package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

const (
	usualKills = 200
	killsLimit = 45 * time.Second // for as many of them as fit; E2E_KILLS=200 for all
	fewKills   = 20               // on a machine so slow that there are fewer, killsMost ends them
	killsMost  = 2 * time.Minute
)

func TestAKillLosesASessionOnlyWhileTheAnswerIsOnItsWay(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		k := killing(t, 0)
		k.run(t)
		// Between the socket and the pipe of the keychain's helper an answer is in kubecreds' hands for some tenths of a millisecond.
		if most := max(2, k.kills/50); k.lostRead > most {
			t.Errorf("%d sessions were lost although their answer had arrived, of %d kills: want at most %d", k.lostRead, k.kills, most)
		}
	})
}

func TestWithAGracePeriodNoKillLosesASession(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		k := killing(t, 30*time.Second)
		k.run(t)
		if k.lost > 0 {
			t.Errorf("%d sessions were lost", k.lost)
		}
	})
}

// kills is a run of SIGKILLs of a kubecreds at random moments, and what became of its session.
type kills struct {
	r                   *drive.Rig
	start, renew, login time.Duration // what a start takes until the first token, what a renewal and a login take, seen from the command line

	kills, inLogin, inTheMiddle, renewedAfter, kept int
	lost, lostRead                                  int // lostRead: after kubecreds had read the renewal's answer
}

// moment is a kill: what stood before it, and what was seen when kubecreds stood still.
type moment struct {
	renewals int    // at the provider, before
	refresh  string // the keychain's, before
	login    bool   // it fell into a login
	done     bool   // the renewal had been reported as done
	read     bool   // the provider had answered a renewal, and kubecreds had read the answer
}

// killing starts the servers and a kubecreds without an icon, and logs in.
func killing(t *testing.T, grace time.Duration) *kills {
	t.Helper()
	k := &kills{r: servers(t)}
	must(t, k.r.Control.SetGrace(t.Context(), grace))
	must(t, k.r.StartAgent(k.r.Program("kubecreds"), "--no-tray"))
	answers(t, k.r)
	cliLogIn(t, k.r)
	return k
}

// run kills until there were enough, or time is up: in a renewal that was asked for, in the first one after a start, in a login, in
// turn.
func (k *kills) run(t *testing.T) {
	t.Helper()
	wanted := usualKills
	if n, err := strconv.Atoi(os.Getenv("E2E_KILLS")); err == nil {
		wanted = n
	}
	began := time.Now()
	more := func() bool {
		took := time.Since(began)
		return took < killsLimit || k.kills < fewKills && took < killsMost || os.Getenv("E2E_KILLS") != ""
	}
	for k.kills < wanted && more() && !t.Failed() {
		until(t, "the login's pending record to go", func() bool { return items() == 1 })
		m := moment{renewals: k.renewals(t), refresh: refreshToken(t)}
		switch k.kills % 5 {
		case 0, 2:
			k.during(t, &m, &k.renew, "", "renew", "corp")
		case 1, 3:
			k.duringStart(t, &m)
		case 4:
			m.login = true
			k.during(t, &m, &k.login, "password\n", "login", "corp", "--username", "alice", "--password-stdin")
		}
		k.judge(t, m)
	}
	t.Logf("%d kills in %s: %d in a login; %d during a renewal's request or the keeping of its answer, %d after it; %d elsewhere",
		k.kills, time.Since(began).Round(time.Second), k.inLogin, k.inTheMiddle, k.renewedAfter, k.kills-k.inLogin-k.inTheMiddle-k.renewedAfter)
	t.Logf("%d sessions kept; %d lost while the answer was on its way, %d when it had just been read", k.kept, k.lost-k.lostRead, k.lostRead)
	if k.kills >= fewKills && (k.inLogin == 0 || k.inTheMiddle == 0) {
		t.Error("no kill fell into a login, or none into a renewal: nothing was tested")
	}
}

// items is how many secret-tool finds of kubecreds in the keychain; -1 where one of them went while it looked.
func items() int {
	found, err := search()
	if err != nil {
		return -1
	}
	return strings.Count(found, "\nsecret = ")
}

// during has kubectl-creds ask for something that usually takes so long, and kills kubecreds at a random moment of it.
func (k *kills) during(t *testing.T, m *moment, usual *time.Duration, stdin string, args ...string) {
	t.Helper()
	type end struct {
		status int
		took   time.Duration
	}
	ended := make(chan end, 1)
	begun := time.Now()
	go func() {
		got := k.r.Creds(t.Context(), stdin, args...)
		ended <- end{got.Status, time.Since(begun)}
	}()
	k.kill(t, random(*usual, 50*time.Millisecond), m)
	e := <-ended
	if m.done = e.status == 0; m.done {
		*usual = e.took
	}
}

// duringStart kills kubecreds, starts it, and kills it again at a random moment.
func (k *kills) duringStart(t *testing.T, m *moment) {
	t.Helper()
	k.kill(t, 0, &moment{renewals: m.renewals})
	must(t, k.r.StartAgent(k.r.Program("kubecreds"), "--no-tray"))
	k.kill(t, random(k.start, 200*time.Millisecond), m)
}

// random is a moment in a span that took usual the last time, or perhaps a little longer.
func random(usual, first time.Duration) time.Duration {
	if usual == 0 {
		usual = first
	}
	return time.Duration(rand.Int64N(int64(usual * 5 / 4)))
}

// kill ends kubecreds as nothing can be prepared for, after a while. It makes it stand still first, at that moment, to see whether
// an answer to a renewal has arrived in it.
func (k *kills) kill(t *testing.T, after time.Duration, m *moment) {
	t.Helper()
	time.Sleep(after) // the moment is what is random
	must(t, syscall.Kill(k.r.AgentPID(), syscall.SIGSTOP))
	if k.renewals(t) > m.renewals {
		until(t, "the provider to have answered", func() bool { return counts(t, k.r).Answering == 0 })
		m.read = !arriving(t, k.r)
	}
	must(t, syscall.Kill(k.r.AgentPID(), syscall.SIGKILL))
	must(t, k.r.AgentEnded(patience))
}

// arriving reports whether an answer of the provider lies in a client's socket: what the client has not read, it does not know.
func arriving(t *testing.T, r *drive.Rig) bool {
	t.Helper()
	const farewell = 200 // bytes that the end of a connection has at most; a token answer has more
	provider, all := connections(t, r)
	return slices.ContainsFunc(all, func(c connection) bool { return c.remote == provider && c.unread > farewell })
}

// judge starts kubecreds again and checks what became of the session after the kill m.
func (k *kills) judge(t *testing.T, m moment) {
	t.Helper()
	k.kills++
	renewed := k.renewals(t) - m.renewals
	begun := time.Now()
	must(t, k.r.StartAgent(k.r.Program("kubecreds"), "--no-tray"))
	valid := false
	until(t, "kubecreds to know how the session is", func() bool {
		state, token := k.state(t)
		valid = state == "valid" && token
		return valid || state == "login-needed"
	})
	switch {
	case m.login:
		k.inLogin++
	case m.done:
		k.renewedAfter++
	case renewed > 0:
		k.inTheMiddle++
	}
	if valid {
		k.start = time.Since(begun)
		k.kept++
		return
	}
	k.lost++
	if m.read {
		k.lostRead++
	}
	// Only this may lose it: the provider renewed, and what it answered did not come as far as the keychain.
	if m.login || m.done || renewed != 1 || refreshToken(t) != m.refresh {
		t.Errorf("kill %d lost the session: in a login: %v, %d renewals at the provider since the last look, reported as done: %v, the keychain's refresh token is the one of before: %v",
			k.kills, m.login, renewed, m.done, refreshToken(t) == m.refresh)
	}
	cliLogIn(t, k.r)
}

// renewals is how often the provider has renewed sessions.
func (k *kills) renewals(t *testing.T) int {
	t.Helper()
	sessions, err := k.r.Control.Sessions(t.Context())
	must(t, err)
	all := 0
	for _, s := range sessions {
		all += s.Renewals
	}
	return all
}

// state is the account's, "" while nobody answers, and whether there is a token that is good.
func (k *kills) state(t *testing.T) (state string, token bool) {
	t.Helper()
	var all reported
	if json.Unmarshal([]byte(k.r.Creds(t.Context(), "", "status", "-o", "json").Out), &all) != nil || len(all.Accounts) != 1 {
		return "", false
	}
	a := all.Accounts[0]
	return a.State, a.Ready != nil && *a.Ready
}
