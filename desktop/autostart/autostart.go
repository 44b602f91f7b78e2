// Package autostart makes, reads and removes the entry that starts the program when a person logs in to the desktop. The
// operating system's entry is the truth: nothing is remembered beside it, and an entry that was switched off elsewhere
// stays off until the person asks for it here.
//
// On Linux it is an XDG autostart entry, on Windows a value under the registry's key Run, on macOS a launch agent.
package autostart

// Entry is what starts one program at login. It holds no state: two entries made alike are the same one.
type Entry struct {
	dir     string
	program string
	args    []string
}

// New describes the entry that starts program with args. It touches nothing.
//
// program is an absolute path that survives an update: where a package manager or a version switcher put a symbolic link,
// the link and not what it points to. dir is the folder that holds the entry; "" is the desktop's own,
// $XDG_CONFIG_HOME/autostart on Linux. In any other folder no desktop finds it: that is for a life of one's own under one folder.
func New(dir, program string, args ...string) Entry {
	return Entry{dir: dir, program: program, args: args}
}
