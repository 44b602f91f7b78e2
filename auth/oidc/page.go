package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
)

// page is what the person sees in the browser: text, not HTML.
type page struct{ title, text string }

// pageAfter is the browser's last page: what is known once the provider gave tokens, or err.
func pageAfter(account string, err error) page {
	account = cleaned(account)
	if account == "" {
		account = "this account"
	}
	if err == nil {
		return page{"Login received: " + account, "kubecreds checks it now and then shows " + account + " as logged in. You can close this page."}
	}
	var refusal *Refusal
	var weather *Weather
	why := "the login was cancelled"
	switch {
	case errors.As(err, &refusal):
		why = refusal.Words
	case errors.As(err, &weather):
		why = weather.Words
	}
	return page{"Not logged in: " + account, cleaned(why) + ". You can close this page."}
}

const style = `:root{color-scheme:light dark}
body{font:1.125rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1.5rem;overflow-wrap:anywhere}
h1{font-size:1.5rem}`

const document = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%[1]s · kubecreds</title>
<style>` + style + `</style>
</head>
<body>
<h1>%[1]s</h1>
<p>%[2]s</p>
</body>
</html>
`

// show answers with a page, whole and at once: what comes after may close the connection.
func show(w http.ResponseWriter, status int, p page) {
	body := fmt.Sprintf(document, html.EscapeString(p.title), html.EscapeString(p.text))
	protect(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
	_ = http.NewResponseController(w).Flush()
}

// protect keeps addresses with a state in them out of caches and other sites' logs, and everything but our style out of
// the page.
func protect(h http.Header) {
	hash := sha256.Sum256([]byte(style))
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
