package main

import (
	"slices"
	"strings"
	"testing"
)

func TestKubeloginsFlagsGoToTheAgentAsTheyAreButForSecrets(t *testing.T) {
	args := []string{"--oidc-issuer-url", "https://login.example.com", "--oidc-client-id=x", "-v1", "--never-seen"}
	c, err := parse(append([]string{"get-token"}, args...))
	if err != nil || !slices.Equal(c.request(callerFrom("")).Args, args) {
		t.Errorf("%+v %v", c, err)
	}
	for _, flag := range []string{"--oidc-client-secret=hush", "--password=hush", "--oidc-client-secret"} {
		_, err := parse(append([]string{"get-token", flag}, args...))
		if err == nil || !strings.Contains(err.Error(), "has no place in a kubeconfig") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", flag, err)
		}
	}
	if _, err := parse([]string{"get-token", "--oidc-client-id=x"}); err == nil {
		t.Error("flags of nobody's were taken")
	}
}
