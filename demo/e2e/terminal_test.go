package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// terminalCommand is a shell's line, run in a terminal of its own that nobody types in, against r's agent.
func terminalCommand(t *testing.T, r *drive.Rig, line string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "script", "--quiet", "--return", "--flush", "--command", line, "/dev/null")
	cmd.Env = append(os.Environ(), "KUBECREDS_SOCKET="+r.Socket(), "TERM=xterm", "SHELL=/bin/bash")
	stdin, err := cmd.StdinPipe() // stays open: its end would be typed
	must(t, err)
	t.Cleanup(func() { _ = stdin.Close() })
	return cmd
}

// atTerminal runs kubectl-creds in a terminal and returns what stands on its screen. It must end well.
func atTerminal(t *testing.T, r *drive.Rig, args ...string) string {
	t.Helper()
	out, err := terminalCommand(t, r, "'"+r.Program("kubectl-creds")+"' "+strings.Join(args, " ")).CombinedOutput()
	if err != nil {
		t.Errorf("kubectl creds %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
