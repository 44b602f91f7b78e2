package wire

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Diagnose is what a client can tell where no agent answers: whether the agent's program is there, whether the socket's folder
// can be trusted, who holds the lock, and the last line of the log. It starts and makes nothing.
func (p Place) Diagnose(program string) []Finding {
	folder := p.Dir
	if p.Foreign() {
		folder = filepath.Dir(p.sock)
	}
	named := func(area string, f Finding) Finding { f.Area = area; return f }
	return []Finding{
		named("agent's program", p.programFinding(program)),
		named("socket's folder", p.folderFinding(folder)),
		named("lock", lockFinding(filepath.Join(folder, lockFile))),
		named("log", logFinding(p.logFile())),
	}
}

func (p Place) programFinding(program string) Finding {
	if p.Foreign() {
		return Warn("KUBECREDS_SOCKET names another agent, which is not started from here", "start it where it runs, or unset KUBECREDS_SOCKET to use your own")
	}
	fi, err := os.Stat(program)
	const keep = "keep kubecreds and kubectl-creds beside each other, in one folder"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Fail(program+" is not there", keep)
	case err != nil:
		return Fail(err.Error(), keep)
	case fi.IsDir() || runtime.GOOS != "windows" && fi.Mode().Perm()&0o111 == 0:
		return Fail(program+" cannot be run", "chmod +x "+program)
	case p.QuitByPerson():
		return Warn(program+" was quit by you, so nothing starts it", "kubectl creds start")
	}
	return OKf("%s", program)
}

func (p Place) folderFinding(folder string) Finding {
	if p.Foreign() && runtime.GOOS == "windows" {
		return OKf("the pipe %s", p.sock)
	}
	err := checkOwnDir(folder)
	if err == nil {
		err = checkParent(filepath.Dir(folder))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return OKf("%s is not there yet; the agent makes it", folder)
	case err != nil:
		return Fail(err.Error(), "the agent and its clients use no folder that somebody else could use")
	}
	return OKf("%s is yours alone", folder)
}

func lockFinding(path string) Finding {
	pid, held, err := lockHolder(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return OKf("nobody holds it: no agent ran here since the last start of the machine")
	case err != nil:
		return Fail(err.Error(), "")
	case !held:
		return OKf("nobody holds it: no agent runs")
	case pid == 0:
		return Fail("somebody holds it, and does not answer", "end kubecreds with the system's means, then: kubectl creds start")
	}
	return Fail("process "+strconv.Itoa(pid)+nameOf(pid)+" holds it, and does not answer", "if that is kubecreds, end it (kill "+strconv.Itoa(pid)+"), then: kubectl creds start")
}

// lockHolder reports whether somebody holds the lock at path, and who, where the system tells: else pid is 0.
func lockHolder(path string) (pid int, held bool, err error) {
	if _, err := os.Lstat(path); err != nil { // openOwn would make it
		return 0, false, err
	}
	f, err := openOwn(path)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = f.Close() }()
	free, err := tryLock(f) // let go at once: an agent that starts now waits longer than that
	if free || err != nil {
		return 0, false, err
	}
	return holderOf(f), true, nil
}

// logFile is the agent's log. The state folder is where package config says.
func (p Place) logFile() string {
	const name = "kubecreds.log"
	switch {
	case p.home != "":
		return filepath.Join(p.home, "state", name)
	case p.Foreign(): // of an agent under --home
		return filepath.Join(filepath.Dir(filepath.Dir(p.sock)), "state", name)
	case filepath.Base(p.Dir) == "run": // in the state folder
		return filepath.Join(filepath.Dir(p.Dir), name)
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "kubecreds", name)
	}
	return filepath.Join(os.Getenv("HOME"), ".local", "state", "kubecreds", name)
}

func logFinding(path string) Finding {
	line, err := lastLine(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return OKf("%s is not there: no agent ran yet", path)
	case err != nil:
		return Warn(err.Error(), "")
	case line == "":
		return OKf("%s is empty", path)
	}
	return OKf("%s ends: %s", path, line)
}

// lastLine is the last line of a text file that has something in it, as far as one line of a report may be long.
func lastLine(path string) (string, error) {
	const most = 1000
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	fi, err := f.Stat()
	if err != nil {
		return "", err
	}
	b := make([]byte, min(fi.Size(), most))
	if _, err := f.ReadAt(b, fi.Size()-int64(len(b))); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	b = bytes.TrimRight(b, "\r\n")
	b = b[bytes.LastIndexByte(b, '\n')+1:]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), "")), nil
}
