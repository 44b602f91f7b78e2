package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

const (
	pollEvery    = 5 * time.Second  // RFC 8628 section 3.2: where the provider does not say
	slowerBy     = 5 * time.Second  // section 3.5
	weatherLimit = time.Minute      // between polls while the provider cannot be reached
	codeLife     = 10 * time.Minute // where the provider does not say

	maxUserCode = 64   // characters that a person types
	maxAddress  = 2048 // bytes
)

// DeviceCode is what a person needs to log in on any device (RFC 8628 section 3.3). All of it is printable, on one line.
type DeviceCode struct {
	UserCode    string    // to be typed at URL
	URL         string    // https, or http on loopback
	CompleteURL string    // URL with the code in it, on the same host; "": the provider gave none
	Host        string    // URL's, with its port if it has one, for the person to recognise
	OtherHost   bool      // Host is not the issuer's: ask before it is opened
	Expires     time.Time // by this machine's clock
}

// Device logs in on any device, also another one (RFC 8628). show is called once, in a goroutine of its own; it may return at
// once, or show the code until its context ends, which it does with the login. An error of it ends the login and is
// returned as it is. Device asks the provider as often as that allows, through outages, until the code expires; it returns
// once show has.
// Errors: *Refusal of kind Denied (also where the code expired), NeedsOther or Misconfigured; *Weather; context.Canceled.
func (p *Provider) Device(ctx context.Context, hint Hint, show func(context.Context, DeviceCode) error) (Grant, error) {
	e, err := p.endpoints(ctx)
	if err != nil {
		return Grant{}, err
	}
	if e.device == "" {
		return Grant{}, lacks("device_authorization_endpoint", "deviceEndpoint")
	}
	a, err := p.post(ctx, e, e.device, p.hinted(hint, url.Values{}))
	if err != nil {
		return Grant{}, err
	}
	if !a.success() {
		return Grant{}, a.refused(deviceGrant, secret.Text{}, e.device, p.now())
	}
	d, err := p.readDevice(a, e.device)
	if err != nil {
		return Grant{}, err
	}
	return beside(ctx, func(ctx context.Context) error { return show(ctx, d.DeviceCode) }, func(ctx context.Context) (Grant, error) {
		return p.poll(ctx, e, d)
	})
}

// device is an answer to a device authorization request.
type device struct {
	DeviceCode
	code     secret.Text
	interval time.Duration
}

// readDevice reads that answer (section 3.2).
func (p *Provider) readDevice(a *answer, address string) (device, error) {
	doc, _ := readObject(a.body)
	d := device{code: secret.New(doc.text("device_code")), interval: doc.lifetime("interval")}
	d.UserCode = cleaned(doc.text("user_code"))
	d.URL, d.CompleteURL = doc.text("verification_uri"), doc.text("verification_uri_complete")
	if d.URL == "" {
		d.URL = doc.text("verification_url") // Google
	}
	if d.code.Empty() || d.UserCode == "" || len(d.UserCode) > maxUserCode || d.URL == "" {
		return device{}, a.weather(address, p.now())
	}
	u, err := checkVisit(d.URL)
	if err != nil {
		return device{}, misconfigured(fmt.Sprintf("the provider's verification_uri cannot be used: %v", err))
	}
	if d.CompleteURL != "" {
		c, err := checkVisit(d.CompleteURL)
		if err == nil && !sameHost(c, u) {
			err = errors.New("it is on another host than verification_uri")
		}
		if err != nil {
			return device{}, misconfigured(fmt.Sprintf("the provider's verification_uri_complete cannot be used: %v", err))
		}
	}
	issuer, err := url.Parse(p.config.Issuer)
	d.Host, d.OtherHost = host(d.URL), err != nil || !sameHost(u, issuer)
	life := doc.lifetime("expires_in")
	if life == 0 {
		life = codeLife
	}
	if d.interval == 0 || d.interval >= life {
		d.interval = pollEvery
	}
	d.Expires = p.now().Round(0).Add(life)
	return d, nil
}

// checkVisit holds an address that a person will open to the rule for endpoints, but that it may have a #. It is shown, so it
// is plain ASCII: nothing in it looks like what it is not.
func checkVisit(s string) (*url.URL, error) {
	endpoint, _, _ := strings.Cut(s, "#")
	if err := checkURL(endpoint); err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	if err != nil || len(s) > maxAddress || !plain(s) || !plain(u.Host) { // a host may hold anything as %XX
		return nil, errors.New("it holds what no address should")
	}
	return u, nil
}

// plain reports whether s is made of visible ASCII characters.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

var (
	errPending  = errors.New("authorization_pending")
	errSlowDown = errors.New("slow_down")
)

// poll asks for the tokens until they come, the provider says no, or the code has expired.
func (p *Provider) poll(ctx context.Context, e endpoints, d device) (Grant, error) {
	for next := d.interval; p.now().Before(d.Expires); {
		if p.wait(ctx, next) != nil {
			return Grant{}, unfinished(ctx, "nobody entered the code in time")
		}
		g, err := p.pollOnce(ctx, e, d)
		var weather *Weather
		switch {
		case errors.Is(err, errPending):
			next = d.interval
		case errors.Is(err, errSlowDown):
			d.interval += slowerBy
			next = d.interval
		case errors.As(err, &weather): // section 3.5: less often, too; but not later than the code expires
			next = max(min(2*next, weatherLimit), weather.RetryAfter)
			next = max(min(next, d.Expires.Sub(p.now())), d.interval)
		default:
			return g, err
		}
	}
	return Grant{}, expired("")
}

// pollOnce asks for the tokens once (sections 3.4 and 3.5). Errors: errPending, errSlowDown, those of Device.
func (p *Provider) pollOnce(ctx context.Context, e endpoints, d device) (Grant, error) {
	a, err := p.request(ctx, e, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d.code.Reveal()},
	})
	if err != nil {
		return Grant{}, err
	}
	if a.status >= 400 && a.status < 500 { // Google says pending with 428 and slow_down with 403
		doc, _ := readObject(a.body)
		switch code := doc.text("error"); code {
		case "authorization_pending":
			return Grant{}, errPending
		case "slow_down":
			return Grant{}, errSlowDown
		case "expired_token", "invalid_grant": // panva, of an expired code
			return Grant{}, expired(code)
		}
	}
	return p.granted(a, deviceGrant, d.code, e.token)
}

func expired(code string) *Refusal {
	return &Refusal{Kind: Denied, Code: code, Words: "the code expired before anybody logged in with it; log in again"}
}
