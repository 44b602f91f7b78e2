// Command servers runs the demo's servers in one process: the OpenID provider, the API servers prod-eu and staging, and the control
// API that steers them (package control). All listen on loopback. It writes into the folder given with --dir
//
//	ca.pem                 the certificate authority, made anew at each start
//	servers.json           what runs where (control.Servers); written last, when everything answers
//	kubecreds/config.yaml  a kubecreds configuration for all this
//
// and runs until SIGINT, SIGTERM or, with --until-eof, the end of its standard input. Then it removes servers.json and exits 0.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"github.com/kubecreds/kubecreds/demo/control"
)

// startTimeout bounds the start, which takes some 0.3 s on an idle machine.
const startTimeout = 30 * time.Second

// settings are the command line.
type settings struct {
	dir, readyFile, kubeconfig string
	port                       int
	manners                    control.Manners
	idToken, refreshToken      time.Duration
	deviceInterval             time.Duration
	confidential               bool
	untilEOF                   bool
}

func main() {
	s, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // flag has said why
	}
	// The libraries log every refused request; what happened is asked through the control API.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := run(s, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("servers", flag.ContinueOnError)
	flags.StringVar(&s.dir, "dir", "", "`folder` for ca.pem, servers.json and kubecreds/config.yaml; made if missing (required)")
	flags.StringVar(&s.readyFile, "ready-file", "", "also write servers.json to this `file` when everything answers")
	flags.StringVar(&s.kubeconfig, "kubeconfig", "", "kubeconfig `file` to name in the configuration (default: DIR/kubeconfig)")
	flags.IntVar(&s.port, "port", 0, "`port` of the provider; control API and clusters take the next three; 0: free ones")
	flags.Func("manners", "behave as the provider called `NAME` does (default plain; see provider/manners.go)", func(name string) error {
		s.manners = control.Manners(name)
		return nil
	})
	flags.DurationVar(&s.idToken, "id-token", 0, "lifetime of ID tokens (default 5m, where the manners say nothing else)")
	flags.DurationVar(&s.refreshToken, "refresh-token", 0, "lifetime of refresh tokens (default 12h, where the manners say nothing else)")
	flags.DurationVar(&s.deviceInterval, "device-interval", 5*time.Second, "how often a device login may poll")
	flags.BoolVar(&s.confidential, "confidential", false, "have the account and the clusters use the client that has a secret")
	flags.BoolVar(&s.untilEOF, "until-eof", false, "end when standard input does, so that whoever holds it cannot leave us behind")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.dir == "" || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "servers: write servers --dir DIR [flags]")
		flags.Usage()
		return s, flag.ErrHelp
	}
	return s, nil
}

// run starts everything, writes the files, and stops everything when told to.
func run(s settings, stdin io.Reader) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	running, err := start(starting, s)
	if err != nil {
		return err
	}
	defer running.close()
	ready, err := running.write(s)
	if err != nil {
		return err
	}
	defer os.Remove(ready)
	if s.untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			stop()
		}()
	}
	<-ctx.Done()
	return nil
}
