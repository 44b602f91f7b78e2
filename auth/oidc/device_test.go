package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// deviceAnswer is a good answer to a device authorization request; changes are laid over it, nil removes.
func deviceAnswer(f *fake, changes map[string]any) string {
	f.t.Helper()
	a := map[string]any{
		"device_code": "device code one", "user_code": "WDJB-MJHT", "verification_uri": f.URL + "/activate",
		"verification_uri_complete": f.URL + "/activate?user_code=WDJB-MJHT", "expires_in": 600, "interval": 5,
	}
	for k, v := range changes {
		if a[k] = v; v == nil {
			delete(a, k)
		}
	}
	b, err := json.Marshal(a)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// shown is a person who looks at the code and does something else.
func shown(context.Context, DeviceCode) error { return nil }

// waits is a clock that begins at noon and moves when somebody waits.
type waits struct {
	mu   sync.Mutex
	list []time.Duration
	past time.Duration
}

func (w *waits) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return noon.Add(w.past)
}

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list, w.past = append(w.list, d), w.past+d
	return ctx.Err()
}

// deviceClient makes a Provider for f that waits by w.
func (f *fake) deviceClient(w *waits, change ...func(*Config)) *Provider {
	p := f.clientAt(w.now, change...)
	p.wait = w.wait
	return p
}

// inTurn answers with one handler after the other; the last one stays.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[0]
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
		mu.Unlock()
		h(w, r)
	}
}

func seconds(list ...int) []time.Duration {
	out := make([]time.Duration, len(list))
	for i, s := range list {
		out[i] = time.Duration(s) * time.Second
	}
	return out
}

func TestADeviceLoginSendsWhatRFC8628Says(t *testing.T) {
	f := newFake(t)
	f.on("/device", answers(200, deviceAnswer(f, nil)))
	f.on("/token", inTurn(answers(400, oauthError("authorization_pending")),
		tokens(map[string]any{"refresh_token": refresh1, "id_token": f.sign(f.claims(nil))})))
	var w waits
	p := f.deviceClient(&w, func(c *Config) {
		c.Audience, c.Prompt, c.AuthParams = "api://k8s", "consent", map[string]string{"resource": "x"}
	})
	var code DeviceCode
	g, err := p.Device(t.Context(), Hint{User: "alice", Account: "corp", SelectAccount: true}, func(_ context.Context, c DeviceCode) error {
		code = c
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"client_id": {"kubernetes"}, "scope": {"openid offline_access"}, "audience": {"api://k8s"}, "login_hint": {"alice"}, "resource": {"x"},
	}
	if r := f.requests("/device")[0]; r.method != "POST" || !reflect.DeepEqual(r.form, want) || r.header.Get("Authorization") != "" {
		t.Errorf("sent %s %v", r.method, r.form)
	}
	want = url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {"device code one"}, "client_id": {"kubernetes"},
	}
	for _, r := range f.requests("/token") {
		if r.method != "POST" || !reflect.DeepEqual(r.form, want) {
			t.Errorf("polled %s %v", r.method, r.form)
		}
	}
	f.wantRequests("/token", 2) // none after the success
	f.wantRequests("/device", 1)
	if wantCode := (DeviceCode{
		UserCode: "WDJB-MJHT", URL: f.URL + "/activate", CompleteURL: f.URL + "/activate?user_code=WDJB-MJHT",
		Host: strings.TrimPrefix(f.URL, "https://"), Expires: noon.Add(10 * time.Minute),
	}); code != wantCode {
		t.Errorf("shown %+v", code)
	}
	if !slices.Equal(w.list, seconds(5, 5)) {
		t.Errorf("waited %v", w.list)
	}
	if _, c, err := p.Verify(t.Context(), g, ""); err != nil || c.Person != "alice@example.com" || !g.Refresh.Equal(secret.New(refresh1)) {
		t.Errorf("Verify: %v, %v", c, err)
	}
}

func TestADeviceIsAskedForAsOftenAsTheProviderAllows(t *testing.T) {
	pending, slow, down := answers(400, oauthError("authorization_pending")), answers(400, oauthError("slow_down")), answers(503, "")
	dropped := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	later := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(429)
	}
	for _, c := range []struct {
		name     string
		interval any
		answers  []http.HandlerFunc // before the tokens
		want     []time.Duration
	}{
		{"as it says", 7, []http.HandlerFunc{pending, pending}, seconds(7, 7, 7)},
		{"it does not say", nil, []http.HandlerFunc{pending}, seconds(5, 5)},
		{"zero", 0, []http.HandlerFunc{pending}, seconds(5, 5)},
		{"negative", -1, []http.HandlerFunc{pending}, seconds(5, 5)},
		{"under a second", 0.2, nil, seconds(5)},
		{"one second", 1, []http.HandlerFunc{pending}, seconds(1, 1)},
		{"words", "often", nil, seconds(5)},
		{"longer than the code lives", 600, nil, seconds(5)},
		{"shorter than the code lives", 599, nil, seconds(599)},
		{"over 400 days", 1e9, nil, seconds(5)},
		{"slow down", 5, []http.HandlerFunc{slow, pending, slow, pending}, seconds(5, 10, 10, 15, 15)},
		{"Google's way", 5, []http.HandlerFunc{answers(428, oauthError("authorization_pending")), answers(403, oauthError("slow_down"))}, seconds(5, 5, 10)},
		{"an outage", 5, []http.HandlerFunc{down, dropped, down, down, down, pending}, seconds(5, 10, 20, 40, 60, 60, 5)},
		{"an outage, slowly", 100, []http.HandlerFunc{down, down}, seconds(100, 100, 100)},
		{"a sign-in page", 5, []http.HandlerFunc{answers(200, "<html>")}, seconds(5, 10)},
		{"asked to wait", 5, []http.HandlerFunc{later, pending}, seconds(5, 120, 5)},
		{"a no that is none", 5, []http.HandlerFunc{answers(500, oauthError("access_denied")), answers(500, oauthError("expired_token"))}, seconds(5, 10, 20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.on("/device", answers(200, deviceAnswer(f, map[string]any{"interval": c.interval})))
			f.on("/token", inTurn(append(c.answers, tokens(nil))...))
			var w waits
			if _, err := f.deviceClient(&w).Device(t.Context(), Hint{}, shown); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(w.list, c.want) {
				t.Errorf("waited %v, want %v", w.list, c.want)
			}
			f.wantRequests("/token", len(c.answers)+1)
		})
	}
}

func TestAProvidersNoToADeviceIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		who    string
		status int
		body   string
		kind   Kind
		words  string
	}{
		{"Dex, zitadel", 400, oauthError("expired_token"), Denied, "the code expired"},
		{"panva", 400, oauthError("invalid_grant"), Denied, "the code expired"},
		{"", 401, oauthError("expired_token"), Denied, "the code expired"},
		{"", 400, `{"error":"access_denied","error_description":"The user said no."}`, Denied, "access_denied: The user said no."},
		{"Google", 403, oauthError("access_denied"), Denied, "access_denied"},
		{"", 400, oauthError("unauthorized_client"), NeedsOther, "unauthorized_client"},
		{"", 400, oauthError("unsupported_grant_type"), NeedsOther, "unsupported_grant_type"},
		{"", 401, oauthError("invalid_client"), Misconfigured, "invalid_client"},
		{"", 400, oauthError("invalid_request"), Misconfigured, "invalid_request"},
	} {
		t.Run(c.who+" "+c.body, func(t *testing.T) {
			f := newFake(t)
			f.on("/device", answers(200, deviceAnswer(f, nil)))
			f.on("/token", inTurn(answers(400, oauthError("authorization_pending")), answers(c.status, c.body)))
			var w waits
			_, err := f.deviceClient(&w).Device(t.Context(), Hint{}, shown)
			wantRefusal(t, err, c.kind, c.words)
			f.wantRequests("/token", 2)
		})
	}
}

func TestADeviceCodeExpiresByTheClock(t *testing.T) {
	for _, c := range []struct {
		name    string
		life    any
		answer  http.HandlerFunc
		polls   int
		expires time.Duration
	}{
		{"nobody comes", 20, answers(400, oauthError("authorization_pending")), 4, 20 * time.Second},
		{"an outage", 20, answers(503, ""), 3, 20 * time.Second}, // after 5, 15 and 20 s
		{"asked to wait for ever", 60, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "999999")
			w.WriteHeader(503)
		}, 2, time.Minute},
		{"the provider does not say", nil, answers(400, oauthError("authorization_pending")), 120, 10 * time.Minute},
		{"a life that is none", -5, answers(400, oauthError("authorization_pending")), 120, 10 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.on("/device", answers(200, deviceAnswer(f, map[string]any{"expires_in": c.life})))
			f.on("/token", c.answer)
			var w waits
			_, err := f.deviceClient(&w).Device(t.Context(), Hint{}, func(_ context.Context, code DeviceCode) error {
				if !code.Expires.Equal(noon.Add(c.expires)) {
					t.Errorf("expires %v", code.Expires)
				}
				return nil
			})
			wantRefusal(t, err, Denied, "the code expired before anybody logged in")
			f.wantRequests("/token", c.polls)
			if w.past != c.expires {
				t.Errorf("given up after %v", w.past)
			}
		})
	}
}

func TestADevicesAddressesAreCheckedBeforeAnybodySeesThem(t *testing.T) {
	f := newFake(t)
	own := f.URL
	complete := func(s string) map[string]any {
		return map[string]any{"verification_uri": "https://a.example.com/x", "verification_uri_complete": s}
	}
	alone := func(s string) map[string]any {
		return map[string]any{"verification_uri": s, "verification_uri_complete": nil}
	}
	for _, c := range []struct {
		name    string
		changes map[string]any
		words   string // "": good
		want    DeviceCode
	}{
		{"another host", complete("https://a.example.com/x?c=1"), "", DeviceCode{URL: "https://a.example.com/x", CompleteURL: "https://a.example.com/x?c=1", Host: "a.example.com", OtherHost: true}},
		{"another port", alone("https://127.0.0.1:1/x"), "", DeviceCode{URL: "https://127.0.0.1:1/x", Host: "127.0.0.1:1", OtherHost: true}},
		{"the same host", alone(own + "/x"), "", DeviceCode{URL: own + "/x", Host: strings.TrimPrefix(own, "https://")}},
		{"loopback", alone("http://[::1]:8080/x"), "", DeviceCode{URL: "http://[::1]:8080/x", Host: "[::1]:8080", OtherHost: true}},
		{"a page's place", alone("https://A.example.com/#/device"), "", DeviceCode{URL: "https://A.example.com/#/device", Host: "a.example.com", OtherHost: true}},
		{"Google's spelling", map[string]any{"verification_uri": nil, "verification_url": "https://a.example.com/x", "verification_uri_complete": nil}, "", DeviceCode{URL: "https://a.example.com/x", Host: "a.example.com", OtherHost: true}},
		{"http", alone("http://a.example.com/x"), "verification_uri cannot be used", DeviceCode{}},
		{"a script", alone("javascript:alert(1)"), "verification_uri cannot be used", DeviceCode{}},
		{"a file", alone("file:///etc/passwd"), "verification_uri cannot be used", DeviceCode{}},
		{"an option", alone("--version"), "verification_uri cannot be used", DeviceCode{}},
		{"a name before the host", alone("https://login.example.com@evil.example.com/"), "verification_uri cannot be used", DeviceCode{}},
		{"a name, and a #", alone("https://login.example.com@evil.example.com/#x"), "verification_uri cannot be used", DeviceCode{}},
		{"a line end", alone("https://a.example.com/\nx"), "verification_uri cannot be used", DeviceCode{}},
		{"a space", alone("https://a.example.com/ x"), "verification_uri cannot be used", DeviceCode{}},
		{"right to left", alone("https://a.example.com/?\u202ex"), "verification_uri cannot be used", DeviceCode{}},
		{"letters that look alike", alone("https://еxample.com/"), "verification_uri cannot be used", DeviceCode{}},
		{"the same, escaped", alone("https://%D0%B5xample.com/"), "verification_uri cannot be used", DeviceCode{}},
		{"longer than addresses are", alone("https://a.example.com/" + strings.Repeat("x", 2048)), "verification_uri cannot be used", DeviceCode{}},
		{"complete, http", complete("http://a.example.com/x"), "verification_uri_complete cannot be used", DeviceCode{}},
		{"complete, a script", complete("javascript:alert(1)"), "verification_uri_complete cannot be used", DeviceCode{}},
		{"complete, on another host", complete("https://b.example.com/x"), "verification_uri_complete cannot be used", DeviceCode{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.on("/device", answers(200, deviceAnswer(f, c.changes)))
			f.on("/token", tokens(nil))
			var w waits
			seen := false
			_, err := f.deviceClient(&w).Device(t.Context(), Hint{}, func(_ context.Context, code DeviceCode) error {
				seen = true
				c.want.UserCode, c.want.Expires = "WDJB-MJHT", noon.Add(10*time.Minute)
				if code != c.want {
					t.Errorf("shown %+v, want %+v", code, c.want)
				}
				return nil
			})
			if c.words == "" {
				if err != nil || !seen {
					t.Errorf("seen %v, error %v", seen, err)
				}
				return
			}
			wantRefusal(t, err, Misconfigured, c.words)
			if seen {
				t.Error("it was shown")
			}
		})
	}
}

func TestAnAnswerThatIsNoDeviceCodeIsNotShown(t *testing.T) {
	f := newFake(t)
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   Kind
	}{
		{"html", 200, "<html>", weather},
		{"null", 200, "null", weather},
		{"no device code", 200, deviceAnswer(f, map[string]any{"device_code": nil}), weather},
		{"no user code", 200, deviceAnswer(f, map[string]any{"user_code": nil}), weather},
		{"an invisible user code", 200, deviceAnswer(f, map[string]any{"user_code": "\u200b\n"}), weather},
		{"a book for a user code", 200, deviceAnswer(f, map[string]any{"user_code": strings.Repeat("A", 65)}), weather},
		{"no address", 200, deviceAnswer(f, map[string]any{"verification_uri": nil}), weather},
		{"outage", 503, "", weather},
		{"not found", 404, "", weather},
		{"redirect", 302, "", weather},
		{"not for this client", 400, oauthError("unauthorized_client"), NeedsOther},
		{"unknown client", 401, oauthError("invalid_client"), Misconfigured},
		{"scope", 400, `{"error":"invalid_scope","error_description":"because"}`, Misconfigured},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.on("/device", answers(c.status, c.body))
			_, err := f.client().Device(t.Context(), Hint{}, func(context.Context, DeviceCode) error {
				t.Error("it was shown")
				return nil
			})
			wantKind(t, err, c.kind, false)
			if c.name == "scope" {
				wantRefusal(t, err, Misconfigured, "invalid_scope: because")
			}
			f.wantRequests("/token", 0)
		})
	}
}

func TestAProviderWithoutADeviceLoginNeedsAnotherWay(t *testing.T) {
	f := newFake(t)
	f.on("/mine", answers(200, deviceAnswer(f, nil)))
	f.on("/token", tokens(nil))
	delete(f.doc, "device_authorization_endpoint")
	var w waits
	_, err := f.deviceClient(&w).Device(t.Context(), Hint{}, shown)
	wantRefusal(t, err, NeedsOther, "deviceEndpoint")
	p := f.deviceClient(&w, func(c *Config) { c.DeviceEndpoint = f.URL + "/mine" })
	if g, err := p.Device(t.Context(), Hint{}, shown); err != nil || !g.Refresh.Empty() {
		t.Errorf("got a refresh token: %v, error %v", !g.Refresh.Empty(), err)
	}
	f.wantRequests("/mine", 1)
	f.on(discoveryPath, answers(503, ""))
	_, err = f.client().Device(t.Context(), Hint{}, shown)
	wantWeather(t, err, "503")
}

func TestADeviceLoginEndsWithItsCaller(t *testing.T) {
	f := newFake(t)
	f.on("/device", answers(200, deviceAnswer(f, nil)))
	f.on("/token", answers(400, oauthError("authorization_pending")))
	p := f.client() // waits in earnest
	for name, show := range map[string]func(cancel func()) func(context.Context, DeviceCode) error{
		"cancelled": func(cancel func()) func(context.Context, DeviceCode) error {
			return func(ctx context.Context, _ DeviceCode) error { cancel(); <-ctx.Done(); return ctx.Err() }
		},
		"closed": func(func()) func(context.Context, DeviceCode) error {
			return func(context.Context, DeviceCode) error { return errVisit }
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := p.Device(ctx, Hint{}, show(cancel))
		cancel()
		if want := map[string]error{"cancelled": context.Canceled, "closed": errVisit}[name]; !errors.Is(err, want) {
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
	late := deadline{t.Context(), make(chan struct{})}
	_, err := p.Device(late, Hint{}, func(context.Context, DeviceCode) error { close(late.passed); return nil })
	wantWeather(t, err, "nobody entered the code in time")
	f.wantRequests("/token", 0)
}

func TestACancelledPollIsNotWeather(t *testing.T) {
	f := newFake(t)
	f.on("/device", answers(200, deviceAnswer(f, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	f.on("/token", func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	var w waits
	_, err := f.deviceClient(&w).Device(ctx, Hint{}, shown)
	close(release)
	if !errors.Is(err, context.Canceled) || len(w.list) != 1 {
		t.Errorf("got %T %v after %v", err, err, w.list)
	}
}

func TestNoSecretOfADeviceLoginStandsInAnError(t *testing.T) {
	f := newFake(t)
	f.on("/device", answers(200, deviceAnswer(f, nil)))
	f.on("/token", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 400, map[string]any{"error": "access_denied", "error_description": "denied " + r.PostForm.Get("device_code")})
	})
	var w waits
	_, err := f.deviceClient(&w).Device(t.Context(), Hint{}, shown)
	if wantRefusal(t, err, Denied, "access_denied"); strings.Contains(err.Error(), "device code one") {
		t.Errorf("the error says %q", err)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := wait(ctx, time.Millisecond); err != nil {
		t.Error(err)
	}
	cancel()
	if err := wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
