package kubeconfig_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubecreds/kubecreds/kubeconfig"
)

// Twenty-five of ours and twenty-five kubectl write one file at once, and all fifty changes are there in the end.
//
// Ours read under the lock and so lose nothing of others. kubectl reads before it locks, fails where the lock is taken, and
// removes what it did not see: from ours, and from other kubectl. No lock of ours can prevent that. So ours do what the agent
// does: they look at the file again, and write again what is gone. And whoever runs kubectl here does what a person must: look
// whether the change is there, and try again.
func TestFiftyWritersAtOnceLeaveAllTheirChanges(t *testing.T) {
	const each = 25
	path := filepath.Join(t.TempDir(), "config")
	must(t, os.WriteFile(path, []byte("# mine\napiVersion: v1\nkind: Config\n"), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	theirsDone := make(chan struct{})
	var ours sync.WaitGroup
	var mended sync.Map
	for i := range each {
		change := want(fmt.Sprintf("ours-%d", i))
		ours.Go(func() {
			if err := apply(ctx, path, change); err != nil {
				t.Errorf("%s: %v", change.Name, err)
				return
			}
			files, err := kubeconfig.Load([]string{path})
			look := time.NewTicker(100 * time.Millisecond)
			defer look.Stop()
			for over := false; err == nil; {
				now, _ := files.Reload()
				if now != nil && now != files {
					files = now
				}
				var diff kubeconfig.Diff
				if diff, err = files.Plan(change); err == nil && !diff.Empty() {
					mended.Store(change.Name, true)
					err = files.Apply(ctx, diff)
				} else if over {
					return
				}
				select {
				case <-look.C:
				case <-theirsDone:
					over = true // no kubectl runs any more: one look more
				}
			}
			t.Errorf("%s: %v", change.Name, err)
		})
	}
	missing := make([]string, each)
	for i := range missing {
		missing[i] = fmt.Sprintf("theirs-%d", i)
	}
	const together = 3
	rounds, runs := 0, 0
	for ; len(missing) > 0 && ctx.Err() == nil; rounds++ {
		var round sync.WaitGroup
		runs += len(missing)
		for _, name := range missing {
			round.Go(func() { _, _ = kubectl(ctx, path, "config", "set-context", name, "--namespace="+name) })
			if rounds >= together {
				round.Wait() // one at a time, as people do who saw that it is not there
			}
		}
		round.Wait()
		config, err := clientcmd.LoadFromFile(path)
		must(t, err)
		var left []string
		for _, name := range missing {
			if c := config.Contexts[name]; c == nil || c.Namespace != name {
				left = append(left, name)
			}
		}
		missing = left
	}
	close(theirsDone)
	ours.Wait()

	config, err := clientcmd.LoadFromFile(path)
	must(t, err)
	for i := range each {
		name := fmt.Sprintf("ours-%d", i)
		if config.Contexts[name] == nil || config.Clusters[name] == nil || config.AuthInfos["kubecreds-"+name] == nil {
			t.Errorf("%s is lost", name)
		}
		if name := fmt.Sprintf("theirs-%d", i); config.Contexts[name] == nil {
			t.Errorf("%s is lost", name)
		}
	}
	if len(config.Contexts) != 2*each { // kubectl may lose the current context by itself: it reads what another is just writing
		t.Errorf("%d contexts", len(config.Contexts))
	}
	if left, _ := filepath.Glob(path + ".lock"); len(left) > 0 {
		t.Error("a lock is left")
	}
	count := 0
	mended.Range(func(any, any) bool { count++; return true })
	t.Logf("%d changes; kubectl ran %d times in %d rounds until its %d were there; %d of ours were taken away by kubectl and put back",
		len(config.Contexts), runs, rounds, each, count)
}
