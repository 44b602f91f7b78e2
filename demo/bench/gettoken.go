package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

const atOnce = 20

// getToken measures get-token with a valid token as kubectl runs it, a whole process, beside an empty Go program. The two take
// turns, so that the machine's other work disturbs them alike; every tenth turn is one of twenty get-token started at once.
func getToken(ctx context.Context, w io.Writer, rig *drive.Rig, scratch string, n int) error {
	empty := filepath.Join(scratch, "empty")
	if err := build(ctx, empty, "./bench/empty"); err != nil {
		return err
	}
	plugin := rig.Program("kubectl-creds")
	ca, err := os.ReadFile(rig.Servers.CertificateAuthority)
	if err != nil {
		return err
	}
	env := append(os.Environ(), "KUBECREDS_SOCKET="+rig.Socket(), execInfo(rig, ca))
	programs := [][]string{{empty}, {plugin, "get-token", "--cluster", "prod-eu"}}
	fmt.Fprintf(os.Stderr, "bench: %d get-token\n", n)
	var floor, measured, crowds []time.Duration
	for i := range n {
		for j, times := range []*[]time.Duration{&floor, &measured} {
			d, err := whole(ctx, programs[j], env)
			if err != nil {
				return err
			}
			*times = append(*times, d)
		}
		if i%10 == 0 {
			d, err := crowd(ctx, programs[1], env)
			if err != nil {
				return err
			}
			crowds = append(crowds, d)
		}
	}
	base, own := middle(floor), middle(measured)
	fmt.Fprintf(w, "get-token-empty-program\t%.2f\tms, median\n", ms(base))
	fmt.Fprintf(w, "get-token\t%.2f\tms, median\n", ms(own))
	fmt.Fprintf(w, "get-token-p95\t%.2f\tms\n", ms(share(measured, 0.95)))
	fmt.Fprintf(w, "get-token-ratio\t%.2f\tempty programs\n", float64(own)/float64(base))
	fmt.Fprintf(w, "get-token-%d-at-once\t%.2f\tms until the last, median\n", atOnce, ms(middle(crowds)))
	for i, name := range []string{"get-token-empty-program", "get-token"} {
		calls, err := systemCalls(ctx, scratch, programs[i], env)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s-system-calls\t%d\tmedian of 5\n", name, calls)
	}
	size, err := os.Stat(plugin)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "get-token-size\t%.2f\tMB\n", float64(size.Size())/1e6)
	return nil
}

// execInfo is what kubectl gives its plugin: also the cluster's CA.
func execInfo(rig *drive.Rig, ca []byte) string {
	return `KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false,"cluster":{"server":"` +
		rig.Servers.Clusters[0].Server + `","certificate-authority-data":"` + base64.StdEncoding.EncodeToString(ca) + `","config":null}}}`
}

// whole runs a program from its start to its end.
func whole(ctx context.Context, argv, env []string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = env
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if err != nil {
		err = errors.New(strings.Join(argv, " ") + ": " + err.Error()) // not wrapped: this is no program that has said why
	}
	return took, err
}

// crowd starts a program many times at once, and is how long it took until the last had ended.
func crowd(ctx context.Context, argv, env []string) (time.Duration, error) {
	failures := make([]error, atOnce)
	var all sync.WaitGroup
	began := time.Now()
	for i := range failures {
		all.Go(func() { _, failures[i] = whole(ctx, argv, env) })
	}
	all.Wait()
	took := time.Since(began)
	for _, err := range failures {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// systemCalls counts those of a whole run, of all its threads: the median of five. sysmon's naps count as well; how many there
// are depends on how long the machine takes.
func systemCalls(ctx context.Context, scratch string, argv, env []string) (int, error) {
	trace := filepath.Join(scratch, "trace")
	var counts []int
	for range 5 {
		if _, err := whole(ctx, append([]string{"strace", "-f", "-qq", "-o", trace}, argv...), env); err != nil {
			return 0, fmt.Errorf("counting system calls: %w", err)
		}
		b, err := os.ReadFile(trace)
		if err != nil {
			return 0, err
		}
		n := 0
		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, "(") && !strings.Contains(line, " resumed>") {
				n++
			}
		}
		counts = append(counts, n)
	}
	return median(counts), nil
}

func middle(all []time.Duration) time.Duration { return share(all, 0.5) }

// share is what so great a part of all is not above.
func share(all []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(float64(len(sorted)-1)*part)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
