package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestTheSessionSurvivesARestart(t *testing.T) {
	for name, end := range map[string]string{"AfterALogout": "TERM", "AfterACrash": "KILL"} {
		t.Run(name, func(t *testing.T) {
			onDesktop(t, func(t *testing.T) {
				r := start(t)
				logIn(t)
				bus := listen(t)
				run(t, "kill", "-"+end, strconv.Itoa(r.AgentPID()))
				must(t, r.AgentEnded(patience))

				must(t, r.StartAgent(r.Program("kubecreds")))
				menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
				works(t, r)
				unasked(t)
				if n := bus.count(t, notifyCall); n != 0 {
					t.Errorf("%d notifications, want none", n)
				}
				if c := counts(t, r); c.Of("token/password") != 1 {
					t.Errorf("%d passwords were sent, want only the one of the login", c.Of("token/password"))
				}
			})
		})
	}
}

func TestASecondStartShowsTheStatusOfTheFirst(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := start(t)
		menuSays(t, "not logged in")
		first := r.AgentPID()
		out := run(t, r.Program("kubecreds"), "--home", r.Home) // fails unless it exits 0
		for _, want := range []string{"kubecreds is running already", "prod-eu", "staging", "not logged in"} {
			if !strings.Contains(out, want) {
				t.Errorf("it does not say %q:\n%s", want, out)
			}
		}
		if items := strings.Fields(look(t, "items")); len(items) != 1 {
			t.Errorf("icons in the tray: %q, want one", items)
		}
		if got := agentPID(t); got != first {
			t.Errorf("the icon belongs to process %d, not to the first, %d", got, first)
		}
	})
}

func TestAStartWithAnIconTakesThePlaceOfOneWithout(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := servers(t)
		must(t, r.StartAgent(r.Program("kubecreds"), "--no-tray"))
		until(t, "the agent to listen", func() bool { return r.Creds(t.Context(), "", "status").Status == 0 })
		cliLogIn(t, r)
		if items := look(t, "items"); items != "" {
			t.Errorf("icons in the tray: %q, want none", items)
		}
		without := *r
		must(t, r.StartAgent(r.Program("kubecreds")))
		must(t, without.AgentEnded(patience))
		menuSays(t, "logged in as alice@example.com", "2 of 2 clusters ready")
		works(t, r)
		unasked(t)
	})
}

func TestKubectlStartsTheAgentWhereNoneRuns(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := ownPlaces(t)
		logIn(t)
		r.StopAgent()
		until(t, "the icon to go", func() bool { return look(t, "items") == "" })

		works(t, r)
		look(t, "wait-item")
		menuSays(t, "logged in as alice@example.com")
		unasked(t)
	})
}

func TestQuitLastsUntilAPersonStartsIt(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		r := ownPlaces(t)
		logIn(t)
		works(t, r)
		look(t, "choose", "Quit (renewal stops)")
		must(t, r.AgentEnded(patience))

		got := r.Creds(t.Context(), "", "get-token", "--cluster", "staging")
		if got.Status == 0 || !strings.Contains(got.Err, "kubectl creds start") {
			t.Errorf("get-token after Quit: %+v, want a line that says how to start", got)
		}
		if got := r.Kubectl(t.Context(), "--context", "staging", "get", "namespaces"); got.Status == 0 {
			t.Error("kubectl works after Quit")
		}
		until(t, "the icon to go", func() bool { return look(t, "items") == "" })

		expect(t, "start", r.Creds(t.Context(), "", "start"), 0)
		look(t, "wait-item")
		menuSays(t, "logged in as alice@example.com")
		works(t, r)
	})
}

// ownPlaces is start of a kubecreds without --home, as installed ones run.
func ownPlaces(t *testing.T) *drive.Rig {
	t.Helper()
	r := servers(t)
	must(t, r.OwnPlaces())
	startAgent(t, r, r.Program("kubecreds"))
	return r
}

// agentPID is the process that the icon in the tray belongs to.
func agentPID(t *testing.T) int {
	t.Helper()
	name, _, _ := strings.Cut(look(t, "items"), "/")
	out := run(t, "busctl", "--user", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetConnectionUnixProcessID", "s", name)
	pid, err := strconv.Atoi(strings.TrimPrefix(out, "u "))
	must(t, err)
	return pid
}
