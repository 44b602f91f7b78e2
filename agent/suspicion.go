package agent

import (
	"context"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
)

const (
	examineEvery = time.Minute // an API server is asked at most once in this time because of what clients do
	examineWait  = time.Second // so long a request waits for what that brings
	maxHandouts  = 1000        // so many are remembered; then the oldest is forgotten
)

// handout is a token given to a process for a cluster.
type handout struct {
	process wire.Process
	cluster string
}

// handouts remember until when each process was told that its token is good. One that asks again before has probably been
// refused: client-go keeps a token until then, unless the API server answers 401.
type handouts struct {
	sync.Mutex
	of       map[handout]*promise
	order    []handout            // the oldest first
	examined map[string]time.Time // by cluster: when the API server was last asked
}

type promise struct {
	until     time.Time // so long the token was said to be good
	mentioned time.Time // when the process was last told that it is not
}

// early reports whether h was told that its token is good for longer than until now.
func (hs *handouts) early(h handout, now time.Time) bool {
	hs.Lock()
	defer hs.Unlock()
	p := hs.of[h]
	return p != nil && now.Before(p.until)
}

// told notes until when h was told that its token is good.
func (hs *handouts) told(h handout, until time.Time) {
	if h.process.PID == 0 || h.process.Start == "" { // it cannot be told from others
		return
	}
	hs.Lock()
	defer hs.Unlock()
	p := hs.of[h]
	if p == nil {
		p = &promise{}
		if hs.of == nil {
			hs.of = map[handout]*promise{}
		}
		hs.of[h], hs.order = p, append(hs.order, h)
	}
	p.until = until.Truncate(time.Second) // kubectl is told whole seconds
	if len(hs.order) > maxHandouts {
		delete(hs.of, hs.order[0])
		hs.order = hs.order[1:]
	}
}

// mention reports whether h is to be told that its token is refused, and notes that it is: once in a while.
func (hs *handouts) mention(h handout, now time.Time) bool {
	hs.Lock()
	defer hs.Unlock()
	p := hs.of[h]
	if p == nil || now.Sub(p.mentioned) < lineEvery {
		return false
	}
	p.mentioned = now
	return true
}

// mayExamine reports whether cluster's API server may be asked again, and notes that it is.
func (hs *handouts) mayExamine(cluster string, now time.Time) bool {
	hs.Lock()
	defer hs.Unlock()
	if last, asked := hs.examined[cluster]; asked && now.Sub(last).Abs() < examineEvery {
		return false
	}
	if hs.examined == nil {
		hs.examined = map[string]time.Time{}
	}
	hs.examined[cluster] = now
	return true
}

// handOut is the token for a request of caller's, and a line that says that an API server refuses it; "" where nothing is
// known against it, or caller was told. Where kubectl was told that it has a good token and asks for one again, its API server
// is asked first what it says to it; a second is waited for what comes of that.
func (a *Agent) handOut(ctx context.Context, name string, caller wire.Caller) (t auth.Token, refused string, err error) {
	cl, kubectl := a.clusterOf(name, caller.Exec)
	h := handout{caller.Parent, cl.Name}
	again := kubectl && a.handouts.early(h, a.Now())
	if again && a.handouts.mayExamine(cl.Name, a.Now()) {
		a.suspect(ctx, cl, caller.Exec.Server)
	}
	if t, err = a.Keeper.Token(ctx, name); err != nil || !kubectl {
		return t, "", err
	}
	a.handouts.told(h, t.Tell)
	if again {
		refused = a.rejection(h)
	}
	return t, refused, nil
}

// suspect has the API server asked what it says to the token, and waits a moment for what comes of that. It goes on when the
// caller has left.
func (a *Agent) suspect(ctx context.Context, cl config.Cluster, address string) {
	ctx, cancel := context.WithTimeout(ctx, a.examineWait)
	defer cancel()
	answered := make(chan struct{})
	a.spawn(func(ctx context.Context) {
		defer close(answered)
		a.examine(ctx, cl, address)
	})
	select {
	case <-answered:
	case <-ctx.Done():
	}
}

// clusterOf is the configured cluster whose API server kubectl wants the token for. A caller that does not say which API server
// it calls is not kubectl with an entry of ours.
func (a *Agent) clusterOf(name string, exec *wire.ExecInfo) (config.Cluster, bool) {
	c := a.inForce()
	if exec == nil || exec.Server == "" || c == nil {
		return config.Cluster{}, false
	}
	for _, cl := range c.Clusters {
		if (cl.Name == name || cl.Account == name) && serves(&cl, exec.Server) {
			return cl, true
		}
	}
	return config.Cluster{}, false
}

// rejection is what a client that asks for h's token again is told; "" where nothing is known against it, or it was told.
func (a *Agent) rejection(h handout) string {
	c, _ := a.Keeper.Snapshot().Cluster(h.cluster)
	if c.Rejected == (auth.Reason{}) || !a.handouts.mention(h, a.Now()) {
		return ""
	}
	return h.cluster + " does not accept the token; " + c.Rejected.Words + "; more: kubectl creds check " + h.cluster
}
