//go:build darwin && cgo

package lock

// The declarations stand here instead of CoreGraphics' headers so that this file is compiled on systems without Apple's SDK.

/*
#cgo LDFLAGS: -framework CoreGraphics -framework CoreFoundation
#include <stdbool.h>
#include <stddef.h>

typedef const void *ref;
extern ref CGSessionCopyCurrentDictionary(void);
extern ref CFStringCreateWithCString(ref allocator, const char *s, unsigned int encoding);
extern ref CFDictionaryGetValue(ref dictionary, ref key);
extern unsigned long CFGetTypeID(ref object);
extern unsigned long CFBooleanGetTypeID(void);
extern unsigned char CFBooleanGetValue(ref boolean);
extern void CFRelease(ref object);

// locked: there is no dictionary where nobody sits at the screen, and the key is absent while it is not locked.
static bool locked(void) {
	ref session = CGSessionCopyCurrentDictionary();
	if (session == NULL) return false;
	bool is = false;
	ref key = CFStringCreateWithCString(NULL, "CGSSessionScreenIsLocked", 0x08000100); // kCFStringEncodingUTF8
	if (key != NULL) {
		ref value = CFDictionaryGetValue(session, key);
		is = value != NULL && CFGetTypeID(value) == CFBooleanGetTypeID() && CFBooleanGetValue(value);
		CFRelease(key);
	}
	CFRelease(session);
	return is;
}
*/
import "C"

func screenLocked() bool { return bool(C.locked()) }
