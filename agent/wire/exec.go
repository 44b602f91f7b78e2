package wire

import (
	"encoding/json"
	"errors"
	"fmt"
)

// The versions of ExecCredential that both programs speak: k8s.io/client-go/pkg/apis/clientauthentication.
const (
	ExecV1      = "client.authentication.k8s.io/v1"
	ExecV1beta1 = "client.authentication.k8s.io/v1beta1"
)

// ReadExec reads KUBERNETES_EXEC_INFO, with which kubectl says how it wants its credential and what for.
func ReadExec(text string) (*ExecInfo, error) {
	var info struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
		Spec       struct {
			Interactive bool `json:"interactive"`
			Cluster     struct {
				Server        string `json:"server"`
				TLSServerName string `json:"tls-server-name"`
				CAData        string `json:"certificate-authority-data"`
				CAFile        string `json:"certificate-authority"`
				Insecure      bool   `json:"insecure-skip-tls-verify"`
			} `json:"cluster"`
		} `json:"spec"`
	}
	if json.Unmarshal([]byte(text), &info) != nil || info.Kind != "ExecCredential" {
		return nil, errors.New("KUBERNETES_EXEC_INFO is no ExecCredential")
	}
	if info.APIVersion != ExecV1 && info.APIVersion != ExecV1beta1 {
		return nil, fmt.Errorf("kubectl asks for apiVersion %.100q; write %s into the kubeconfig", info.APIVersion, ExecV1)
	}
	return &ExecInfo{
		APIVersion:  info.APIVersion,
		Interactive: info.Spec.Interactive,
		Server:      info.Spec.Cluster.Server,

		TLSServerName: info.Spec.Cluster.TLSServerName,
		CAData:        info.Spec.Cluster.CAData,
		CAFile:        info.Spec.Cluster.CAFile,
		Insecure:      info.Spec.Cluster.Insecure,
	}, nil
}
