package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestASecondLifeLiesUnderItsHomeWhateverTheEnvironmentSays(t *testing.T) {
	home := t.TempDir()
	t.Setenv("KUBECREDS_CONFIG", "/elsewhere/config.yaml")
	t.Setenv("XDG_STATE_HOME", "/elsewhere")
	p := Under(home + "/./")
	for what, path := range map[string]string{"config": p.Config, "state": p.StateFile(), "autostart": p.Autostart} {
		if !strings.HasPrefix(path, home+string(filepath.Separator)) {
			t.Errorf("%s: %s", what, path)
		}
	}
	if p.Home != home || p.Config != filepath.Join(home, "config.yaml") {
		t.Errorf("%+v", p)
	}
	other := Under(t.TempDir())
	if len(p.KeychainPrefix) != 10 || p.KeychainPrefix == other.KeychainPrefix || validName(p.KeychainPrefix) {
		t.Errorf("prefixes %q and %q", p.KeychainPrefix, other.KeychainPrefix)
	}
	if again := Under(home); again != p {
		t.Errorf("%+v and then %+v", p, again)
	}
}

func TestTheEnvironmentNamesAnotherFile(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("KUBECREDS_CONFIG", "mine.yaml")
	p, err := Standard()
	if err != nil || filepath.Base(p.Config) != "mine.yaml" || !filepath.IsAbs(p.Config) {
		t.Errorf("%+v, %v", p, err)
	}
}
