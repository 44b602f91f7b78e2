package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNoSecretLeavesInAWholeJourney(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		p := watchProcesses(t)
		wrong := fmt.Sprintf("wrong-%d", time.Now().UnixNano()) // goes the way of the right one, and is like nothing else
		secrets := map[string]string{"the wrong password": wrong}
		r := start(t, "--id-token=8s")
		note := func(when string) {
			secrets["the refresh token "+when] = refreshToken(t)
			parts := strings.Split(token(t, r), ".")
			secrets["the ID token's claims "+when], secrets["the ID token's signature "+when] = parts[1], parts[2]
		}

		look(t, "choose", "Log in to corp…")
		asked(t)
		answer(t, "alice", wrong)
		asked(t, wrongPassword)
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com")
		works(t, r)
		note("of the login")
		until(t, "a renewal", func() bool { return refreshToken(t) != secrets["the refresh token of the login"] })
		note("of the renewal")
		revoke(t, r)
		must(t, r.Control.SetIDTokenLifetime(t.Context(), 5*time.Minute))
		drawn(t, endedNotice)
		look(t, "press", "Log in", "push button")
		asked(t)
		answer(t, wrong)
		asked(t, wrongPassword)
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com")
		note("of the next login")
		r.StopAgent()
		must(t, r.StartAgent(r.Program("kubecreds"), "-v"))
		menuSays(t, "logged in as alice@example.com")
		note("after the restart")
		works(t, r)
		out := r.Creds(t.Context(), "", "status", "-o", "json")
		must(t, os.WriteFile(filepath.Join(r.Dir, "status.json"), []byte(out.Out+out.Err), 0o600))
		r.StopAgent()

		for what, secret := range secrets {
			if len(secret) < 16 {
				t.Errorf("%s is too short to be looked for", what)
			}
		}
		p.lack(t, secrets)
		filesLack(t, secrets, r.Dir, os.Getenv("DESK_DIR"))
	})
}

// filesLack checks that no file below the folders holds a secret, but for the keychain's own.
func filesLack(t *testing.T, secrets map[string]string, folders ...string) {
	t.Helper()
	looked := map[string]bool{}
	for _, folder := range folders {
		must(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil && !os.IsNotExist(err):
				return err
			case err != nil || !d.Type().IsRegular():
				return nil //nolint:nilerr // it went away meanwhile
			case filepath.Base(filepath.Dir(path)) == "keyrings":
				return nil
			}
			content, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			looked[d.Name()] = true
			reportSecrets(t, path, string(content), secrets)
			return err
		}))
	}
	for _, name := range []string{"kubecreds.log", "agent.out", "state.json", "kubeconfig", "config.yaml", "status.json", "notifyd"} {
		if !looked[name] {
			t.Errorf("there was no file %s to look into", name)
		}
	}
}

func reportSecrets(t *testing.T, where, content string, secrets map[string]string) {
	t.Helper()
	for what, secret := range secrets {
		if strings.Contains(content, secret) {
			t.Errorf("%s is in %s", what, where)
		}
	}
}

// processes are the arguments and environments of every process that was seen while a test ran.
type processes struct {
	stop chan struct{}
	done sync.WaitGroup
	seen map[string]string // what was read -> where first; complete when done
}

// watchProcesses reads arguments and environments of all processes again and again: short-lived ones must be met too.
func watchProcesses(t *testing.T) *processes {
	p := &processes{stop: make(chan struct{}), seen: map[string]string{}}
	p.done.Go(func() {
		pace := time.NewTicker(5 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case <-p.stop:
				return
			case <-pace.C:
				p.look()
			}
		}
	})
	t.Cleanup(p.end)
	return p
}

func (p *processes) end() {
	select {
	case <-p.stop:
	default:
		close(p.stop)
	}
	p.done.Wait()
}

func (p *processes) look() {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		for _, file := range []string{"cmdline", "environ"} {
			content, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil || len(content) == 0 {
				continue // it has ended, or hides its environment, as kubecreds does
			}
			if _, known := p.seen[string(content)]; !known {
				p.seen[string(content)] = filepath.Join(folder, file)
			}
		}
	}
}

// lack ends the watch and checks that none of what was read holds a secret, or is the right password.
func (p *processes) lack(t *testing.T, secrets map[string]string) {
	t.Helper()
	p.end()
	met := map[string]bool{}
	for content, where := range maps.All(p.seen) {
		ours := strings.Contains(content, os.Getenv("DESK_DIR")) || strings.Contains(content, bin)
		for i, part := range strings.Split(content, "\x00") {
			met[filepath.Base(part)] = true
			if _, value, _ := strings.Cut(part, "="); ours && (part == "password" || value == "password") {
				t.Errorf("the password is argument or variable %d of %s", i, where)
			}
		}
		reportSecrets(t, where, content, secrets)
	}
	for _, program := range []string{"zenity", "keychain-helper", "kubectl-creds"} {
		if !met[program] {
			t.Errorf("%s was never met: the watch is too slow to say anything", program)
		}
	}
}
