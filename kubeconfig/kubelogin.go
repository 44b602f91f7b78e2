package kubeconfig

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Login is what a user of a kubeconfig says of how it logs in at a provider, be it by the flags of int128's kubelogin or as an
// auth-provider.
type Login struct {
	Issuer, ClientID string
	ClientSecret     secret.Text
	Scopes           []string // openid first
	AccessToken      bool     // the API server is given the access token
	Username         string
	Way              string            // browser, password or device
	Redirect         string            // where the browser comes back to
	Browser          string            // the program that opens it; "": the system's
	CAFile           string            // as written
	CAData           []byte            // PEM
	Params           map[string]string // more parameters of the first request

	IDToken, RefreshToken secret.Text // of an auth-provider
}

// SameSession reports whether both would log in alike: the same client at the same provider asks for the same. Who never says a
// user name is like everybody. openid and offline_access make no difference: a person may have added the second.
func (l Login) SameSession(m Login) bool {
	return l.Issuer == m.Issuer && l.ClientID == m.ClientID && l.AccessToken == m.AccessToken &&
		l.Params["audience"] == m.Params["audience"] && slices.Equal(l.telling(), m.telling()) &&
		(l.Username == m.Username || l.Username == "" || m.Username == "")
}

// telling are the scopes that make a difference, sorted.
func (l Login) telling() []string {
	all := slices.DeleteFunc(slices.Clone(l.Scopes), func(s string) bool { return s == "openid" || s == "offline_access" })
	slices.Sort(all)
	return slices.Compact(all)
}

// flagKind is what is done with a flag of kubelogin's.
type flagKind struct {
	bare  bool // it needs no value
	take  func(*flags, string)
	why   string // why it cannot be carried over; "": it can, or makes no difference here
	plain string // carried over only if it has this value
}

// flags is a command line being read.
type flags struct {
	Login
	listen []string
	host   string // of the redirect URL
	grant  string
	cas    int
	cannot []string
}

const notHere = "kubecreds has nothing like it"

// kubeloginFlags are those of kubelogin get-token 1.36 and of versions before it.
func kubeloginFlags() map[string]flagKind {
	ignored, ignoredBare := flagKind{}, flagKind{bare: true}
	return map[string]flagKind{
		"oidc-issuer-url":                {take: func(f *flags, v string) { f.Issuer = v }},
		"oidc-client-id":                 {take: func(f *flags, v string) { f.ClientID = v }},
		"oidc-client-secret":             {take: func(f *flags, v string) { f.ClientSecret = secret.New(v) }},
		"oidc-extra-scope":               {take: func(f *flags, v string) { f.Scopes = append(f.Scopes, commas(v)...) }},
		"oidc-use-access-token":          {bare: true, take: func(f *flags, v string) { f.AccessToken = v != "false" }},
		"username":                       {take: func(f *flags, v string) { f.Username = v }},
		"password":                       {why: "a password has no place in a kubeconfig"},
		"grant-type":                     {take: func(f *flags, v string) { f.grant = v }},
		"listen-address":                 {take: func(f *flags, v string) { f.listen = append(f.listen, commas(v)...) }},
		"listen-port":                    {take: func(f *flags, v string) { f.listen = append(f.listen, "127.0.0.1:"+v) }},
		"oidc-redirect-url":              {take: func(f *flags, v string) { f.Redirect = v }},
		"browser-command":                {take: func(f *flags, v string) { f.Browser = v }},
		"certificate-authority":          {take: func(f *flags, v string) { f.CAFile, f.cas = v, f.cas+1 }},
		"certificate-authority-data":     {take: func(f *flags, v string) { f.takeCA(v) }},
		"oidc-auth-request-extra-params": {take: func(f *flags, v string) { f.takeParams(v) }},
		"oidc-redirect-url-hostname":     {take: func(f *flags, v string) { f.host = v }},

		// These make no difference here.
		"oidc-pkce-method": ignored, "oidc-use-pkce": ignoredBare, // always S256
		"force-refresh": ignoredBare, "token-cache-dir": ignored, "token-cache-storage": ignored,
		"skip-open-browser": ignoredBare, "authentication-timeout-sec": ignored, "open-url-after-authentication": ignored,
		"v": ignored, "vmodule": ignored, "logtostderr": ignoredBare, "alsologtostderr": ignoredBare, "stderrthreshold": ignored,
		"log_dir": ignored, "log_file": ignored, "log_file_max_size": ignored, "log_backtrace_at": ignored,
		"add_dir_header": ignoredBare, "one_output": ignoredBare, "skip_headers": ignoredBare, "skip_log_headers": ignoredBare,

		"insecure-skip-tls-verify":            {bare: true, why: "nothing turns verification off; name the certificate authority", plain: "false"},
		"tls-renegotiation-once":              {bare: true, why: notHere, plain: "false"},
		"tls-renegotiation-freely":            {bare: true, why: notHere, plain: "false"},
		"local-server-cert":                   {why: "the browser comes back to this machine over http only"},
		"local-server-key":                    {why: "the browser comes back to this machine over http only"},
		"oidc-request-header":                 {why: notHere},
		"oidc-redirect-url-authcode-keyboard": {why: notHere},
	}
}

// HasKubelogin reports whether a command line of get-token is kubelogin's.
func HasKubelogin(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == "--oidc-issuer-url" || strings.HasPrefix(a, "--oidc-issuer-url=")
	})
}

// Kubelogin reads the flags of kubelogin get-token, as --a=b and --a b. cannot says, a line each, what would be lost. The lines
// hold names of flags, no values.
func Kubelogin(args []string) (l Login, cannot []string) {
	f := flags{Login: Login{Scopes: []string{"openid"}}, host: "localhost"}
	known := kubeloginFlags()
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, value, has := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		if strings.HasPrefix(arg, "-v") && !strings.HasPrefix(arg, "-v=") && len(arg) > 2 { // -v1
			continue
		}
		kind, ok := known[name]
		if !strings.HasPrefix(arg, "-") || !ok {
			f.lose("%q is unknown", clipped(name))
			continue
		}
		if !has && !kind.bare {
			if len(args) == 0 {
				f.lose("--%s has no value", name)
				break
			}
			value, args = args[0], args[1:]
		}
		switch {
		case kind.why != "" && (value != kind.plain || kind.plain == ""):
			f.lose("--%s: %s", name, kind.why)
		case kind.take != nil:
			kind.take(&f, value)
		}
	}
	f.finish()
	return f.Login, f.cannot
}

func (f *flags) lose(format string, args ...any) {
	f.cannot = append(f.cannot, fmt.Sprintf(format, args...))
}

func (f *flags) takeCA(v string) {
	f.cas++
	b, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		f.lose("--certificate-authority-data is not base64")
		return
	}
	f.CAData = b
}

func (f *flags) takeParams(v string) {
	for _, pair := range commas(v) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			f.lose("--oidc-auth-request-extra-params is not key=value")
			return
		}
		if isOwnParam(key) {
			f.lose("--oidc-auth-request-extra-params: %s is not to be set", clipped(key))
			continue
		}
		if f.Params == nil {
			f.Params = map[string]string{}
		}
		f.Params[key] = value
	}
}

// isOwnParam reports whether a login sends that parameter itself.
func isOwnParam(key string) bool {
	return slices.Contains([]string{"scope", "response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "state",
		"nonce", "code_challenge", "code_challenge_method", "request", "request_uri"}, key)
}

// finish draws together what several flags say.
func (f *flags) finish() {
	switch {
	case f.Issuer == "":
		f.lose("--oidc-issuer-url is missing")
	case f.ClientID == "":
		f.lose("--oidc-client-id is missing")
	}
	if f.cas > 1 {
		f.lose("several certificate authorities; put them into one file")
	}
	f.Scopes = unique(f.Scopes)
	switch f.grant {
	case "", "auto":
		f.Way = "browser"
		if f.Username != "" {
			f.Way = "password"
		}
	case "authcode":
		f.Way = "browser"
	case "password":
		f.Way = "password"
	case "device-code":
		f.Way = "device"
	default:
		f.lose("--grant-type=%s: kubecreds logs in with a password, the browser or a device code", clipped(f.grant))
	}
	f.redirect()
}

// redirect finds where the browser comes back to. Left out, that is kubelogin's default, which providers were told.
func (f *flags) redirect() {
	if f.Redirect == "" {
		port := "8000"
		if len(f.listen) > 0 {
			var err error
			if _, port, err = net.SplitHostPort(f.listen[0]); err != nil {
				f.lose("--listen-address is not an address with a port")
				return
			}
		}
		f.Redirect = "http://" + net.JoinHostPort(f.host, port)
		if port == "0" {
			f.Redirect = "http://" + f.host
		}
	}
	u, err := url.Parse(f.Redirect)
	if err != nil || u.Scheme != "http" || !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) {
		f.lose("the browser would not come back to this machine over http")
		f.Redirect = ""
	}
}

func commas(v string) (all []string) {
	for s := range strings.SplitSeq(v, ",") {
		if s != "" {
			all = append(all, s)
		}
	}
	return all
}

// unique drops what was said before.
func unique(all []string) (out []string) {
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// clipped is a word from elsewhere, for a line.
func clipped(s string) string {
	s = oneLine(s)
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
