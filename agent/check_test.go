package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/agent/review"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// found is one cluster for each kind of answer, and a second address.
func found() []access {
	at := func(cluster string, f access) access {
		f.cluster, f.account, f.server.URL = cluster, "corp", "https://"+cluster+".example.com:6443"
		return f
	}
	problem := func(kind review.Kind, words string) access {
		return access{err: &review.Problem{Kind: kind, Words: words}}
	}
	rejects := problem(review.Rejected, "it does not accept the token (401)")
	rejects.likely, rejects.took = "likely: another audience", 3*time.Millisecond
	return []access{
		at("prod", access{who: review.Person{User: "alice", Groups: []string{"dev", "ops"}}, took: 12 * time.Millisecond}),
		at("far", problem(review.Unreachable, "it did not answer in time")),
		at("dev", rejects),
		at("lab", access{err: &auth.LoginNeededError{Account: "corp"}}),
		at("old", access{err: &review.Problem{Kind: review.Forbidden, Words: "it accepts the token", Said: "forbidden: User \"alice\""}, took: time.Millisecond}),
	}
}

func TestTheTableOfCheckHasALineAnAddressAndSaysBelowWhatStandsInTheWay(t *testing.T) {
	want := `CLUSTER   API SERVER              ANSWER                USER    TIME    GROUPS
prod      prod.example.com:6443   accepts the token     alice   12 ms   dev and ops
far       far.example.com:6443    unreachable           -       -       -
dev       dev.example.com:6443    rejects the token     -       3 ms    -
lab       lab.example.com:6443    not asked: no token   -       -       -
old       old.example.com:6443    accepts the token     -       1 ms    -
far: it did not answer in time
dev: it does not accept the token (401); likely: another audience
lab: login needed; click the kubecreds icon, or run: kubectl creds login corp
old: it accepts the token; it says: forbidden: User "alice"
`
	if got := checkTable(found(), 0); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	tunnel := found()[1]
	tunnel.server.URL = "https://127.0.0.1:16443"
	if got, want := checkTable([]access{found()[1], tunnel}, 0), "far at 127.0.0.1:16443: it did not answer in time\n"; !strings.HasSuffix(got, want) {
		t.Errorf("of two addresses: got\n%s", got)
	}
	for line := range strings.Lines(checkTable(found(), 60)) {
		if cells(strings.TrimRight(line, "\n")) > 60 {
			t.Errorf("wider than 60 columns: %q", line)
		}
	}
}

func TestTheReportOfCheckNamesEachResult(t *testing.T) {
	b, err := json.Marshal(checkReport(found()))
	noError(t, err)
	var r struct {
		Clusters []struct {
			Name, Account, Server, Result, User, Reason string
			Groups                                      []string
			Milliseconds                                int
		}
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	noError(t, d.Decode(&r))
	var results []string
	for _, c := range r.Clusters {
		results = append(results, c.Result)
	}
	if !slices.Equal(results, []string{"accepted", "unreachable", "rejected", "no-token", "forbidden"}) {
		t.Errorf("%v", results)
	}
	if c := r.Clusters[0]; c.User != "alice" || len(c.Groups) != 2 || c.Milliseconds != 12 || c.Server != "https://prod.example.com:6443" {
		t.Errorf("%+v", c)
	}
}

func TestTheExitStatusOfCheckIsTheWorst(t *testing.T) {
	all := found()
	prod, far, dev, lab, old := all[0], all[1], all[2], all[3], all[4]
	locked := access{err: &auth.BlockedError{Account: "corp"}}
	offline := access{err: &auth.OfflineError{Account: "corp"}}
	untrusted := access{err: &review.Problem{Kind: review.Certificate}}
	for _, c := range []struct {
		found []access
		want  int
	}{
		{[]access{prod, old}, 0},
		{[]access{prod, far}, 4},
		{[]access{offline}, 4},
		{[]access{far, lab}, 3},
		{[]access{far, lab, locked}, 5},
		{[]access{lab, dev, far, locked}, 1},
		{[]access{untrusted}, 1},
	} {
		if got := checkStatus(c.found); got != c.want {
			t.Errorf("%v: %d, want %d", c.found, got, c.want)
		}
	}
}

func TestCheckAsksEveryAddressAndSaysForWhomItWaits(t *testing.T) {
	r := newAccessRig(t)
	gone := make(chan struct{})
	slow := newAPIServer(t)
	slow.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		<-gone
		slow.ServeHTTP(w, req)
	})
	prod := r.config.Clusters[0]
	tunnel := config.Cluster{Name: "tunnel", Account: "corp", Server: slow.URL, Servers: []string{r.api.URL}, CertificateAuthorityData: slow.ca()}
	noError(t, r.Keeper.Configure(r.accounts(), []auth.ClusterConfig{{Name: "prod", Account: "corp"}, {Name: "tunnel", Account: "corp"}}))
	var waited []string
	all := r.checkAll(t.Context(), []config.Cluster{tunnel, prod}, func(waiting []string) {
		if waited == nil {
			waited = slices.Clone(waiting)
			close(gone)
		}
	})
	if !slices.Equal(waited, []string{"tunnel"}) {
		t.Errorf("waited for %v", waited)
	}
	for i, server := range []string{slow.URL, r.api.URL, r.api.URL} {
		if len(all) != 3 || all[i].server.URL != server || all[i].err != nil || all[i].who.User != "alice@example.com" {
			t.Fatalf("%+v", all)
		}
	}
}

func TestCancellingACheckEndsItAtOnce(t *testing.T) {
	r := newAccessRig(t)
	asked, gone := make(chan struct{}), make(chan struct{})
	r.api.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(asked); <-gone })
	defer close(gone)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	all := r.checkAll(ctx, r.config.Clusters, func([]string) {})
	if len(all) != 1 || review.KindOf(all[0].err) != review.Unreachable {
		t.Errorf("%+v", all)
	}
}

func TestANameThatHasNoClustersIsSaidSo(t *testing.T) {
	r := newAccessRig(t)
	for name, want := range map[string]int{"": 1, "prod": 1, "corp": 1} {
		if got, err := r.clustersNamed(name); err != nil || len(got) != want {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
	if _, err := r.clustersNamed("typo"); err == nil || !strings.Contains(err.Error(), "not in the configuration") {
		t.Errorf("%v", err)
	}
	r.config.Clusters = nil
	if _, err := r.clustersNamed("corp"); err == nil || err.Error() != "corp: no cluster is configured for it" {
		t.Errorf("%v", err)
	}
}

// shown is a notifier that keeps what it is to show.
type shown struct {
	Notifier
	notices chan menu.Notice
}

func (s shown) Show(_ context.Context, n menu.Notice) error { s.notices <- n; return nil }

func TestCheckAccessInTheMenuShowsWhatCameOfIt(t *testing.T) {
	r := newAccessRig(t)
	notices := make(chan menu.Notice, 1)
	r.Notify = shown{notices: notices}
	r.Do(menu.Action{Verb: menu.VerbCheck, On: "prod"})
	if n := <-notices; n.Title != "prod: you have access" || !strings.HasPrefix(n.Body, "It takes you for alice@example.com, in dev. ") {
		t.Errorf("%+v", n)
	}
	r.api.answer(http.StatusUnauthorized)
	r.Do(menu.Action{Verb: menu.VerbCheck, On: "corp"})
	if n := <-notices; n.Title != "prod: no access" || !strings.Contains(n.Body, "likely: ") {
		t.Errorf("%+v", n)
	}
	if r.prod().Rejected == (auth.Reason{}) {
		t.Error("the cluster's row does not say so")
	}
}
