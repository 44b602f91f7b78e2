package main

import (
	"errors"
	"slices"
	"strings"
)

// isKubelogin reports whether the arguments of get-token are those of int128's kubelogin.
func isKubelogin(args []string) bool { return hasFlag(args, "--oidc-issuer-url") }

// kubelogin leaves it to the agent to understand the arguments. A secret among them goes no further.
func (c command) kubelogin(args []string) (call, error) {
	switch {
	case hasFlag(args, "--oidc-client-secret"):
		return call{}, errors.New("--oidc-client-secret: a secret has no place in a kubeconfig; run: kubectl creds adopt, which moves it into the keychain")
	case hasFlag(args, "--password"):
		return call{}, errors.New("--password: a password has no place in a kubeconfig; remove it there, and log in with: kubectl creds login")
	}
	return call{verb: c.verb, run: c.run, args: args}, nil
}

func hasFlag(args []string, flag string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
}
