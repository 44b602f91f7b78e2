package main

import "golang.org/x/sys/unix"

// harden sees to it that the memory of this process, which holds refresh tokens, is dumped by nobody: no core file, and no
// reading by other processes of the same user.
func harden() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
