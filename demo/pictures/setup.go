package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func (s *stage) firstStart() []step {
	const add, file = "Add clusters…", "Choose a file from your platform team…"
	return []step{
		s.offer,
		s.start, says(add),
		s.icon("nothing"),
		s.menu("first-start", add, file),
		choose(add, "Paste an address from your platform team…"), s.dialog("address", "Add clusters", "platform team"),
		answer("https://127.0.0.1:1/clusters.yaml"), s.dialog("not-added", "Add clusters", "nothing was added"), escape,
		choose(add, file), s.dialog("file", "Add clusters", ""),
		typed(offered()), press("OK"), s.dialog("add", "Add clusters", "tokens of corp"), escape,
	}
}

// offered is the file that a platform team gave.
func offered() string { return filepath.Join(os.Getenv("HOME"), "clusters.yaml") }

// offer makes the configuration that file.
func (s *stage) offer(context.Context) error {
	if err := s.Offer(offered()); err != nil {
		return err
	}
	return os.Remove(s.Config)
}

func (s *stage) misconfigured() []step {
	return []step{
		s.start, logIn,
		s.edit("login: [password]", "login: [pasword]"), says("configuration: "),
		s.menu("configuration", "Renew all now"),
	}
}

func (s *stage) workTree() []step {
	return []step{
		func(context.Context) error { return os.Mkdir(filepath.Join(s.Dir, ".git"), 0o700) },
		s.start, says("Log in to corp…"), choose("Log in to corp…"), asked("corp: ", ""), answer("alice", "password"),
		s.dialog("work-tree", "corp", "Account corp"), escape,
		says("kubeconfig not written"),
		s.menu("not-written", "prod-eu: ", "Why…"),
	}
}

func (s *stage) manyClusters() []step {
	return []step{
		s.accounts(20, 8),
		s.start, says("Log in to corp…"), choose("Log in to corp…"), asked("corp: ", ""), answer("password"),
		says("corp: 22 clusters, valid"),
		s.menu("thirty-clusters", "corp: 22 clusters", "More clusters…"),
		choose("corp: 22 clusters", "More clusters…"), s.dialog("more-clusters", "kubecreds", "Type to search"), escape,
	}
}

// accounts gives the account corp so many clusters more, and makes another one, lab, like it, with clusters of its own: names are
// all that differs. corp is alice's, lab is bob's.
func (s *stage) accounts(corps, labs int) step {
	return func(context.Context) error {
		text, err := os.ReadFile(s.Config)
		if err != nil {
			return err
		}
		return os.WriteFile(s.Config, []byte(twoAccounts(string(text), corps, labs)), 0o600)
	}
}

func twoAccounts(text string, corps, labs int) string {
	accounts, clusters, _ := strings.Cut(strings.Replace(text, "name: corp", "name: corp\n  username: alice", 1), "clusters:\n")
	_, account, _ := strings.Cut(accounts, "accounts:\n")
	second := strings.Replace(account, "name: corp\n  username: alice", "name: lab\n  username: bob", 1)
	_, first, _ := strings.Cut("\n"+clusters, "\n- ") // of the clusters
	first, _, _ = strings.Cut(first, "\n- ")
	var more strings.Builder
	for i := range corps + labs {
		name, of := fmt.Sprintf("prod-%02d", i+1), "corp"
		if i >= corps {
			name, of = fmt.Sprintf("lab-%02d", i-corps+1), "lab"
		}
		entry := strings.Replace(strings.Replace(first, "name: prod-eu", "name: "+name, 1), "account: corp", "account: "+of, 1)
		more.WriteString("- " + strings.TrimRight(entry, "\n") + "\n")
	}
	return accounts + second + "clusters:\n" + clusters + more.String()
}

// kubelogins is a kubeconfig of a person who uses kubelogin.
const kubelogins = `apiVersion: v1
kind: Config
clusters:
- {name: prod-eu, cluster: {certificate-authority: "CAFILE", server: "SERVER0"}}
- {name: staging, cluster: {certificate-authority: "CAFILE", server: "SERVER1"}}
contexts:
- {name: prod-eu, context: {cluster: prod-eu, user: oidc}}
- {name: staging, context: {cluster: staging, user: oidc}}
users:
- name: oidc
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: IfAvailable
      command: kubectl
      args: [oidc-login, get-token, "--oidc-issuer-url=ISSUER", --oidc-client-id=kubernetes, "--certificate-authority=CAFILE"]
`

func (s *stage) adopt() []step {
	const found, adopted, back = "Found 2 clusters that use kubelogin", "instead of kubelogin", "Another program changed your kubeconfig"
	write := func(context.Context) error {
		text := strings.NewReplacer("CAFILE", s.Servers.CertificateAuthority, "ISSUER", s.Servers.Issuer,
			"SERVER0", s.Servers.Clusters[0].Server, "SERVER1", s.Servers.Clusters[1].Server).Replace(kubelogins)
		return os.WriteFile(s.Kube, []byte(text), 0o600)
	}
	return []step{
		write,
		func(context.Context) error {
			return os.WriteFile(s.Config, []byte("kubeconfigs: ['"+s.Kube+"']\n"), 0o600)
		},
		s.start, s.notice("adopt", found),
		s.menu("adopt", found, "Adopt…"),
		dismiss(found, "Adopt…"), s.dialog("adopt", "Adopt", adopted),
		press("Adopt"), undrawn(adopted), s.dialog("adopted", "Adopt", "Log in"), escape,
		write, s.edit("kubeconfigs:", "# looks at kubeconfigs again\nkubeconfigs:"), s.notice("taken-back", back), dismiss(back, "Later"),
	}
}

func (s *stage) noTray() []step {
	const hidden = "kubecreds runs, and its icon cannot be shown"
	return []step{
		desk("panel-stop"),
		s.startUnseen, s.notice("no-tray", hidden), dismiss(hidden, "Show menu"),
		s.dialog("menu", "kubecreds", ""), escape,
		desk("panel-start"),
	}
}

// installed is the life of a program without --home, as an installed one is: it says where to begin, and asks whether to start
// at login.
func (s *stage) installed() []step {
	const welcome, autostart = "kubecreds is here: add your clusters", "Start kubecreds when you log in?"
	aside := filepath.Join(s.Dir, "later.yaml")
	return []step{
		func(context.Context) error {
			return os.RemoveAll(filepath.Join(os.Getenv("XDG_STATE_HOME"), "kubecreds"))
		}, // of the other desktop
		func(context.Context) error { return s.OwnPlaces() },
		func(context.Context) error { return os.Rename(s.Config, aside) },
		s.start, s.notice("welcome", welcome), dismiss(welcome, "Later"),
		func(context.Context) error { return os.Rename(aside, s.Config) },
		logIn, s.notice("start-at-login", autostart), dismiss(autostart, "No"),
	}
}
