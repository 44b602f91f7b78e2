// Command kubecreds is the tray application and the agent in one process: it keeps a person's Kubernetes credentials fresh.
// With --no-tray it is the same agent without an icon.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/kubecreds/kubecreds/agent"
	"github.com/kubecreds/kubecreds/agent/wire"
	"github.com/kubecreds/kubecreds/auth"
	"github.com/kubecreds/kubecreds/auth/keychain"
	"github.com/kubecreds/kubecreds/config"
	"github.com/kubecreds/kubecreds/desktop/autostart"
	"github.com/kubecreds/kubecreds/desktop/lock"
	"github.com/kubecreds/kubecreds/desktop/notify"
	"github.com/kubecreds/kubecreds/desktop/open"
	"github.com/kubecreds/kubecreds/desktop/theme"
	"github.com/kubecreds/kubecreds/desktop/wake"
	"github.com/kubecreds/kubecreds/dialogs"
	"github.com/kubecreds/kubecreds/tray"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// version is set by the build.
var version = "dev"

func main() {
	if len(os.Args) == 2 && os.Args[1] == keychain.HelperWord {
		os.Exit(keychain.RunHelper(os.Stdin, os.Stdout))
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kubecreds:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	home    string
	noTray  bool
	behind  bool
	verbose bool
	version bool
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("kubecreds", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&o.home, "home", "", "keep configuration, state, socket and autostart entry under `DIR`, and the sessions apart in the keychain")
	f.BoolVar(&o.noTray, "no-tray", false, "run without an icon: the same agent for machines without a desktop")
	f.BoolVar(&o.behind, "background", false, "nobody waits for it: where another one runs, end without showing its menu")
	f.BoolVar(&o.verbose, "v", false, "write the log to stderr as well")
	f.BoolVar(&o.version, "version", false, "print the version and end")
	f.Usage = func() {
		_, _ = fmt.Fprintln(out, "Usage: kubecreds [flags]\n\nKeeps Kubernetes credentials fresh from the system tray. Ask it with: kubectl creds")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("kubecreds takes no argument %q; commands belong to kubectl creds", f.Arg(0))
	}
	return o, nil
}

func run() error {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case o.version:
		fmt.Println("kubecreds", version)
		return nil
	}
	if err := harden(); err != nil {
		return err
	}
	places, socket, err := where(o.home)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	l, err := listen(ctx, socket, !o.noTray)
	if errors.Is(err, wire.ErrRunning) {
		return showFirst(ctx, socket, o)
	}
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	log, closeLog, err := openLog(filepath.Join(places.State, "kubecreds.log"), o.verbose, os.Stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	slog.SetDefault(log) // systray writes to the standard log
	log.Info("started", "version", version, "tray", !o.noTray, "pid", os.Getpid())
	defer log.Info("ended")
	return serve(ctx, o, places, socket, l, log)
}

// where finds the places of everything.
func where(home string) (config.Places, wire.Place, error) {
	if home != "" {
		home, err := filepath.Abs(home)
		if err != nil {
			return config.Places{}, wire.Place{}, err
		}
		socket, err := wire.At(home)
		return config.Under(home), socket, err
	}
	places, err := config.Standard()
	if err != nil {
		return places, wire.Place{}, err
	}
	socket, err := wire.Standard()
	return places, socket, err
}

// serve runs everything until a person says Quit or the system ends the program.
func serve(ctx context.Context, o options, places config.Places, socket wire.Place, l *wire.Listener, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := socket.ClearQuit(); err != nil {
		log.Warn("quit marker", "err", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	self = stable(self, os.Args[0], wellKnown(os.Getenv("PATH")))
	now := clock(places.Home)
	notifier := notify.Open(log)
	defer notifier.Close()
	store := keychain.New(keychain.System(), places.KeychainPrefix)
	keeper := auth.NewKeeper(store, now, log)
	times := menu.TimesOf(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_TIME"), os.Getenv("LANG")))
	screen := dialogs.New(log, func(t time.Time) string { return times.Clock(t, now()) })
	parts := agent.Parts{
		Places:    places,
		Socket:    socket,
		Keeper:    keeper,
		Ask:       screen,
		Dialogs:   screen,
		Screen:    lock.Watch(ctx, log),
		Open:      open.Open,
		OpenFile:  open.File,
		Notify:    notifier,
		Autostart: starter(self, places),
		Tray:      !o.noTray,
		Client:    client(self),
		Version:   version,
		Times:     times,
		Now:       now,
		Log:       log,
		Probes:    agent.Probes{Keychain: store.Probe, Tray: tray.Shown, Wake: wake.Missing},
	}
	a := agent.New(parts)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { _ = keeper.Run(ctx, wake.Watch(ctx, keeper.Busy, log)) })
	ended := make(chan error, 1)
	all.Go(func() {
		defer cancel()
		ended <- a.Run(ctx, l)
	})
	if !o.noTray {
		all.Go(func() { tray.WatchPresence(ctx, a.TrayHost, log) })
		if err := tray.Run(ctx, a.Menus(), theme.Watch(ctx, log), a.Do, log); err != nil {
			log.Warn("no icon", "err", err)
			fmt.Fprintf(os.Stderr, "kubecreds: %v; going on without; ask with: kubectl creds\n", err)
		}
	}
	return <-ended
}

// takeOverLimit is for the agent that makes room: it brings its renewals home first.
const takeOverLimit = 10 * time.Second

// listen becomes this person's agent. An agent without an icon makes room for one with, and an older one for a newer one.
func listen(ctx context.Context, socket wire.Place, withTray bool) (*wire.Listener, error) {
	l, err := wire.Listen(socket)
	if !errors.Is(err, wire.ErrRunning) {
		return l, err
	}
	ctx, cancel := context.WithTimeout(ctx, takeOverLimit)
	defer cancel()
	return wire.TakeOver(ctx, socket, func(ctx context.Context) error {
		done, err := ask(ctx, socket, io.Discard, "yield", fmt.Sprintf("--tray=%v", withTray))
		if err != nil && !errors.Is(err, wire.ErrNoAgent) || done.Status != 0 {
			return wire.ErrRunning
		}
		return nil
	})
}

// showFirst tells whoever started kubecreds a second time what the first one is doing: in the terminal, or, as from a desktop's
// list of programs, by its menu on the screen.
func showFirst(ctx context.Context, socket wire.Place, o options) error {
	if !o.behind && !o.noTray && !term.IsTerminal(int(os.Stdout.Fd())) {
		if _, err := ask(ctx, socket, io.Discard, "show"); err != nil {
			return err
		}
	}
	fmt.Println("kubecreds is running already.")
	done, err := ask(ctx, socket, os.Stdout, "status")
	if err == nil && done.Message != "" {
		err = errors.New(done.Message)
	}
	return err
}

// ask sends one request to the agent that runs and copies what it answers to out.
func ask(ctx context.Context, socket wire.Place, out io.Writer, verb string, args ...string) (wire.Done, error) {
	c, err := wire.Dial(ctx, socket)
	if err != nil {
		return wire.Done{}, err
	}
	defer func() { _ = c.Close() }()
	if err := c.Send(wire.Request{Version: wire.Version, Verb: verb, Args: args, Caller: wire.Caller{Program: version}}); err != nil {
		return wire.Done{}, err
	}
	for {
		e, err := c.Next()
		if err != nil {
			return wire.Done{}, err
		}
		if e.Done != nil {
			return *e.Done, nil
		}
		if _, err := io.WriteString(out, e.Text); err != nil {
			return wire.Done{}, err
		}
	}
}

// client is the kubectl-creds that belongs to this program, for kubeconfig entries: on Windows the one that opens no console
// window when a desktop program calls it.
func client(self string) string {
	name := "kubectl-creds"
	if runtime.GOOS == "windows" {
		name = "kubectl-credsw.exe"
	}
	return filepath.Join(filepath.Dir(self), name)
}

// starter is the entry that starts this program, as it was started now, when the desktop starts.
func starter(self string, places config.Places) autostart.Entry {
	if places.Home == "" {
		return autostart.New("", self, "--background")
	}
	return autostart.New(places.Autostart, self, "--background", "--home", places.Home)
}
