// Command kubectl is upstream's kubectl 1.37.2, built from k8s.io/kubectl so that demo and tests need none installed. It links
// client-go's own auth providers (oidc, for the auth-provider delivery) and the exec plugin. From the folder demo:
//
//	V='-X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/client-go/pkg/version.gitVersion=v1.37.2'
//	CGO_ENABLED=0 go build -ldflags "-s -w $V" -o ../build/out/kubectl ./kubectl
//
// Without the version flags it works, but `kubectl version` fails on the version it finds in itself. Without -trimpath it shares
// the build cache with the tests.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err) // prints it as kubectl does, and exits
		os.Exit(1)
	}
}
