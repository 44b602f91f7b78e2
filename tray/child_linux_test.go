package tray

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubecreds/kubecreds/desktop/theme"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// A program can run the tray once, on its main goroutine, so every test runs it in a child: this test binary, called with
// childEnv. The child reads menus from stdin, one a line, and writes what happens to stdout, one a line.
const childEnv = "KUBECREDS_TEST_TRAY"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	os.Exit(child())
}

func child() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	menus := make(chan menu.Menu)
	go func() {
		defer cancel()
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var m menu.Menu
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
				fmt.Println("bad menu", err)
				return
			}
			menus <- m
		}
	}()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := Run(ctx, menus, theme.Watch(ctx, log), func(a menu.Action) {
		fmt.Println("clicked", a.Verb, a.On)
		time.Sleep(50 * time.Millisecond) // slower than it should be, so that clicks come meanwhile
		if a.Verb == menu.VerbQuit {
			cancel()
		}
	}, log)
	fmt.Println("ended", errors.Is(err, ErrNoTray), err)
	fmt.Println("left", leftovers())
	return 0
}

// leftovers counts the goroutines of this package that still run, once those that are ending had the time to.
func leftovers() int {
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		buf := make([]byte, 1<<20)
		n := 0
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "/tray.") && !strings.Contains(g, "tray.child") {
				n++
			}
		}
		if n == 0 || time.Now().After(deadline) {
			return n
		}
	}
}
