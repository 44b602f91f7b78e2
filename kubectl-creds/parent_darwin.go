package main

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// startOf is when the process began, in microseconds since 1970.
func startOf(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	began := info.Proc.P_starttime
	return strconv.FormatInt(began.Sec*1_000_000+int64(began.Usec), 10)
}
