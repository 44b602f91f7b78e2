package wire

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// holderOf is the process that holds f's lock, as the kernel lists it; 0 if it does not.
func holderOf(f *os.File) int {
	fi, err := f.Stat()
	if err != nil {
		return 0
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	list, err := os.ReadFile("/proc/locks")
	if !ok || err != nil {
		return 0
	}
	inode := ":" + strconv.FormatUint(st.Ino, 10)
	for line := range strings.Lines(string(list)) {
		// 1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF. The device is not stat's on every file system.
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[1] != "FLOCK" || !strings.HasSuffix(fields[5], inode) {
			continue
		}
		if pid, err := strconv.Atoi(fields[4]); err == nil && pid > 0 {
			return pid
		}
	}
	return 0
}

// nameOf is the program that the process runs, in parentheses; "" where that is nobody's to know.
func nameOf(pid int) string {
	exe, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	if err != nil {
		comm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm") // of one that is not dumpable
		if err != nil {
			return ""
		}
		exe = strings.TrimSpace(string(comm))
	}
	return " (" + filepath.Base(exe) + ")"
}
