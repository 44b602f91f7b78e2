package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Fetch gets the document at address for a person who named it: https only, redirected on the same host only, at most 1 MiB,
// within 10 s, through the proxy of the environment. Errors name the host; the rest of an address may be a secret.
func Fetch(ctx context.Context, address string) ([]byte, error) {
	client, err := newClient(nil, "", timings{connect: 5 * time.Second, request: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	return fetch(ctx, client, address)
}

func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, errors.New("that is not a web address; write https://…")
	case u.Scheme != "https":
		return nil, errors.New(host(address) + ": others can change what comes over " + cleaned(u.Scheme) + "; write https://…")
	case u.User != nil:
		return nil, errors.New(host(address) + ": an address here must not hold a user name or password")
	}
	p := &Provider{client: client, now: time.Now}
	return p.get(ctx, u.String())
}
