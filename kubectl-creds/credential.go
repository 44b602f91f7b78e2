package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
)

// writeCredential prints c as kubectl wants it, in version 1 where exec is nil. It is the only place where the token leaves.
// A token is made of characters that JSON needs no quoting for (RFC 6750 2.1): one with others is none.
func writeCredential(w io.Writer, exec *wire.ExecInfo, c wire.Credential) error {
	token := c.Token.Reveal()
	if strings.ContainsFunc(token, func(r rune) bool { return !isToken(r) }) {
		return errors.New("the agent's answer holds no token that can be sent")
	}
	version, expires := wire.ExecV1, ""
	if exec != nil {
		version = exec.APIVersion
	}
	if !c.Expires.IsZero() {
		expires = `"expirationTimestamp":"` + c.Expires.UTC().Format(time.RFC3339) + `",`
	}
	_, err := io.WriteString(w, `{"kind":"ExecCredential","apiVersion":"`+version+`","status":{`+expires+`"token":"`+token+`"}}`+"\n")
	return err
}

// isToken reports whether r may stand in a bearer token.
func isToken(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~+/=", r)
}
