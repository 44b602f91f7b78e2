package kubeconfig

import (
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestACopyHoldsNothingOfSessions(t *testing.T) {
	for text, want := range map[string]string{
		"config:\n  refresh-token: SECRET\n  id-token: a.SECRET.c\n  client-id: kube # x\n": "config:\n  refresh-token: \"left-out\"\n  id-token: \"left-out\"\n  client-id: kube # x\n",
		"config: {client-secret: 'SECRET x', \"refresh-token\": SECRET}\r\n":                "config: {client-secret: \"left-out\", \"refresh-token\": \"left-out\"}\r\n",
		`{"id-token":"SECRET","token":"mine"}`:                                              `{"id-token":"left-out","token":"mine"}`,
		"client-secret: \"SECRET\"   # note\nmy-id-token: kept\n":                           "client-secret: \"left-out\"   # note\nmy-id-token: kept\n",
		"refresh-token:\n  SECRET\n":                                                        "refresh-token:\n  \"left-out\"\n",
		"token: mine\nclient-key-data: mine\n":                                              "token: mine\nclient-key-data: mine\n",
	} {
		if got := string(WithoutSessions([]byte(text))); got != want {
			t.Errorf("%q:\n%q, want\n%q", text, got, want)
		}
	}
	text := "users:\n- name: me\n  user:\n    auth-provider:\n      name: oidc\n      config:\n        refresh-token: SECRET\n        id-token: SECRET\n"
	config, err := clientcmd.Load(WithoutSessions([]byte(text)))
	if err != nil || config.AuthInfos["me"].AuthProvider.Config["refresh-token"] != "left-out" {
		t.Errorf("kubectl cannot read the copy: %v", err)
	}
}
