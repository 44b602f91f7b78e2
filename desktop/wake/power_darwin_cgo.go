//go:build darwin && cgo

package wake

// The declarations stand here instead of IOKit's headers so that this file is compiled on systems without Apple's SDK.

/*
#cgo LDFLAGS: -framework IOKit -framework CoreFoundation
#include <stdint.h>
#include <stddef.h>
#include <unistd.h>

typedef unsigned int port;
typedef void *ref;
extern port IORegisterForSystemPower(void *refcon, ref *notifications, void (*callback)(void *, port, uint32_t, void *), port *notifier);
extern int IOAllowPowerChange(port root, intptr_t id);
extern ref IONotificationPortGetRunLoopSource(ref notifications);
extern ref CFRunLoopGetCurrent(void);
extern void CFRunLoopAddSource(ref loop, ref source, ref mode);
extern void CFRunLoopRun(void);
extern const ref kCFRunLoopDefaultMode;

static port power_root;
static int power_pipe;

// power answers at once, or sleep would be delayed by 30 s, and writes the message for Go to read.
static void power(void *refcon, port service, uint32_t message, void *argument) {
	(void)refcon; (void)service;
	ssize_t written = write(power_pipe, &message, sizeof message);
	(void)written; // nobody reads any more: nothing is lost
	if (message == 0xe0000270 || message == 0xe0000280) // can sleep, will sleep
		IOAllowPowerChange(power_root, (intptr_t)argument);
}

// watch_power runs the calling thread's run loop for ever; it returns where the system refuses.
static void watch_power(int pipe) {
	ref notifications = NULL;
	port notifier = 0;
	power_pipe = pipe;
	power_root = IORegisterForSystemPower(NULL, &notifications, power, &notifier);
	if (power_root == 0) return;
	CFRunLoopAddSource(CFRunLoopGetCurrent(), IONotificationPortGetRunLoopSource(notifications), kCFRunLoopDefaultMode);
	CFRunLoopRun();
}
*/
import "C"

import (
	"os"
	"runtime"
)

// powerMessages returns what the system's power callback writes. Its thread lives as long as the process.
func powerMessages() (*os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() {
		runtime.LockOSThread()
		C.watch_power(C.int(write.Fd()))
		_ = write.Close()
	}()
	return read, nil
}
