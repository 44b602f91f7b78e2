package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubecreds/kubecreds/demo/provider"
)

func TestAClientSecretIsAskedForOnceInADialogAndIsNowhereButInTheKeychain(t *testing.T) {
	onDesktop(t, func(t *testing.T) {
		const question = "Client secret of kubernetes-confidential at "
		p := watchProcesses(t)
		r := start(t, "--confidential")
		look(t, "choose", "Log in to corp…")
		asked(t, question)
		answer(t, "not-the-client-secret")
		asked(t)
		answer(t, "alice", "password")
		asked(t, "Please try again: The provider refused the client secret", question)
		answer(t, provider.ConfidentialSecret)
		asked(t, "Password of alice at ")
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com")
		works(t, r)

		r.StopAgent()
		recount(t, r)
		must(t, r.StartAgent(r.Program("kubecreds"), "-v"))
		menuSays(t, "logged in as alice@example.com")
		expect(t, "renew", r.Creds(t.Context(), "", "renew"), 0)
		works(t, r)
		if c := counts(t, r); c.Outcome("token/refresh_token", "ok") != c.Of("token/refresh_token") || c.Of("token/refresh_token") == 0 {
			t.Errorf("renewals: %v", c.Requests["token/refresh_token"])
		}
		expect(t, "logout", r.Creds(t.Context(), "", "logout"), 0)
		look(t, "choose", "Log in to corp…")
		asked(t, "Password of alice at ") // and not for the client secret: a log out leaves it
		answer(t, "password")
		menuSays(t, "logged in as alice@example.com")
		unasked(t)
		out := r.Creds(t.Context(), "", "status", "-o", "json")
		must(t, os.WriteFile(filepath.Join(r.Dir, "status.json"), []byte(out.Out+out.Err), 0o600))
		r.StopAgent()

		secrets := map[string]string{"the client secret": provider.ConfidentialSecret, "the wrong client secret": "not-the-client-secret"}
		p.lack(t, secrets)
		filesLack(t, secrets, r.Dir, os.Getenv("DESK_DIR"))
	})
}
