package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

func TestANewerClientBringsItsAgentAndNobodyNotices(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		older := servers(t)
		must(t, older.OwnPlaces())
		newer := *older
		older.Bin, newer.Bin = filepath.Join(bin, "e2e", "v1.0.0"), filepath.Join(bin, "e2e", "v1.1.0")
		must(t, older.StartAgent(older.Program("kubecreds")))
		look(t, "wait-item") // a client would start one, were it faster
		cliLogIn(t, older)
		t.Cleanup(func() { newer.Creds(context.Background(), "", "quit") })

		load := hundredASecond(t, older)
		until(t, "the first tokens", func() bool { return load.served() > 50 })
		if out := older.Creds(t.Context(), "", "version").Out; !strings.Contains(out, "kubecreds v1.0.0\n") {
			t.Errorf("an older client brought another agent: %q", out)
		}
		expect(t, "get-token of the newer client", newer.Creds(t.Context(), "", "get-token", "--cluster", "prod-eu"), 0)
		until(t, "the newer agent", func() bool {
			return strings.Contains(older.Creds(t.Context(), "", "version").Out, "kubecreds v1.1.0\n")
		})
		before := load.served()
		until(t, "tokens from the newer agent", func() bool { return load.served() > before+100 })
		load.end()
		must(t, older.AgentEnded(patience))
		survived(t, older)
		menuSays(t, "corp: logged in as alice@example.com", "About kubecreds v1.1.0")
	})
}

// load is a client that asks for a token a hundred times a second.
type load struct {
	stop chan struct{}
	all  sync.WaitGroup
	mu   sync.Mutex
	n    int
}

// hundredASecond starts it. Each request that fails is an error.
func hundredASecond(t *testing.T, r *drive.Rig) *load {
	l := &load{stop: make(chan struct{})}
	slots := make(chan struct{}, 100) // as many may wait: for a slow machine
	l.all.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-l.stop:
				return
			case <-tick.C:
			}
			slots <- struct{}{}
			l.all.Go(func() {
				defer func() { <-slots }()
				got := r.Creds(t.Context(), "", "get-token", "--cluster", "prod-eu")
				l.mu.Lock()
				defer l.mu.Unlock()
				if l.n++; got.Status != 0 || got.Err != "" || !strings.Contains(got.Out, `"token":"`) {
					t.Errorf("request %d: exit status %d, %q", l.n, got.Status, got.Err)
				}
			})
		}
	})
	t.Cleanup(l.end)
	return l
}

func (l *load) served() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

// end ends it, and waits for what is under way.
func (l *load) end() {
	l.mu.Lock()
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.mu.Unlock()
	l.all.Wait()
}
