package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// logTail is how much of the log's end goes into the diagnostics, in bytes.
const logTail = 64 << 10

// firstConfiguration is what a person who edits a configuration that is not there yet begins with. It configures nothing.
const firstConfiguration = `# kubecreds: https://github.com/kubecreds/kubecreds/blob/main/docs/configuration.md
#
# accounts:
# - name: corp
#   issuer: https://login.example.com/identity
#   clientID: kubernetes
#   scopes: [openid, email, offline_access]
# clusters:
# - name: prod-eu
#   account: corp
#   server: https://prod-eu.example.com:6443
`

func (a *Agent) logFile() string { return filepath.Join(a.Places.State, "kubecreds.log") }

// openConfiguration opens config.yaml in the person's editor; one that is not there yet is begun.
func (a *Agent) openConfiguration(ctx context.Context) error {
	path := a.Places.Config
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(firstConfiguration)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return a.openFile(ctx, menu.ConfigurationTitle, path)
}

// openFile opens a file of ours in the person's program for it. Where there is none, it says where the file is.
func (a *Agent) openFile(ctx context.Context, heading, path string) error {
	err := a.OpenFile(ctx, path)
	if err == nil || ctx.Err() != nil {
		return err
	}
	a.Log.Info("not opened", "file", path, "err", err)
	return notCancelled(a.show(ctx, menu.Explanation{Title: heading, Text: []string{menu.NotOpened, path}}))
}

// saveDiagnostics asks where, and writes there what whoever helps needs to know.
func (a *Agent) saveDiagnostics(ctx context.Context) error {
	path, err := a.Dialogs.SaveFile(ctx, menu.DiagnosticsTitle, menu.DiagnosticsFile)
	if err != nil {
		return notCancelled(err)
	}
	if err := writePrivate(path, a.diagnostics(ctx, wire.Caller{Program: a.Version})); err != nil {
		return notCancelled(a.show(ctx, menu.Explanation{Title: menu.DiagnosticsTitle, Text: []string{menu.NotSaved + err.Error()}}))
	}
	a.Log.Info("diagnostics saved", "file", path)
	return nil
}

// writePrivate writes a file for this person only, safely on the disk.
func writePrivate(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// diagnostics are versions, places, what doctor finds, the state of everything, and the end of the log. There is no secret in
// any of them.
func (a *Agent) diagnostics(ctx context.Context, caller wire.Caller) string {
	var b strings.Builder
	now := a.Now()
	fmt.Fprintf(&b, "kubecreds %s, %s/%s, %s\n", a.Version, runtime.GOOS, runtime.GOARCH, now.Format(time.RFC3339))
	fmt.Fprintf(&b, "configuration: %s\nstate: %s\nsocket: %s\n", a.Places.Config, a.Places.State, a.Socket.Socket())
	fmt.Fprintf(&b, "tray: %v; desktop: %q; session: %q\n\n", a.Tray, os.Getenv("XDG_CURRENT_DESKTOP"), os.Getenv("XDG_SESSION_TYPE"))
	s := a.Keeper.Snapshot()
	b.WriteString(statusTable(s, now, wire.Caller{}))
	for _, st := range s.Accounts {
		if st.Reason.Words+st.LastLogin.Words != "" {
			fmt.Fprintf(&b, "%s: %s; last login: %s\n", st.Account, st.Reason, st.LastLogin)
		}
	}
	b.WriteString("\nThe end of the log:\n" + tail(a.logFile(), logTail))
	return b.String()
}

// tail is the end of a text file, whole lines of at most limit bytes; or why there is none.
func tail(path string, limit int64) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error() + "\n"
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return err.Error() + "\n"
	}
	from := max(0, st.Size()-limit)
	b, err := io.ReadAll(io.NewSectionReader(f, from, limit))
	if err != nil {
		return err.Error() + "\n"
	}
	text := string(b)
	if from > 0 {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}
