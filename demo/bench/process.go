package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usage is what an idle process costs.
type usage struct {
	resident int // KiB, at the end (VmRSS)
	peak     int // KiB, since it started (VmHWM)
	wakeups  int // voluntary context switches a minute, of all its threads: the median of the windows
}

// watch lets the process settle, counts its wake-ups in each of n windows, and then reads its memory. Its children do not count.
func watch(ctx context.Context, pid int, settle, window time.Duration, n int) (usage, error) {
	if err := wait(ctx, settle); err != nil {
		return usage{}, err
	}
	var perMinute []int
	before, err := switches(pid)
	if err != nil {
		return usage{}, err
	}
	for range n {
		began := time.Now()
		if err := wait(ctx, window); err != nil {
			return usage{}, err
		}
		after, err := switches(pid)
		if err != nil {
			return usage{}, err
		}
		rate := float64(since(before, after)) / time.Since(began).Minutes()
		perMinute = append(perMinute, int(rate+0.5))
		before = after
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, err
	}
	u := usage{wakeups: median(perMinute)}
	u.resident, err = field(status, "VmRSS")
	if err != nil {
		return usage{}, fmt.Errorf("process %d has ended", pid) // a zombie has no memory
	}
	u.peak, err = field(status, "VmHWM")
	return u, err
}

// switches counts the voluntary context switches of each thread of the process so far.
func switches(pid int) (map[string]int, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("process %d has ended", pid)
	}
	counts := make(map[string]int, len(files))
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has just ended
		}
		if counts[file], err = field(status, "voluntary_ctxt_switches"); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// since sums what the counts grew by; a thread that is new counts from zero, one that ended does not count.
func since(before, after map[string]int) int {
	sum := 0
	for thread, count := range after {
		sum += count - before[thread]
	}
	return sum
}

// field is the number after "name:" in the text of a /proc status file; its unit, if it has one, is KiB.
func field(status []byte, name string) (int, error) {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
		}
	}
	return 0, fmt.Errorf("no %s in a status file of /proc", name)
}

// median is the middle one; of an even number, the higher of the two in the middle.
func median(values []int) int {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
