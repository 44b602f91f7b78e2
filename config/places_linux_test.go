package config

import "testing"

func TestTheStandardPlacesFollowTheBaseDirectorySpecification(t *testing.T) {
	cases := []struct{ name, configHome, stateHome, config, state string }{
		{"nothing set", "", "", "/home/alice/.config/kubecreds/config.yaml", "/home/alice/.local/state/kubecreds"},
		{"both set", "/c", "/s", "/c/kubecreds/config.yaml", "/s/kubecreds"},
		{"a relative folder counts as none", "", "s", "/home/alice/.config/kubecreds/config.yaml", "/home/alice/.local/state/kubecreds"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("HOME", "/home/alice")
			t.Setenv("KUBECREDS_CONFIG", "")
			t.Setenv("XDG_CONFIG_HOME", c.configHome)
			t.Setenv("XDG_STATE_HOME", c.stateHome)
			got, err := Standard()
			if want := (Places{Config: c.config, State: c.state}); err != nil || got != want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestWithoutAHomeTheErrorSaysWhatToDo(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	_, err := Standard()
	want := "there is no folder for the configuration: neither $XDG_CONFIG_HOME nor $HOME are defined; set HOME, or start with --home DIR"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}
