package main

import (
	"bytes"
	"strconv"
	"syscall"
)

// startOf is when the process began, in clock ticks since boot: field 22 of /proc/PID/stat, counted from behind the
// program's name, which may hold anything.
func startOf(pid int) string {
	fd, err := syscall.Open("/proc/"+strconv.Itoa(pid)+"/stat", syscall.O_RDONLY|syscall.O_CLOEXEC, 0) // os would poll it first
	if err != nil {
		return ""
	}
	defer func() { _ = syscall.Close(fd) }()
	var buf [1024]byte // a program's name has 64 bytes at most
	n, err := syscall.Read(fd, buf[:])
	if err != nil {
		return ""
	}
	stat := buf[:n]
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	return string(fields[19])
}
