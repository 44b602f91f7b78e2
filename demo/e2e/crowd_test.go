package e2e

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestACrowdAtAnExpiredTokenCostsOneRenewalAndAllAreServed(t *testing.T) {
	for _, size := range []int{20, 200} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			onDesktop(t, func(t *testing.T) {
				r := expired(t)
				all := crowd(t, r, size)
				must(t, syscall.Kill(r.AgentPID(), syscall.SIGCONT))
				served(t, all)
				renewedOnce(t, r)
			})
		})
	}
}

func TestCtrlCOfHalfTheCrowdChangesNothingForTheOthers(t *testing.T) {
	for _, size := range []int{20, 200} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			onDesktop(t, func(t *testing.T) {
				r := expired(t)
				all := crowd(t, r, size)
				pause(t, r.ServersPID())
				must(t, syscall.Kill(r.AgentPID(), syscall.SIGCONT))
				requested(t, r)
				var stay []*caller
				for i, c := range all {
					if i%2 == 0 { // the first one too, for whom the renewal may have begun
						must(t, c.Process.Signal(syscall.SIGINT))
						continue
					}
					stay = append(stay, c)
				}
				for i := 0; i < len(all); i += 2 {
					if err := all[i].Wait(); err == nil {
						t.Error("a caller that was interrupted ended well: the provider answered already")
					}
				}
				must(t, syscall.Kill(r.ServersPID(), syscall.SIGCONT))
				served(t, stay)
				renewedOnce(t, r)
			})
		})
	}
}

// expired returns a kubecreds that is logged in, stands still, and whose token has expired. The provider rotates refresh tokens
// and ends a session whose old one comes back.
func expired(t *testing.T) *drive.Rig {
	t.Helper()
	const life = 6 * time.Second
	r := servers(t, "--id-token="+life.String())
	must(t, r.Control.SetGrace(t.Context(), 0))
	must(t, r.StartAgent(r.Program("kubecreds"), "--no-tray"))
	answers(t, r)
	cliLogIn(t, r)
	pause(t, r.AgentPID())
	issued := time.Now()
	must(t, drive.Until(t.Context(), 2*life, "the token to expire", func() bool { return time.Since(issued) > life }))
	must(t, r.Control.SetIDTokenLifetime(t.Context(), 5*time.Minute))
	recount(t, r)
	return r
}

// pause stops a process until SIGCONT, or the test's end.
func pause(t *testing.T, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
}

// caller is one get-token.
type caller struct {
	*exec.Cmd
	out, err bytes.Buffer
}

// crowd starts so many get-token, as so many kubectl do, and returns when all have come to the agent's socket.
func crowd(t *testing.T, r *drive.Rig, size int) []*caller {
	t.Helper()
	all := make([]*caller, size)
	for i := range all {
		c := &caller{Cmd: exec.CommandContext(t.Context(), r.Program("kubectl-creds"), "get-token", "--cluster", "prod-eu")}
		c.Env = append(os.Environ(), "KUBECREDS_SOCKET="+r.Socket())
		c.Stdout, c.Stderr = &c.out, &c.err
		must(t, c.Start())
		all[i] = c
	}
	waiting(t, r, size)
	return all
}

// waiting waits until so many clients are connected to the agent's socket.
func waiting(t *testing.T, r *drive.Rig, size int) {
	t.Helper()
	connected := 0
	if err := drive.Until(t.Context(), patience, "the crowd", func() bool {
		table, err := os.ReadFile("/proc/net/unix")
		must(t, err)
		connected = strings.Count(string(table), " "+r.Socket()+"\n") - 1 // one listens
		return connected >= size
	}); err != nil {
		t.Fatalf("%v: %d of %d", err, connected, size)
	}
}

// requested waits until a request has come to the provider, which stands still: it lies in the socket's queue.
func requested(t *testing.T, r *drive.Rig) {
	t.Helper()
	until(t, "a request to come to the provider", func() bool {
		at, all := connections(t, r)
		return slices.ContainsFunc(all, func(c connection) bool { return c.local == at && c.established && c.unread > 0 })
	})
}

// connection is one end of a TCP connection of this machine.
type connection struct {
	local, remote string
	established   bool
	unread        uint64 // bytes that have come and that the program has not read
}

// connections are all there are, and the provider's address as they spell it.
func connections(t *testing.T, r *drive.Rig) (provider string, all []connection) {
	t.Helper()
	issuer, err := url.Parse(r.Servers.Issuer)
	must(t, err)
	port, err := strconv.Atoi(issuer.Port())
	must(t, err)
	table, err := os.ReadFile("/proc/net/tcp")
	must(t, err)
	for line := range strings.Lines(string(table)) { // number, local, remote, state, tx_queue:rx_queue, …
		if f := strings.Fields(line); len(f) > 4 {
			_, queued, _ := strings.Cut(f[4], ":")
			n, _ := strconv.ParseUint(queued, 16, 32) // not a number in the heading only
			all = append(all, connection{f[1], f[2], f[3] == "01", n})
		}
	}
	return fmt.Sprintf("0100007F:%04X", port), all
}

// served checks that all get a token, and the same.
func served(t *testing.T, all []*caller) {
	t.Helper()
	different := map[string]int{}
	for i, c := range all {
		if err := c.Wait(); err != nil || c.err.Len() > 0 || !strings.Contains(c.out.String(), `"token":"`) {
			t.Errorf("caller %d: %v; stderr %q", i, err, c.err.String())
		}
		different[c.out.String()]++
	}
	if len(different) != 1 {
		t.Errorf("%d callers were given %d different answers", len(all), len(different))
	}
}

// renewedOnce checks that there was one renewal since recount and that the session lives: also the next renewal succeeds.
func renewedOnce(t *testing.T, r *drive.Rig) {
	t.Helper()
	if c := counts(t, r); c.Of("token/refresh_token") != 1 || c.Outcome("token/refresh_token", "ok") != 1 {
		t.Errorf("requests at the provider: %v, want one renewal", c.Requests)
	}
	survived(t, r)
	expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)
	survived(t, r)
}
