package kubeconfig_test

import (
	"reflect"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

// legacy is a user that another program logs in, until it is adopted.
const legacy = "legacy"

// before is what legacy was when it was adopted.
type before struct {
	kept    kubeconfig.Kept
	user    *api.AuthInfo
	secrets map[string]secret.Text
}

// setUp is what kubelogin's documents, or an old script, have a person do.
func (s *sequence) setUp() {
	options := clientcmd.NewDefaultPathOptions()
	options.GlobalFile, options.EnvVar = s.path, ""
	config, err := options.GetStartingConfig()
	must(s, err)
	user := api.NewAuthInfo()
	if s.IntN(2) == 0 {
		user.Exec = &api.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: "kubectl", InteractiveMode: api.IfAvailableExecInteractiveMode,
			Args: []string{"oidc-login", "get-token", "--oidc-issuer-url=https://idp", "--oidc-client-id=kube", "--oidc-client-secret=s3cret"},
		}
	} else {
		user.AuthProvider = &api.AuthProviderConfig{Name: "oidc", Config: map[string]string{
			"idp-issuer-url": "https://idp", "client-id": "kube", "id-token": "eyJh.eyJz.c2ln", "refresh-token": "r3fresh",
		}}
	}
	config.AuthInfos[legacy] = user
	config.Clusters["theirs"] = &api.Cluster{Server: "https://theirs"}
	config.Contexts["theirs"] = &api.Context{Cluster: "theirs", AuthInfo: legacy}
	must(s, clientcmd.ModifyConfig(options, *config, false))
	s.adopted = nil
	s.check()
}

// adopt hands every user to our plugin that another program logs in, as the agent does.
func (s *sequence) adopt() {
	if s.loaded().AuthInfos[legacy] == nil {
		s.setUp()
	}
	files, err := kubeconfig.Load([]string{s.path})
	must(s, err)
	found, err := files.Foreign()
	must(s, err)
	for _, u := range found {
		if u.User != legacy || len(u.Cannot) > 0 {
			continue // what the deliveries made of our own users
		}
		a := kubeconfig.Adoption{Foreign: u, Command: "/usr/bin/kubectl-creds", Account: "corp"}
		kept, err := a.Keep()
		must(s, err)
		was := &before{kept: kept, user: s.loaded().AuthInfos[legacy], secrets: map[string]secret.Text{
			kubeconfig.ClientSecret: u.Login.ClientSecret, kubeconfig.IDToken: u.Login.IDToken, kubeconfig.RefreshToken: u.Login.RefreshToken,
		}}
		s.swap(a)
		s.adopted = was
		if e := s.loaded().AuthInfos[legacy].Exec; e == nil || e.Command != a.Command || slices.Contains(e.Args, "--oidc-client-secret=s3cret") {
			s.Errorf("adopted: %+v", e)
		}
	}
}

// release puts it back.
func (s *sequence) release() {
	if s.adopted == nil {
		return
	}
	kept := s.adopted.kept
	kept.Values = s.adopted.secrets
	s.swap(kept)
	if got := s.loaded().AuthInfos[legacy]; !reflect.DeepEqual(got, s.adopted.user) {
		s.Errorf("released:\n%+v\nwas\n%+v", got, s.adopted.user)
	}
	s.adopted = nil
}

// swap changes users that are not ours, and checks that nothing else changed.
func (s *sequence) swap(want kubeconfig.Swap) {
	before, text := s.view(), read(s, s.path)
	files, err := kubeconfig.Load([]string{s.path})
	must(s, err)
	diff, err := files.PlanUsers(want)
	must(s, err)
	must(s, files.Apply(s.Context(), diff))
	if b, a := withoutOurs(before), withoutOurs(s.view()); !reflect.DeepEqual(b, a) {
		s.Errorf("others' entries differ:\n%+v\n%+v", b, a)
	}
	if b, a := othersLines(s, text), othersLines(s, read(s, s.path)); !slices.Equal(b, a) {
		s.Errorf("bytes outside the user differ:\n%q\n%q", b, a)
	}
	s.check()
}
