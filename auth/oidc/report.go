package oidc

import (
	"context"
	"net/http"
	"time"
)

// Report is what a provider shows of itself, for a diagnosis.
type Report struct {
	Host       string        // that was asked
	Discovered bool          // it describes itself (OpenID Connect Discovery); else its endpoints are configured
	Grants     []string      // grant_types_supported; nil: it does not say
	Ahead      time.Duration // how far this machine's clock is ahead of the provider's, give or take a second
	Dated      bool          // the answer said what the provider's clock shows
	Signer     string        // who signed its certificate; "" without TLS
	CertEnds   time.Time     // when its certificate ends; zero without TLS
}

// Report asks the provider, anew each time, for its description, or where the endpoints are configured for its keys. The report
// holds what was learned until an error. Errors as Endpoint's.
func (p *Provider) Report(ctx context.Context) (Report, error) {
	r := Report{Discovered: !p.undiscovered()}
	address := p.document()
	if !r.Discovered {
		address = p.config.JWKSURI
	}
	r.Host = host(address)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return r, fault(ctx, address, err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return r, fault(ctx, address, err)
	}
	r.readHeader(resp, p.now().Round(0))
	a, err := readAnswer(resp)
	if err != nil {
		return r, fault(ctx, address, err)
	}
	if a.status != http.StatusOK {
		return r, a.weather(address, p.now())
	}
	if !r.Discovered {
		return r, nil
	}
	doc, _ := readObject(a.body)
	for _, g := range doc.texts("grant_types_supported") {
		r.Grants = append(r.Grants, cleaned(g))
	}
	_, err = p.readDiscovery(a.body)
	return r, err
}

func (r *Report) readHeader(resp *http.Response, now time.Time) {
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		r.Dated, r.Ahead = true, now.Sub(date)
	}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		leaf := resp.TLS.PeerCertificates[0]
		r.Signer, r.CertEnds = cleaned(leaf.Issuer.String()), leaf.NotAfter
	}
}
