package main

import (
	"strconv"

	"golang.org/x/sys/windows"
)

// startOf is when the process began, in nanoseconds since 1970.
func startOf(pid int) string {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer func() { _ = windows.CloseHandle(h) }()
	var began, exit, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &began, &exit, &kernel, &user) != nil {
		return ""
	}
	return strconv.FormatInt(began.Nanoseconds(), 10)
}
