package provider

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

const deviceTitle = "Log in on another device"

// device is a device login under way (RFC 8628).
type device struct {
	userCode string
	state    op.DeviceAuthorizationState
	interval time.Duration // how often it may poll
	polled   time.Time     // when it last did
	got      string        // the refresh token that it was given; kept only where a further poll ends the session
}

var errNoDevice = errors.New("this code is unknown or has expired")

// StoreDeviceAuthorization implements op.DeviceAuthorizationStorage.
func (s *storage) StoreDeviceAuthorization(_ context.Context, client, deviceCode, userCode string, expires time.Time, scopes []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for code, d := range s.devices {
		if time.Since(d.state.Expires) > time.Hour { // so long its code is answered expired_token
			delete(s.devices, code)
		} else if d.userCode == userCode {
			return op.ErrDuplicateUserCode
		}
	}
	s.devices[deviceCode] = &device{
		userCode: userCode,
		state:    op.DeviceAuthorizationState{ClientID: client, Scopes: allowedScopes(scopes), Expires: expires},
		interval: s.deviceInterval,
	}
	return nil
}

// GetDeviceAuthorizatonState implements op.DeviceAuthorizationStorage: a poll of the token endpoint. pkg/op answers
// context.DeadlineExceeded as slow_down and every other error as access_denied; a finished login is handed out once.
func (s *storage) GetDeviceAuthorizatonState(_ context.Context, client, deviceCode string) (*op.DeviceAuthorizationState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, known := s.devices[deviceCode]
	if !known || d.state.ClientID != client {
		return nil, errNoDevice
	}
	if token, given := s.refreshTokens[d.got]; given {
		token.session.finish(endReused)
		return nil, polledAgain
	}
	now := time.Now()
	tooSoon := now.Sub(d.polled) < d.interval*9/10 // a tenth for the network's moods
	d.polled = now
	if tooSoon {
		d.interval += 5 * time.Second // RFC 8628 3.5
		return nil, context.DeadlineExceeded
	}
	if d.state.Denied || d.state.Done && !s.manners.pollEndsSession {
		delete(s.devices, deviceCode)
	}
	state := d.state
	return &state, nil
}

// gave notes that the poll for deviceCode yielded a refresh token.
func (s *storage) gave(deviceCode, refreshToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, known := s.devices[deviceCode]; known {
		d.got = refreshToken
	}
}

// decideDevice allows, or denies, the device that shows userCode to act as u.
func (s *storage) decideDevice(userCode string, u *user, allow bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if d.userCode != userCode || d.state.Done || d.state.Denied || time.Now().After(d.state.Expires) {
			continue
		}
		d.state.Done, d.state.Denied = allow, !allow
		d.state.Subject, d.state.AMR, d.state.AuthTime = u.subject, []string{"pwd"}, time.Now()
		return nil
	}
	return errNoDevice
}

// showDevice is GET /device?user_code=CODE, the verification page.
func (p *Provider) showDevice(w http.ResponseWriter, r *http.Request) {
	p.show(w, http.StatusOK, page{Title: deviceTitle, Device: true, UserCode: r.FormValue("user_code")})
}

// device is POST /device with user_code, username, password and action=allow or deny.
func (p *Provider) device(w http.ResponseWriter, r *http.Request) {
	code, name := strings.ToUpper(strings.TrimSpace(r.PostFormValue("user_code"))), r.PostFormValue("username")
	again := page{Title: deviceTitle, Device: true, UserCode: code, Username: name}
	u := p.storage.authenticate(name, r.PostFormValue("password"))
	if u == nil {
		again.Error = "Wrong user name or password."
		p.show(w, http.StatusUnauthorized, again)
		return
	}
	allow := r.PostFormValue("action") != "deny"
	if err := p.storage.decideDevice(code, u, allow); err != nil {
		again.Error = err.Error()
		p.show(w, http.StatusBadRequest, again)
		return
	}
	text := "The device is logged in. You can close this page."
	if !allow {
		text = "The device was denied. You can close this page."
	}
	p.show(w, http.StatusOK, page{Title: deviceTitle, Text: text, Done: true})
}
