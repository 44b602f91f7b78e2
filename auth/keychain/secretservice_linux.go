package keychain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// Names of the Secret Service, https://specifications.freedesktop.org/secret-service/latest/.
const (
	ssName       = "org.freedesktop.secrets"
	ssPath       = "/org/freedesktop/secrets"
	ssService    = "org.freedesktop.Secret.Service"
	ssCollection = "org.freedesktop.Secret.Collection"
	ssPrompt     = "org.freedesktop.Secret.Prompt"
	// go-keyring uses the collection "login" if there is one, else the default one.
	ssLogin   = dbus.ObjectPath(ssPath + "/collection/login")
	ssNothing = dbus.ObjectPath("/")
)

// secretService looks at the keychain's lock over a private connection before go-keyring, which would open a prompt and
// wait for it without end, does each operation over its own.
type secretService struct {
	ring
	conn       *dbus.Conn
	collection dbus.ObjectPath // the one that go-keyring uses; set by find
	claimed    string          // the bus name owned by claim; "": none
}

// openSecretService connects to the session bus. It never starts one.
func openSecretService() (*secretService, error) {
	if err := findSessionBus(); err != nil {
		return nil, err
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, unavailable("the session bus cannot be reached; start kubecreds inside the desktop session")
	}
	return &secretService{conn: conn}, nil
}

// findSessionBus sees to it that both connections, ours and go-keyring's, use a bus that is there already: without an
// address godbus runs dbus-launch, which leaves a bus and a locked keychain behind.
func findSessionBus() error {
	const variable = "DBUS_SESSION_BUS_ADDRESS"
	if a := os.Getenv(variable); a != "" && !strings.HasPrefix(a, "autolaunch:") {
		return nil
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		socket := filepath.Join(dir, "bus")
		if info, err := os.Stat(socket); err == nil && info.Mode().Type() == os.ModeSocket {
			return os.Setenv(variable, "unix:path="+dbus.EscapeBusAddressValue(socket))
		}
	}
	return unavailable("there is no session bus; start kubecreds inside the desktop session, or through dbus-run-session")
}

func (s *secretService) close() { _ = s.conn.Close() }

// ready implements vault.
func (s *secretService) ready(ctx context.Context) error {
	if err := s.find(ctx); err != nil {
		return err
	}
	return s.unlocked(ctx)
}

// find finds the collection that go-keyring will use.
func (s *secretService) find(ctx context.Context) error {
	service := s.conn.Object(ssName, ssPath)
	var there dbus.Variant
	err := service.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, ssService, "Collections").Store(&there)
	if err != nil {
		return serviceError(ctx, err)
	}
	if all, ok := there.Value().([]dbus.ObjectPath); ok && slices.Contains(all, ssLogin) {
		s.collection = ssLogin
		return nil
	}
	if err := service.CallWithContext(ctx, ssService+".ReadAlias", 0, "default").Store(&s.collection); err != nil {
		return serviceError(ctx, err)
	}
	if s.collection == ssNothing || s.collection == "" {
		return unavailable("it has no default collection; make one (Passwords and Keys: +, Password keyring, Set as default)")
	}
	return nil
}

// unlocked returns ErrLocked if the collection is locked. It opens no prompt.
func (s *secretService) unlocked(ctx context.Context) error {
	var locked dbus.Variant
	err := s.conn.Object(ssName, s.collection).
		CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, ssCollection, "Locked").Store(&locked)
	if err != nil {
		return serviceError(ctx, err)
	}
	if open, ok := locked.Value().(bool); !ok || open {
		return ErrLocked
	}
	return nil
}

// serviceError says what it means that the service did not answer.
func serviceError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e dbus.Error
	if errors.As(err, &e) && (e.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner") {
		return unavailable("no keychain service runs in this session; install or start gnome-keyring, KWallet or KeePassXC")
	}
	return unavailable("its service answers with an error: " + oneLine(err.Error()))
}

// Get implements Items. It waits for other helpers that write at key.
func (s *secretService) Get(ctx context.Context, key string) (secret.Text, error) {
	if err := s.unclaimed(ctx, key); err != nil {
		return secret.Text{}, err
	}
	if err := s.unlocked(ctx); err != nil {
		return secret.Text{}, err
	}
	return s.ring.Get(ctx, key)
}

// Set implements Items.
func (s *secretService) Set(ctx context.Context, key string, value secret.Text) error {
	if err := s.unlocked(ctx); err != nil {
		return err
	}
	return s.ring.Set(ctx, key, value)
}

// Delete implements Items.
func (s *secretService) Delete(ctx context.Context, key string) error {
	if err := s.unlocked(ctx); err != nil {
		return err
	}
	return s.ring.Delete(ctx, key)
}

// unlock implements vault.
func (s *secretService) unlock(ctx context.Context) error {
	if err := s.ready(ctx); !errors.Is(err, ErrLocked) {
		return err
	}
	var done []dbus.ObjectPath
	prompt := ssNothing
	err := s.conn.Object(ssName, ssPath).
		CallWithContext(ctx, ssService+".Unlock", 0, []dbus.ObjectPath{s.collection}).Store(&done, &prompt)
	if err != nil {
		return serviceError(ctx, err)
	}
	if prompt != ssNothing {
		if err := s.answered(ctx, prompt); err != nil {
			return err
		}
	}
	return s.unlocked(ctx)
}

// answered opens a prompt and waits until it was answered or dismissed. When ctx ends it takes the prompt away.
func (s *secretService) answered(ctx context.Context, prompt dbus.ObjectPath) error {
	match := []dbus.MatchOption{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(ssPrompt)}
	if err := s.conn.AddMatchSignalContext(ctx, match...); err != nil {
		return serviceError(ctx, err)
	}
	const enough = 16 // a prompt signals once
	signals := make(chan *dbus.Signal, enough)
	s.conn.Signal(signals)
	object := s.conn.Object(ssName, prompt)
	defer func() {
		if ctx.Err() == nil {
			return
		}
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = object.CallWithContext(late, ssPrompt+".Dismiss", 0).Err // nobody is left to be told
	}()
	if err := object.CallWithContext(ctx, ssPrompt+".Prompt", 0, "").Err; err != nil {
		return serviceError(ctx, err)
	}
	for {
		select {
		case signal, ok := <-signals:
			if !ok {
				return unavailable("the session bus went away")
			}
			if signal.Path == prompt && signal.Name == ssPrompt+".Completed" {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
