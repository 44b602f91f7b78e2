package oidc

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheBrowserComesBackWhereItIsConfigured(t *testing.T) {
	for _, c := range []struct{ written, want string }{ // PORT stands for one that is free
		{"http://localhost:PORT", "http://localhost:PORT"},
		{"http://localhost:PORT/", "http://localhost:PORT/"},
		{"http://localhost:PORT/a/b", "http://localhost:PORT/a/b"},
		{"http://127.0.0.1:PORT/cb", "http://127.0.0.1:PORT/cb"},
		{"http://[::1]:PORT/cb", "http://[::1]:PORT/cb"},
		{"http://localhost", "http://localhost:"},
		{"http://localhost/cb", "http://localhost:"},
		{"http://localhost:0/cb", "http://localhost:"},
		{"http://[::1]/cb", "http://[::1]:"},
	} {
		t.Run(c.written, func(t *testing.T) {
			if strings.Contains(c.written, "::1") {
				needIPv6(t)
			}
			port := freshPort(t)
			written, want := strings.Replace(c.written, "PORT", port, 1), strings.Replace(c.want, "PORT", port, 1)
			f := newFake(t)
			f.logsIn(nil)
			l := begin(t.Context(), t, f.client(func(c *Config) { c.Redirects = []string{written} }), Hint{})
			wantText(t, f.browser().open(l.start), 200, "Login received")
			if _, err := l.wait(t); err != nil {
				t.Fatal(err)
			}
			sent := f.requests("/token")[0].form.Get("redirect_uri")
			if sent != want && (!strings.HasSuffix(want, ":") || !strings.HasPrefix(sent, want)) {
				t.Errorf("redirect_uri is %q", sent)
			}
			if literal := strings.HasPrefix(l.start, "http://127.0.0.1:") || strings.HasPrefix(l.start, "http://[::1]:"); !literal {
				t.Errorf("start is %q", l.start)
			}
			if strings.HasSuffix(c.written, "/cb") != strings.HasSuffix(sent, "/cb") {
				t.Errorf("redirect_uri is %q", sent)
			}
			wantClosed(t, sent)
		})
	}
}

func TestLocalhostIsListenedForOnBothAddresses(t *testing.T) {
	needIPv6(t)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		f := newFake(t)
		f.logsIn(nil)
		l := begin(t.Context(), t, f.client(func(c *Config) { c.Redirects = []string{"http://localhost/cb"} }), Hint{Account: "corp"})
		b := f.browser()
		asked, back := l.leads(t, b)
		u, err := url.Parse(back)
		if err != nil {
			t.Fatal(err)
		}
		f.on("/token", tokens(nil))
		g, err := b.try("GET", "http://"+host+":"+u.Port()+"/cb?code=x&state="+asked.Get("state"), "localhost:"+u.Port())
		if err != nil {
			t.Fatal(err)
		}
		wantText(t, g, 200, "Login received: corp")
		if _, err := l.wait(t); err != nil {
			t.Error(err)
		}
	}
}

func TestTheNextRedirectIsUsedWhereAPortIsTaken(t *testing.T) {
	f := newFake(t)
	one, two := freshPort(t), freshPort(t)
	p := f.client(func(c *Config) { c.Redirects = []string{"http://localhost:" + one, "http://localhost:" + two + "/"} })
	ctx, cancel := context.WithCancel(t.Context())
	first, second := begin(ctx, t, p, Hint{}), begin(ctx, t, p, Hint{}) // two accounts
	if _, back := first.leads(t, f.browser()); back != "http://localhost:"+one {
		t.Errorf("the first comes back to %q", back)
	}
	if _, back := second.leads(t, f.browser()); back != "http://localhost:"+two+"/" {
		t.Errorf("the second comes back to %q", back)
	}
	_, err := p.Code(ctx, Hint{}, func(context.Context, string) error { t.Error("a browser is wanted"); return nil })
	wantWeather(t, err, "http://localhost:"+one+" and http://localhost:"+two+"/ cannot be listened at")
	cancel()
	_, _ = first.wait(t)
	_, _ = second.wait(t)
	wantClosed(t, first.start)
	again := begin(t.Context(), t, p, Hint{})
	if _, back := again.leads(t, f.browser()); back != "http://localhost:"+one {
		t.Errorf("the next comes back to %q", back)
	}
}

func TestAPortThatIsTakenOnOneLoopbackAddressIsNotUsed(t *testing.T) {
	needIPv6(t)
	for network, literal := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "[::1]"} {
		port := freshPort(t)
		taken, err := net.Listen(network, literal+":"+port)
		if err != nil {
			t.Fatal(err)
		}
		_, err = openDoor([]redirect{{host: "localhost", port: port, path: "/", written: &url.URL{Path: "it"}}}, net.Listen)
		wantWeather(t, err, "it cannot be listened at")
		_ = taken.Close()
		ports, _, err := redirect{host: "localhost", port: port}.listen(net.Listen)
		if err != nil || len(ports) != 2 {
			t.Errorf("once it is free: %v", err)
		}
		for _, l := range ports {
			_ = l.Close()
		}
	}
}

func TestAFreePortIsOneThatIsFreeOnBothAddresses(t *testing.T) {
	needIPv6(t)
	tries := 0
	var probes []net.Listener
	ports, port, err := redirect{host: "localhost", port: freePort}.listen(func(network, address string) (net.Listener, error) {
		if network == "tcp6" && address != "[::1]:0" {
			if tries++; tries < 3 {
				return nil, errVisit
			}
		}
		l, err := net.Listen(network, address)
		if address == "[::1]:0" {
			probes = append(probes, l)
		}
		return l, err
	})
	if err != nil || tries != 3 || len(ports) != 2 {
		t.Fatalf("%d ports after %d tries, error %v", len(ports), tries, err)
	}
	for _, l := range ports {
		if address := l.Addr().String(); !strings.HasSuffix(address, ":"+port) {
			t.Errorf("%v is not port %s", address, port)
		}
		_ = l.Close()
	}
	for _, l := range probes {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v stayed open", l.Addr())
		}
	}
}

func TestAMachineWithoutIPv6IsListenedToAlone(t *testing.T) {
	four := func(network, address string) (net.Listener, error) {
		if network == "tcp6" {
			return nil, errVisit
		}
		return net.Listen(network, address)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		ports, _, err := redirect{host: host, port: freePort}.listen(four)
		if err != nil || len(ports) != 1 {
			t.Fatalf("%s: %d ports, %v", host, len(ports), err)
		}
		_ = ports[0].Close()
	}
	port := freshPort(t)
	if _, _, err := (redirect{host: "::1", port: port}).listen(four); err == nil {
		t.Error("[::1] is listened to all the same")
	}
	wantClosed(t, "http://127.0.0.1:"+port)
}

func TestARedirectThatLeadsElsewhereIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "localhost:8000", "https://localhost:8000", "http://localhost.example.com:8000", "http://evil.example.com", "http://0.0.0.0:8000",
		"http://127.0.0.2:8000", "http://a@127.0.0.1:8000", "http://127.0.0.1:8000/?a=b", "http://127.0.0.1:8000/#a", "http://127.0.0.1:8000/?",
		"http://127.0.0.1:99999/", "http://127.0.0.1:08000/", "http://127.0.0.1:x/", "http://[::1", "urn:ietf:wg:oauth:2.0:oob", "http://LOCALHOST:8000",
	} {
		_, err := New(Config{Issuer: "https://login.example.com", ClientID: "k", Redirects: []string{"http://localhost:8000", s}}, time.Now)
		if err == nil || !strings.HasPrefix(err.Error(), "redirect: ") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestBrowsersLeaveHTTPsOwnPortOut(t *testing.T) {
	if place("localhost", "/") != place("localhost:80", "/") || place("localhost", "/") == place("localhost:8080", "/") {
		t.Error("port 80 is like none, and no other is")
	}
}
