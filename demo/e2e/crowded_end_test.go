package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestAtTheEndOfASessionPollersAreAnsweredAtOnceAndNobodyIsAskedUnlessAPersonWants(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		w := observe(t)
		screen := screenSaver(t)
		r := start(t, "--id-token=8s")
		cliLogIn(t, r)
		works(t, r)
		getToken := fmt.Sprintf("'%s' get-token --cluster prod-eu >/dev/null", r.Program("kubectl-creds"))
		kubectl := fmt.Sprintf("'%s' --kubeconfig '%s' --context prod-eu", r.Program("kubectl"), r.Kube)
		k9s := poll(t, r, getToken, true, execInfo(r))
		watch := poll(t, r, kubectl+" get namespaces >/dev/null", true)
		ssh := poll(t, r, getToken, false, execInfo(r), "SSH_CONNECTION=192.0.2.1 50000 192.0.2.2 22")
		const manifest = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"kube-system"}}`
		pipe := poll(t, r, "echo '"+manifest+"' | "+kubectl+" apply --dry-run=client --validate=false -f - >/dev/null", false)
		idle := poll(t, r, "/bin/true", false)
		all := []*poller{k9s, watch, ssh, pipe}
		for _, p := range all {
			until(t, "a poll that gets a token", func() bool { return p.ended(t, 0) > 0 })
		}

		screen.lock(t, true)
		revoke(t, r)
		ended := time.Now()
		for _, p := range []*poller{k9s, ssh} {
			must(t, drive.Until(t.Context(), 2*patience, "five polls without a token", func() bool { return p.ended(t, 3) >= 5 }))
		}
		until(t, "kubectl to fail", func() bool { return watch.ended(t, 1) > 1 && pipe.ended(t, 1) > 1 })
		w.saw(t, 0, 0) // nobody sits at a locked screen
		screen.lock(t, false)
		until(t, "the notification", func() bool { return w.told(1) })
		before := k9s.ended(t, 3)
		until(t, "polls beside the notification", func() bool { return k9s.ended(t, 3) >= before+2 })
		w.saw(t, 0, 0, endedNotice)

		// A person asks, and changes their mind.
		look(t, "choose", "Log in to corp…")
		asked(t)
		before = k9s.ended(t, 3)
		until(t, "polls beside the dialog", func() bool { return k9s.ended(t, 3) >= before+2 })
		cancel(t)
		before = k9s.ended(t, 3)
		until(t, "polls after the dialog", func() bool { return k9s.ended(t, 3) >= before+2 })
		w.saw(t, 1, 0, endedNotice)

		for name, p := range map[string]*poller{"k9s": k9s, "ssh": ssh} {
			p.calm(t, name, time.Since(ended))
			// The machine may be slow or busy: what starting a program takes is measured beside it.
			refused, trivial := p.took(t, 3), idle.took(t, 0)
			if usual, most := median(refused), 50*time.Millisecond+10*median(trivial); usual > most {
				t.Errorf("%s: a poll without a token usually took %s, want less than %s", name, usual, most)
			}
			if longest, most := slices.Max(refused), 500*time.Millisecond+10*slices.Max(trivial); longest > most {
				t.Errorf("%s: a poll without a token took %s, want less than %s", name, longest, most)
			}
		}
		for name, p := range map[string]*poller{"watch": watch, "apply": pipe} {
			p.quiet(t, name)
		}
		cliLogIn(t, r)
		works(t, r)
	})
}

// execInfo is what kubectl tells a plugin where a person may sit.
func execInfo(r *drive.Rig) string {
	return `KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":true,` +
		`"cluster":{"server":"` + r.Servers.Clusters[0].Server + `"}}}`
}

// poller is one process that runs a command every 2 s until the test ends.
type poller struct {
	log string // "STATUS MICROSECONDS" a poll

	mu     sync.Mutex
	screen bytes.Buffer // what the command wrote
}

// Write implements io.Writer.
func (p *poller) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.Write(b)
}

// poll starts one, in a terminal of its own or without any, with more environment.
func poll(t *testing.T, r *drive.Rig, command string, terminal bool, more ...string) *poller {
	t.Helper()
	p := &poller{log: filepath.Join(t.TempDir(), "polls")}
	loop := "while :; do b=$EPOCHREALTIME; " + command + `; s=$?; e=$EPOCHREALTIME; echo "$s $((${e/./} - ${b/./}))" >>'` + p.log + "'; sleep 2; done"
	cmd := exec.CommandContext(t.Context(), "bash", "-c", loop)
	cmd.Env = append(os.Environ(), "KUBECREDS_SOCKET="+r.Socket())
	if terminal {
		cmd = terminalCommand(t, r, loop)
	}
	cmd.Env = append(cmd.Env, more...)
	cmd.Stdout, cmd.Stderr = p, p
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return p
}

// polls are those that have ended: their status, and how long they took.
func (p *poller) polls(t *testing.T) (all []struct {
	status int
	took   time.Duration
}) {
	t.Helper()
	text, _ := os.ReadFile(p.log) // there is none before the first
	for line := range strings.Lines(string(text)) {
		var status, micros int
		if _, err := fmt.Sscanf(line, "%d %d\n", &status, &micros); err == nil {
			all = append(all, struct {
				status int
				took   time.Duration
			}{status, time.Duration(micros) * time.Microsecond})
		}
	}
	return all
}

// ended is how many polls have ended with a status.
func (p *poller) ended(t *testing.T, status int) int {
	t.Helper()
	n := 0
	for _, one := range p.polls(t) {
		if one.status == status {
			n++
		}
	}
	return n
}

// took is how long each poll that ended with a status took, from the shortest to the longest.
func (p *poller) took(t *testing.T, status int) []time.Duration {
	t.Helper()
	var took []time.Duration
	for _, one := range p.polls(t) {
		if one.status == status {
			took = append(took, one.took)
		}
	}
	if len(took) == 0 {
		t.Fatal("no poll ended so")
	}
	slices.Sort(took)
	return took
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// quiet checks that nothing of ours but our one line and what kubectl makes of a plugin's failure stands on the screen of a kubectl:
// a line of ours at most for each kubectl, and no token.
func (p *poller) quiet(t *testing.T, name string) {
	t.Helper()
	ran := len(p.polls(t)) + 1
	p.mu.Lock()
	defer p.mu.Unlock()
	ours := 0
	for line := range strings.Lines(p.screen.String()) {
		if strings.HasPrefix(line, "kubecreds: ") {
			ours++
		}
		if strings.ContainsRune(line, 0x1b) || strings.Contains(line, "eyJ") {
			t.Errorf("%s: the screen shows %q", name, line)
		}
	}
	if ours == 0 || ours > ran {
		t.Errorf("%s: our line %d times by %d kubectl:\n%s", name, ours, ran, p.screen.String())
	}
}

// calm checks that from the first poll without a token on all were refused, and that the screen shows our one line, not oftener than
// every 10 s, and nothing else.
func (p *poller) calm(t *testing.T, name string, passed time.Duration) {
	t.Helper()
	refused := 0
	var longest, sum time.Duration
	for _, one := range p.polls(t) {
		if one.status == 0 && refused == 0 {
			continue
		}
		refused++
		longest, sum = max(longest, one.took), sum+one.took
		if one.status != 3 {
			t.Errorf("%s: a poll after the session's end: status %d, not 3", name, one.status)
		}
	}
	t.Logf("%s: %d polls without a token, on average %s, at most %s", name, refused, sum/time.Duration(max(refused, 1)), longest)
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := 0
	for line := range strings.Lines(p.screen.String()) {
		lines++
		if !strings.HasPrefix(line, "kubecreds: corp: ") {
			t.Errorf("%s: the screen shows %q", name, line)
		}
	}
	if most := int(passed/(10*time.Second)) + 1; lines < 1 || lines > most {
		t.Errorf("%s: our line %d times in %s, want 1 to %d:\n%s", name, lines, passed, most, p.screen.String())
	}
}
