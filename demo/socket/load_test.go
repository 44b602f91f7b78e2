package socket

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/demo/provider"
)

func TestFiveThousandTokensOverTwoHundredConnectionsLeaveNothingBehind(t *testing.T) {
	r := start(t, provider.Options{IDToken: time.Hour}, 2)
	r.logIn()
	goroutines := runtime.NumGoroutine()
	memory := func() uint64 {
		runtime.GC()
		runtime.GC() // what the first left to finalizers
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var took []time.Duration
	took = append(took, r.tokens(200, 5)...)
	first := memory()
	took = append(took, r.tokens(200, 20)...)
	last := memory()
	slices.Sort(took)
	t.Logf("%d requests over 200 connections: median %s, p99 %s; heap %d KiB after a thousand, %d KiB after all",
		len(took), took[len(took)/2], took[len(took)*99/100], first>>10, last>>10)
	if last > first+1<<20 {
		t.Errorf("memory grew from %d to %d bytes", first, last)
	}
	if err := within(func() bool { return runtime.NumGoroutine() <= goroutines }); err != nil {
		stacks := make([]byte, 64<<10)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
	}
}

// tokens has so many clients at once ask each times for a token, a connection a request, and is how long each took.
func (r *rig) tokens(clients, each int) []time.Duration {
	r.Helper()
	var (
		mu   sync.Mutex
		took []time.Duration
		all  sync.WaitGroup
	)
	for range clients {
		all.Go(func() {
			for range each {
				began := time.Now()
				a, err := r.try(r.Context(), "get-token", "--cluster=c0")
				if err != nil || a.done.Status != 0 || a.credential == nil {
					r.Errorf("%+v, %v", a, err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return took
}

// TestAThousandClustersMakeARequestNoDearer counts what a request allocates, which does not depend on how busy the machine is.
func TestAThousandClustersMakeARequestNoDearer(t *testing.T) {
	one, thousand := costs(t, 1), costs(t, 1000)
	for flag, cost := range one {
		t.Logf("%s: %d bytes with one cluster, %d with a thousand", flag, cost, thousand[flag])
		if thousand[flag] > cost+cost/4 {
			t.Errorf("%s: a request costs %d bytes with one cluster, %d with a thousand", flag, cost, thousand[flag])
		}
	}
}

// costs is how many bytes a request allocates where there are so many clusters, at both ends.
func costs(t *testing.T, clusters int) map[string]uint64 {
	r := startWith(t, provider.Options{IDToken: time.Hour}, clusters, ", adopted: true") // so that no kubeconfig is written meanwhile
	defer r.stop()
	r.logIn()
	const exec = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://c0.example.com:6443"}}}`
	cost := map[string]uint64{}
	for _, flag := range []string{"--cluster=c0", "--account=corp"} {
		request := wire.Request{Version: wire.Version, Verb: "get-token", Args: []string{flag}, Caller: wire.Caller{ExecText: exec}}
		for range 4 { // the least of them: what else happens in the process only adds
			const n = 200
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range n {
				if a, err := r.send(t.Context(), request); err != nil || a.credential == nil {
					t.Fatalf("%+v, %v", a, err)
				}
			}
			runtime.ReadMemStats(&after)
			each := (after.TotalAlloc - before.TotalAlloc) / n
			if cost[flag] == 0 || each < cost[flag] {
				cost[flag] = each
			}
		}
	}
	return cost
}
