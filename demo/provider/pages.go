package provider

import (
	"html/template"
	"net/http"
)

// page is what both forms, login and device, show.
type page struct {
	Title, Text, Error string
	Request            string // of a code login: ID of the authRequest
	Username           string
	Device             bool   // ask for the code, offer Deny
	UserCode           string // of a device login
	Done               bool   // nothing left to fill in
}

const pageText = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="font: 16px sans-serif; max-width: 22em; margin: 4em auto">
<h1>{{.Title}}</h1>
{{with .Text}}<p>{{.}}</p>{{end}}
{{with .Error}}<p id="error" style="color: #b00">{{.}}</p>{{end}}
{{if not .Done}}<form method="post">
{{with .Request}}<input type="hidden" name="request" value="{{.}}">{{end}}
{{if .Device}}<p><label>Code<br><input name="user_code" value="{{.UserCode}}" required></label></p>{{end}}
<p><label>User name<br><input name="username" value="{{.Username}}" autocomplete="username" required></label></p>
<p><label>Password<br><input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button name="action" value="allow">Log in</button>{{if .Device}} <button name="action" value="deny">Deny</button>{{end}}</p>
</form>{{end}}
</body></html>
`

// show answers with the page and the status.
func (p *Provider) show(w http.ResponseWriter, status int, contents page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = p.page.Execute(w, contents) // fails only when the client has gone
}

func newPage() *template.Template { return template.Must(template.New("page").Parse(pageText)) }
