package wake

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubecreds/kubecreds/desktop/internal/bustest"
)

func TestWhatWouldTellOfSleepAndNetworkIsNamedWhereItIsMissing(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.Address)
	if missing, err := Missing(t.Context()); err != nil || !slices.Equal(missing, []string{"logind (sleep)", "NetworkManager (network)"}) {
		t.Errorf("a bare bus: %v, %v", missing, err)
	}
	newMachine(t, bus)
	if missing, err := Missing(t.Context()); err != nil || len(missing) != 0 {
		t.Errorf("a whole machine: %v, %v", missing, err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "gone"))
	if _, err := Missing(t.Context()); err == nil {
		t.Error("no bus, and no error")
	}
}
