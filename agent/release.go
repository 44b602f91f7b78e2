package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// preview is what releasing users would change. Secrets are not shown, so any will do.
func preview(users []adopted) (shown []string, err error) {
	for _, u := range users {
		u.Values = map[string]secret.Text{}
		for _, name := range []string{kubeconfig.ClientSecret, kubeconfig.IDToken, kubeconfig.RefreshToken} {
			u.Values[name] = secret.New("x")
		}
		d, _, err := planRelease(u)
		if err != nil {
			return nil, err
		}
		if d.Empty() {
			shown = append(shown, fmt.Sprintf("user %s in %s is no longer ours, and stays as it is", u.User, u.File))
		}
		shown = append(shown, d.Shown()...)
	}
	return shown, nil
}

func planRelease(u adopted) (kubeconfig.Diff, *kubeconfig.Files, error) {
	files, err := kubeconfig.Load([]string{u.File})
	if err != nil {
		return kubeconfig.Diff{}, nil, err
	}
	d, err := files.PlanUsers(u.Kept)
	return d, files, err
}

// release puts users back with what they need today, and takes out of the configuration what was made for them.
func (a *Agent) release(ctx context.Context, users []adopted) (notes []string, err error) {
	a.adopting.Lock()
	defer a.seek()
	defer a.adopting.Unlock()
	// A session goes back to the one who is released last.
	slices.SortStableFunc(users, func(x, y adopted) int { return strings.Compare(sessionRank(x), sessionRank(y)) })
	for _, u := range users {
		note, err := a.releaseOne(ctx, u)
		if note != "" {
			notes = append(notes, note)
		}
		if err != nil {
			return notes, err
		}
	}
	return notes, nil
}

// sessionRank sorts users that had a session behind those that had none.
func sessionRank(u adopted) string {
	if u.Holds(kubeconfig.RefreshToken) {
		return "session"
	}
	return "none"
}

func (a *Agent) releaseOne(ctx context.Context, u adopted) (note string, err error) {
	all, err := a.adoptedUsers()
	if err != nil {
		return "", err
	}
	stays, last := a.without(u, all)
	ours, _, err := planRelease(u)
	if err != nil {
		return "", err
	}
	u.Values = map[string]secret.Text{}
	if u.Holds(kubeconfig.ClientSecret) {
		if u.Values[kubeconfig.ClientSecret], err = a.Keeper.ClientSecret(ctx, u.Account); err != nil {
			return "", err
		}
	}
	var refresh secret.Text
	if u.Holds(kubeconfig.RefreshToken) && !ours.Empty() {
		if note, refresh, err = a.giveBack(ctx, &u, last); err != nil {
			return note, err
		}
	}
	if err := putBack(ctx, u); err != nil {
		if !refresh.Empty() { // it is ours again
			if _, lost := a.Keeper.TakeOver(context.WithoutCancel(ctx), u.Account, refresh); lost != nil {
				err = errors.Join(err, lost)
			}
		}
		return note, err
	}
	if last && refresh.Empty() {
		if _, err := a.logout(ctx, u.Account); err != nil {
			a.Log.Info("release", "account", u.Account, "err", err)
		}
	}
	if err := a.edit(config.Edit{Remove: stays}); err != nil {
		return note, err
	}
	return note, a.dropAdopted([]adopted{u})
}

// giveBack puts the session into what u gets back, where nothing else needs it, else only the token of now.
func (a *Agent) giveBack(ctx context.Context, u *adopted, last bool) (note string, refresh secret.Text, err error) {
	if !last {
		if t, err := a.Keeper.Token(ctx, u.Account); err == nil {
			u.Values[kubeconfig.IDToken] = t.Value
		}
		return fmt.Sprintf("user %s gets no refresh token, because %s goes on using the session; log in with the program you used before", u.User, u.Account), refresh, nil
	}
	token, refresh, err := a.Keeper.HandOver(ctx, u.Account)
	if err != nil {
		return "", refresh, err
	}
	u.Values[kubeconfig.IDToken], u.Values[kubeconfig.RefreshToken] = token, refresh
	if refresh.Empty() {
		note = u.Account + ": there is no session to give back; log in with the program you used before"
	}
	return note, refresh, nil
}

// without is what leaves the configuration with u: the clusters that adopt made and no other adopted user opens, and the account,
// if adopt made it and u is the last that needs it.
func (a *Agent) without(u adopted, all []adopted) (gone []string, last bool) {
	c := a.inForce()
	if c == nil {
		return nil, false
	}
	others := slices.DeleteFunc(all, func(o adopted) bool { return o.File == u.File && o.User == u.User || o.Account != u.Account })
	needed := false
	for _, cl := range c.Clusters {
		if cl.Account != u.Account {
			continue
		}
		mine := cl.Adopted && slices.Contains(u.Clusters, cl.Name)
		if mine && !slices.ContainsFunc(others, func(o adopted) bool { return slices.Contains(o.Clusters, cl.Name) }) {
			gone = append(gone, cl.Name)
		} else {
			needed = true
		}
	}
	if last = u.Made && !needed && len(others) == 0; last {
		gone = append(gone, u.Account)
	}
	return gone, last
}

func putBack(ctx context.Context, u adopted) error {
	d, files, err := planRelease(u)
	if err != nil || d.Empty() {
		return err
	}
	return files.Apply(ctx, d)
}
