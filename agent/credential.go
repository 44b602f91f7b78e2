package agent

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

const (
	tokenLife = 3 * time.Minute // tokens that live no longer cannot be renewed early enough for client-go to notice
	readLimit = 5 * time.Second // for getting a token that is there
)

// carried is the token that p's delivery carries: none for exec, and none where nobody is logged in.
func (a *Agent) carried(ctx context.Context, p parcel) (auth.Token, error) {
	if p.out || p.Delivery == config.Exec {
		return auth.Token{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	t, err := a.Keeper.Token(ctx, p.Name)
	if err != nil {
		return t, err
	}
	const instead = "have the provider give tokens of more than 3 minutes, or write delivery: exec"
	switch life := t.Expires.Sub(t.Issued).Round(time.Second); {
	case p.Delivery == config.TokenFile && life <= tokenLife:
		return t, fmt.Errorf("its tokens live %v, and programs read a token file once a minute only; "+instead, life)
	case p.Delivery == config.AuthProvider && life <= tokenLife:
		return t, fmt.Errorf("its tokens live %v, and kubectl shall have each for a minute longer than it needs it; "+instead, life)
	case p.Delivery == config.AuthProvider && strings.Count(t.Value.Reveal(), ".") != 2:
		return t, errors.New("its token is not a JWT, which auth-provider must be given; write delivery: exec, or bearer: id_token")
	}
	return t, nil
}

// entry is what the kubeconfig shall say of p's cluster, whose token is t.
func (a *Agent) entry(p parcel, t auth.Token) kubeconfig.Change {
	change := kubeconfig.Change{
		Name:    p.Name,
		Account: p.Account,
		Server:  p.Server,

		TLSServerName: p.TLSServerName,

		CAFile: p.CertificateAuthority,
		CAData: p.CertificateAuthorityData,
		Exec:   kubeconfig.Exec{Command: a.Client, Args: []string{"get-token", "--cluster", p.Name}},
	}
	if a.Places.Home != "" { // kubectl would ask this person's other agent
		change.Exec.Env = map[string]string{"KUBECREDS_SOCKET": a.Socket.Socket()}
	}
	switch p.Delivery {
	case config.TokenFile:
		change.Instead = kubeconfig.TokenFile{Path: a.tokenFile(p.Name)}
	case config.InlineToken:
		change.Instead = kubeconfig.Token{Value: t.Value}
	case config.AuthProvider:
		change.Instead = a.authProvider(p, t)
	case config.Exec:
	}
	return change
}

// authProvider is p's account in the words of kubectl's own OpenID Connect client.
func (a *Agent) authProvider(p parcel, t auth.Token) kubeconfig.AuthProvider {
	provider := kubeconfig.AuthProvider{
		Issuer:   p.account.Issuer,
		ClientID: p.account.ClientID,
		CAFile:   p.account.CertificateAuthority,
		IDToken:  t.Value,
	}
	if p.account.CertificateAuthorityData != nil {
		provider.CAData = base64.StdEncoding.EncodeToString(p.account.CertificateAuthorityData)
	}
	shared, err := a.Keeper.Share(p.Name)
	if err != nil {
		return provider // it left the configuration
	}
	provider.ClientSecret = shared.Client
	if p.RefreshTokenInKubeconfig && !p.out {
		provider.RefreshToken = shared.Refresh // the cluster's remark says why there is none
	}
	return provider
}

// remark is what to know of how cl is delivered, though nothing fails.
func (a *Agent) remark(cl config.Cluster, st auth.Status) string {
	if cl.Delivery == config.Exec {
		return ""
	}
	var all []string
	if a.Autostart != nil {
		if on, err := a.Autostart.Enabled(); err == nil && !on {
			all = append(all, fmt.Sprintf("delivery %s needs kubecreds at login, and Start at login is off", cl.Delivery))
		}
	}
	if shared, err := a.Keeper.Share(cl.Name); cl.RefreshTokenInKubeconfig && err == nil && st.Serial > 0 {
		switch shared.Rotation {
		case auth.Rotates:
			all = append(all, "its refresh token stays out of the kubeconfig: the provider replaces it at each renewal, and an old one ends the session")
		case auth.Unseen:
			all = append(all, "its refresh token comes into the kubeconfig when a renewal has shown that the provider does not replace it")
		case auth.Keeps:
		}
	}
	return strings.Join(all, "; ")
}

// fileName makes a file name of a name that may hold what file systems do not bear.
func fileName(name string) string {
	const longest = 40
	plain := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	sum := sha256.Sum256([]byte(name))
	return plain[:min(len(plain), longest)] + "-" + hex.EncodeToString(sum[:4])
}
