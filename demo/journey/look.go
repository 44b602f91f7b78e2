package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
	"github.com/kubecreds/kubecreds/demo/shots"
)

// menuSays waits until the menu holds text.
func (j *journey) menuSays(ctx context.Context, text string) error {
	if err := drive.MenuSays(ctx, patience, text); err != nil {
		return err
	}
	row, err := shots.Row(ctx, text)
	if err == nil {
		j.note("menu: %s", row)
	}
	return err
}

// isReady waits until the menu says that both clusters are ready, and the person is not asked anything any more.
func (j *journey) isReady(ctx context.Context) error {
	if err := drive.MenuSays(ctx, patience, "logged in as alice@example.com"); err != nil {
		return err
	}
	return j.menuSays(ctx, "2 of 2 clusters ready")
}

// menuIs waits until the menu's entry has that flag.
func (j *journey) menuIs(ctx context.Context, label, flag string) error {
	return drive.Until(ctx, patience, fmt.Sprintf("the menu's %q to be %s", label, flag), func() bool {
		out, _ := drive.Desk(ctx, "menu")
		for line := range strings.Lines(out) {
			if f := strings.SplitN(strings.TrimSpace(line), "\t", 3); len(f) == 3 && f[2] == label {
				return strings.Contains(f[1], flag)
			}
		}
		return false
	})
}

// sees waits until text is drawn somewhere.
func (j *journey) sees(ctx context.Context, text string) error {
	return drive.Until(ctx, patience, fmt.Sprintf("%q on the screen", text), func() bool { return drive.Sees(ctx, text) })
}

// asksFor waits for the dialog that shows text, and for its focus.
func (j *journey) asksFor(ctx context.Context, text string) error {
	if err := j.sees(ctx, text); err != nil {
		return err
	}
	j.note("the dialog: %s…", strings.TrimSpace(text))
	_, err := drive.Dialog(ctx, "corp: ")
	return err
}

// kubectl runs kubectl, shows it and what it printed, and wants status 0 and want in the output.
func (j *journey) kubectl(ctx context.Context, want string, args ...string) (string, error) {
	res := j.Kubectl(ctx, args...)
	j.note("$ kubectl %s\n%s", strings.Join(args, " "), res.Out+res.Err)
	if res.Status != 0 {
		return "", fmt.Errorf("kubectl ended with %d", res.Status)
	}
	if !strings.Contains(res.Out, want) {
		return "", fmt.Errorf("kubectl did not print %q", want)
	}
	return res.Out, nil
}

// tokenEnds is when the token ends that kubectl gets now.
func (j *journey) tokenEnds(ctx context.Context) (time.Time, error) {
	var status struct {
		Accounts []struct{ Until *time.Time }
	}
	res := j.Creds(ctx, "", "status", "-o", "json")
	if err := json.Unmarshal([]byte(res.Out), &status); err != nil {
		return time.Time{}, fmt.Errorf("kubectl creds status: %w: %s", err, res.Err)
	}
	if len(status.Accounts) != 1 || status.Accounts[0].Until == nil {
		return time.Time{}, errors.New("there is no token")
	}
	return *status.Accounts[0].Until, nil
}

// quiet sets the provider's counts to zero at a moment when no renewal is under way, and returns when the token ends.
func (j *journey) quiet(ctx context.Context) (end time.Time, err error) {
	for range 5 {
		if err := j.Control.ResetCounts(ctx); err != nil {
			return end, err
		}
		if end, err = j.tokenEnds(ctx); err != nil {
			return end, err
		}
		counts, err := j.Control.Counts(ctx)
		if err != nil {
			return end, err
		}
		if counts.Total == 0 && time.Until(end) > lifetime/2 { // renewal begins at half of its life
			return end, nil
		}
		if _, err := j.renewed(ctx, end, lifetime); err != nil {
			return end, err
		}
	}
	return end, errors.New("the provider is never left alone")
}

// renewed waits, at most d, until the token has an end later than before, and returns that.
func (j *journey) renewed(ctx context.Context, before time.Time, d time.Duration) (end time.Time, err error) {
	waited := drive.Until(ctx, d, "a renewal", func() bool {
		end, err = j.tokenEnds(ctx)
		return err == nil && end.After(before)
	})
	return end, errors.Join(waited, err)
}

// oneRequest checks that the provider got one request, a renewal, since its counts were reset.
func (j *journey) oneRequest(ctx context.Context, what string) error {
	counts, err := j.Control.Counts(ctx)
	if err != nil {
		return err
	}
	if counts.Total != 1 || counts.Outcome("token/refresh_token", "ok") != 1 {
		return fmt.Errorf("the provider got %d requests instead of 1: %v", counts.Total, counts.Requests)
	}
	j.note("the provider's count of requests: 1, %s", what)
	return nil
}
