package wire

import "golang.org/x/sys/unix"

// peerUID asks the kernel which user is at the socket's other end: who connected, or who called listen.
func peerUID(fd uintptr) (int, error) {
	cred, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(cred.Uid), nil
}
