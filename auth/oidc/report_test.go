package oidc

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAReportSaysWhatAProviderShowsOfItself(t *testing.T) {
	f := newFake(t)
	f.clock = noon.Add(-42 * time.Second)
	f.doc["grant_types_supported"] = []string{"password", "refresh\n_token"}
	r, err := f.client().Report(t.Context())
	if err != nil || !r.Discovered || "https://"+r.Host != f.URL || !slices.Equal(r.Grants, []string{"password", "refresh _token"}) {
		t.Errorf("%+v, %v", r, err)
	}
	if !r.Dated || r.Ahead != 42*time.Second || r.Signer == "" || !r.CertEnds.Equal(f.Certificate().NotAfter) {
		t.Errorf("%+v", r)
	}

	p := f.client()
	for range 2 { // each time anew
		if _, err := p.Report(t.Context()); err != nil {
			t.Error(err)
		}
	}
	f.wantRequests(discoveryPath, 3)
}

func TestAReportHoldsWhatWasLearnedBeforeAnError(t *testing.T) {
	f := newFake(t)
	f.doc["issuer"] = "https://other"
	r, err := f.client().Report(t.Context())
	wantRefusal(t, err, Misconfigured, "https://other")
	if !r.Dated || r.Signer == "" {
		t.Errorf("%+v", r)
	}
	f.on(discoveryPath, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	r, err = f.client().Report(t.Context())
	wantWeather(t, err, "502")
	if !r.Dated {
		t.Errorf("%+v", r)
	}
	f.Close()
	if r, err = f.client().Report(t.Context()); r.Dated || r.Host == "" {
		t.Errorf("%+v", r)
	}
	wantWeather(t, err, "cannot be reached")
}

func TestAReportOfAProviderWithoutDiscoveryAsksForItsKeys(t *testing.T) {
	f := newFake(t)
	f.on(discoveryPath, http.NotFound)
	c := Config{Issuer: f.URL, ClientID: "kubernetes", CA: f.ca(), TokenEndpoint: f.URL + "/token", JWKSURI: f.URL + "/keys"}
	p, err := New(c, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Report(t.Context())
	if err != nil || r.Discovered || r.Grants != nil || !r.Dated || !strings.HasPrefix(f.URL, "https://"+r.Host) {
		t.Errorf("%+v, %v", r, err)
	}
	var w *Weather
	f.Close()
	if _, err := p.Report(t.Context()); !errors.As(err, &w) {
		t.Errorf("%v", err)
	}
}
