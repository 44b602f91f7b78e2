package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// joinConsole makes os.Stderr the console of whoever called kubectl-credsw.exe. Windows gives a program without a console of its
// own nothing to write to where its caller's is one, and kubectl's person would read an exit status instead of our line. A
// pipe or a file stays what it is, and a program for the console has it already.
func joinConsole() {
	switch kind, _ := windows.GetFileType(windows.Handle(os.Stderr.Fd())); kind {
	case windows.FILE_TYPE_PIPE, windows.FILE_TYPE_DISK:
		return
	}
	const parent = ^uintptr(0) // ATTACH_PARENT_PROCESS
	if ok, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole").Call(parent); ok == 0 {
		return
	}
	if console, err := os.OpenFile("CONOUT$", os.O_WRONLY, 0); err == nil {
		os.Stderr = console
	}
}

// obeyEscapes makes the console move its cursor as `status --watch` says. Older ones print what they are told instead.
func obeyEscapes() {
	h := windows.Handle(os.Stdout.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) == nil {
		_ = windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
}
