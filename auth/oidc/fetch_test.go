package oidc

import (
	"context"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestADocumentIsFetchedFromItsOwnHostAndEndsAtOneMiB(t *testing.T) {
	f := newFake(t)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
	client, err := newClient(ca, "", timings{connect: 5 * time.Second, request: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.handlers["/team.yaml"] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("accounts: []\n")) }
	f.handlers["/moved"] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/team.yaml", http.StatusFound) }
	f.handlers["/away"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/team.yaml", http.StatusFound)
	}
	f.handlers["/down"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/team.yaml", http.StatusFound)
	}
	f.handlers["/huge"] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxAnswer+1)) }
	f.mu.Unlock()
	for path, says := range map[string]string{
		"/team.yaml": "", "/moved": "", "/away": "redirects to another host", "/down": "redirects to another host",
		"/huge": "more than 1 MiB", "/missing?token=abc": "404",
	} {
		text, err := fetch(context.Background(), client, f.URL+path)
		if says == "" && (err != nil || string(text) != "accounts: []\n") {
			t.Errorf("%s: %q %v", path, text, err)
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "abc")) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
}
