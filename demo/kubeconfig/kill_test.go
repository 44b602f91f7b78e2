package kubeconfig_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubecreds/kubecreds/auth/secret"
	"github.com/kubecreds/kubecreds/kubeconfig"
)

const writerWord = "write-for-ever"

// writeForEver is a process that changes the kubeconfig at path until it is killed.
func writeForEver(path string) {
	for i := 0; ; i++ {
		change := want("prod")
		change.Instead = kubeconfig.Token{Value: secret.New(fmt.Sprintf("token-%d-%s", i, strings.Repeat("x", i%4000)))}
		if err := apply(context.Background(), path, change, kubeconfig.Change{Name: "gone", Remove: true}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if i < 3 { // how long a turn takes is known after three
			fmt.Println("writing")
		}
	}
}

func TestAKillAtAnyMomentLeavesAWholeFileAndNoLockForLong(t *testing.T) {
	const kills = 200
	folder := t.TempDir()
	path := filepath.Join(folder, "config")
	theirs := "# theirs\napiVersion: v1\nkind: Config\nusers:\n- name: them # last\n  user: {token: " + strings.Repeat("t", 10_000) + "}\n"
	must(t, os.WriteFile(path, []byte(theirs), 0o640))
	must(t, apply(t.Context(), path, want("prod")))
	dice := rand.New(rand.NewPCG(1, 2))
	locks, temps, killed := 0, 0, 0
	// A write is short: on some machines more kills are needed to hit one.
	for ; killed < kills || locks == 0 && killed < 5*kills; killed++ {
		writer := exec.CommandContext(t.Context(), os.Args[0], writerWord, path)
		out, err := writer.StdoutPipe()
		must(t, err)
		must(t, writer.Start())
		lines := bufio.NewReader(out)
		var first time.Time
		for turn := range 3 {
			said, err := lines.ReadString('\n')
			if err != nil || said != "writing\n" {
				t.Fatalf("the writer says %q, %v", said, err)
			}
			if turn == 0 {
				first = time.Now()
			}
		}
		timer := time.NewTimer(time.Duration(dice.Int64N(int64(time.Since(first)) + 1))) // two turns
		<-timer.C
		must(t, writer.Process.Kill())
		_ = writer.Wait()

		config, err := clientcmd.LoadFromFile(path)
		if err != nil || len(config.AuthInfos) != 2 || !strings.HasPrefix(config.AuthInfos["kubecreds-prod"].Token, "token-") {
			t.Fatalf("after a kill: %v", err)
		}
		if text := read(t, path); !strings.HasPrefix(text, theirs) {
			t.Fatalf("others' bytes changed: %.200s", text)
		}
		if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o640 {
			t.Fatalf("%v %v", stat.Mode(), err)
		}
		left, err := filepath.Glob(filepath.Join(folder, ".config.kubecreds-*"))
		must(t, err)
		temps += len(left)
		if stat, err := os.Stat(path + ".lock"); err == nil {
			locks++
			if age := time.Since(stat.ModTime()); age > time.Minute {
				t.Fatalf("the lock looks %v old", age)
			}
			left = append(left, path+".lock")
		}
		for _, p := range left { // a minute later
			then := time.Now().Add(-61 * time.Second)
			must(t, os.Chtimes(p, then, then))
		}
		_, err = kubeconfig.Unlock([]string{path})
		must(t, err)
		if _, err := os.Stat(path + ".lock"); err == nil {
			t.Fatal("the lock blocks kubectl after a minute")
		}
	}
	must(t, apply(t.Context(), path, want("prod")))
	entries, err := os.ReadDir(folder)
	must(t, err)
	if len(entries) != 1 {
		t.Errorf("left in the folder: %v", entries)
	}
	if locks == 0 {
		t.Errorf("%d kills left %d locks and %d temporary files: they did not hit a write", killed, locks, temps)
	}
	t.Logf("%d kills: the file was whole each time; %d left a lock, %d temporary files", killed, locks, temps)
}
