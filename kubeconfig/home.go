package kubeconfig

import "os"

// homeFolder is the person's; "" where the system cannot say.
func homeFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return home
}
