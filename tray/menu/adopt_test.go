package menu

import (
	"slices"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

func TestWhatCouldBeAdoptedIsOfferedOnceAndInTheMenuUntilItIsPutOff(t *testing.T) {
	s, set, now := &auth.Snapshot{}, Settings{Found: 3, FoundBy: "kubelogin"}, time.Date(2026, 1, 5, 12, 0, 0, 0, time.Local)
	quiet := set
	quiet.Quiet = true
	show, _, told := Notices(nil, s, nil, quiet, now)
	if len(show) > 0 {
		t.Fatalf("while the screen is locked: %+v", show)
	}
	show, _, told = Notices(s, s, told, set, now)
	if len(show) != 1 || show[0].Title != "Found 3 clusters that use kubelogin" || show[0].Buttons[0].Do.Verb != VerbAdopt || show[0].Buttons[1].Label != "Not now" {
		t.Fatalf("%+v", show)
	}
	if show, _, told = Notices(nil, s, told, set, now); len(show) > 0 { // after a restart
		t.Errorf("again: %+v", show)
	}
	has := func(set Settings) bool {
		return slices.ContainsFunc(View(s, set, now).Rows, func(r Row) bool {
			return r.Text == "Found 3 clusters that use kubelogin…" && len(r.Sub) == 2 && r.Sub[0].Text == "Adopt…" && r.Sub[1].Do == Action{VerbLater, tagAdopt}
		})
	}
	if !has(set) || has(Settings{}) {
		t.Errorf("%+v", View(s, set, now).Rows)
	}
	if told.AdoptedLater() || !told.Later(tagAdopt).AdoptedLater() {
		t.Errorf("%v", told)
	}
	_, withdraw, told := Notices(s, s, told, Settings{}, now) // adopted in a terminal
	if !slices.Contains(withdraw, tagAdopt) {
		t.Errorf("left on the screen: %v", withdraw)
	}
	if show, _, _ := Notices(s, s, told, set, now); len(show) > 0 {
		t.Errorf("found anew: %+v", show)
	}
	one := Settings{Found: 1, FoundBy: "kubelogin"}
	if got := found(one); got != "Found 1 cluster that uses kubelogin" {
		t.Error(got)
	}
}
