package menu

import (
	"slices"
	"testing"

	"github.com/kubecreds/kubecreds/auth"
)

func TestAMenuIsAlsoAListToChooseFrom(t *testing.T) {
	said, choices := Choices(View(one(auth.Status{Phase: auth.LoggedOut}), Settings{CanAutostart: true, Version: "1.0"}, noon()).Rows)
	if want := []string{"0 of 1 cluster ready; dev is not logged in"}; !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
	var lines []string
	for _, r := range choices {
		lines = append(lines, Line(r))
	}
	want := []string{"dev: not logged in ▸", "Log in to corp…", "Start at login (off)", "Help and diagnostics ▸", "Quit (renewal stops)"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
	_, behind := Choices(choices[0].Sub)
	if len(behind) != 2 || behind[0].Text != "Log in…" || behind[1].Text != "Why…" {
		t.Errorf("behind the cluster: %+v", behind)
	}
}
