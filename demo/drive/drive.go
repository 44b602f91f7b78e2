// Package drive acts as a person does, for the demo's journey and the end-to-end tests: it starts the servers and kubecreds,
// clicks, types, runs kubectl, and looks at what there is to see.
package drive

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubecreds/kubecreds/demo/control"
)

// Rig is one life under a folder of its own: the demo's servers, a kubecreds on their configuration, a kubeconfig.
type Rig struct {
	Dir     string // holds everything
	Home    string // of kubecreds --home; "": it runs without, see OwnPlaces
	Config  string // kubecreds' config.yaml
	Kube    string // the kubeconfig
	Servers control.Servers
	Control *control.Client
	Bin     string // the folder of the programs

	servers *exec.Cmd
	stdin   io.Closer
	agent   *exec.Cmd
	ended   chan error
}

// Bin returns the folder of the programs that `make build kubectl` made, and builds what only the demo needs into it.
func Bin(ctx context.Context) (string, error) {
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(here)))
	bin := filepath.Join(root, "build", "out")
	for _, p := range []string{"kubecreds", "kubectl-creds", "kubectl"} {
		if _, err := os.Stat(filepath.Join(bin, p)); err != nil {
			return "", fmt.Errorf("%s is missing: run make build kubectl", filepath.Join(bin, p))
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(bin, "demo-servers"), "./servers")
	build.Dir = filepath.Join(root, "demo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the demo's servers: %w\n%s", err, out)
	}
	return bin, nil
}

// Start starts the servers, with flags of theirs such as --id-token=30s, under dir. kubecreds does not run yet.
func Start(ctx context.Context, bin, dir string, flags ...string) (*Rig, error) {
	r := &Rig{Dir: dir, Bin: bin, Home: filepath.Join(dir, "kubecreds"), Kube: filepath.Join(dir, "kubeconfig")}
	r.servers = exec.CommandContext(ctx, filepath.Join(bin, "demo-servers"), append([]string{"--dir", dir, "--until-eof"}, flags...)...)
	r.servers.Stderr = os.Stderr
	stdin, err := r.servers.StdinPipe()
	if err != nil {
		return nil, err
	}
	r.stdin = stdin
	if err := r.servers.Start(); err != nil {
		return nil, err
	}
	if err := Until(ctx, 30*time.Second, "the demo's servers to start", func() bool {
		r.Servers, r.Control, err = control.Open(dir)
		return err == nil
	}); err != nil {
		r.Stop()
		return nil, err
	}
	r.Config = r.Servers.Config
	return r, nil
}

// OwnPlaces makes what is started from now on a kubecreds without --home, as installed ones are: its configuration moves to the
// folder where it looks for it.
func (r *Rig) OwnPlaces() error {
	folder, err := os.UserConfigDir()
	if err != nil {
		return err
	}
	config := filepath.Join(folder, "kubecreds", "config.yaml")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		return err
	}
	if err := os.Rename(r.Config, config); err != nil {
		return err
	}
	r.Home, r.Config = "", config
	return nil
}

// Offer writes accounts and clusters of the configuration into a new file as platform teams give them away: with certificates
// instead of paths.
func (r *Rig) Offer(file string) error {
	config, err := os.ReadFile(r.Config)
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(r.Servers.CertificateAuthority)
	if err != nil {
		return err
	}
	_, entries, _ := strings.Cut(string(config), "\naccounts:")
	path := "certificateAuthority: " + strconv.Quote(r.Servers.CertificateAuthority)
	entries = strings.ReplaceAll(entries, path, "certificateAuthorityData: "+base64.StdEncoding.EncodeToString(ca))
	return os.WriteFile(file, []byte("accounts:"+entries), 0o600)
}

// Stop ends kubecreds and the servers.
func (r *Rig) Stop() {
	r.StopAgent()
	_ = r.stdin.Close()
	_ = r.servers.Wait()
}

// StartAgent starts program, kubecreds or one built for tests, with args behind --home. Its output goes to Dir/agent.out.
func (r *Rig) StartAgent(program string, args ...string) error {
	out, err := os.OpenFile(filepath.Join(r.Dir, "agent.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if r.Home != "" {
		args = append([]string{"--home", r.Home}, args...)
	}
	r.agent = exec.Command(program, args...)
	r.agent.Stdout, r.agent.Stderr = out, out
	r.agent.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	err = r.agent.Start()
	_ = out.Close()
	if err != nil {
		return err
	}
	ended, agent := make(chan error, 1), r.agent
	go func() { ended <- agent.Wait() }()
	r.ended = ended
	return nil
}

// AgentPID is the process of kubecreds.
func (r *Rig) AgentPID() int { return r.agent.Process.Pid }

// ServersPID is the process of the demo's servers.
func (r *Rig) ServersPID() int { return r.servers.Process.Pid }

// Program is the path of one of the shipped programs.
func (r *Rig) Program(name string) string { return filepath.Join(r.Bin, name) }

// StopAgent ends kubecreds as the system does at a logout, and waits for it.
func (r *Rig) StopAgent() {
	if r.agent == nil {
		return
	}
	_ = r.agent.Process.Signal(syscall.SIGTERM)
	if err := r.AgentEnded(10 * time.Second); err != nil {
		_ = r.agent.Process.Kill()
		_ = r.AgentEnded(10 * time.Second)
	}
	r.agent = nil
}

// AgentEnded waits until kubecreds has ended by itself, at most d.
func (r *Rig) AgentEnded(d time.Duration) error {
	select {
	case err := <-r.ended:
		r.ended <- err
		return nil
	case <-time.After(d):
		return errors.New("kubecreds still runs")
	}
}

// Socket is the agent's socket: the value of KUBECREDS_SOCKET.
func (r *Rig) Socket() string { return filepath.Join(r.Home, "run", "agent.sock") }

// Result is what a program printed, and its exit status.
type Result struct {
	Out, Err string
	Status   int
}

// Creds runs kubectl-creds against this life's agent.
func (r *Rig) Creds(ctx context.Context, stdin string, args ...string) Result {
	return r.run(ctx, stdin, append([]string{r.Program("kubectl-creds")}, args...)...)
}

// Kubectl runs kubectl on this life's kubeconfig.
func (r *Rig) Kubectl(ctx context.Context, args ...string) Result {
	return r.run(ctx, "", append([]string{r.Program("kubectl"), "--kubeconfig", r.Kube}, args...)...)
}

func (r *Rig) run(ctx context.Context, stdin string, argv ...string) Result {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = os.Environ()
	if r.Home != "" {
		cmd.Env = append(cmd.Env, "KUBECREDS_SOCKET="+r.Socket())
	}
	cmd.Stdin = bytes.NewReader([]byte(stdin))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	res := Result{Out: out.String(), Err: errs.String(), Status: cmd.ProcessState.ExitCode()}
	if err != nil && res.Status < 0 {
		res.Err += err.Error()
	}
	return res
}

// Until waits for ok, which it asks every 50 ms, at most d. what names what was waited for.
func Until(ctx context.Context, d time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited %s in vain for %s", d, what)
		}
	}
	return nil
}

// StopServers ends the servers and leaves kubecreds alone: from then on nobody listens at their addresses.
func (r *Rig) StopServers() {
	_ = r.stdin.Close()
	_ = r.servers.Wait()
}

// GetToken runs kubectl-creds get-token for cluster, each time called by another process, as each kubectl is one.
func (r *Rig) GetToken(ctx context.Context, cluster string) Result {
	// The shell must stay to be the parent: it has something to do afterwards.
	return r.run(ctx, "", "sh", "-c", `"$@"; exit $?`, "sh", r.Program("kubectl-creds"), "get-token", "--cluster", cluster)
}
