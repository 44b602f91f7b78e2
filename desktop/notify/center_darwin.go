package notify

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"
)

// notificationCenter is the center of macOS, UNUserNotificationCenter; each message is one of
// https://developer.apple.com/documentation/usernotifications, under its own name. It is spoken to without cgo and without
// Apple's headers, so that only a Mac can tell whether a message is right. Therefore a message goes only to an object that says
// it understands it (send), no text is nil, and a panic becomes an error. An Objective-C exception would still end the program:
// the one that is known, of a program without a bundle, is ruled out before the center is asked for.
//
// Answers and the delegate's methods come on queues of the framework's own: no run loop is needed for them.
type notificationCenter struct{ object objc.ID }

// Numbers of the framework's headers.
const (
	authorizeAlert  = uint(1 << 2)    // UNAuthorizationOptionAlert: no sounds, no badges
	needsUnlocking  = uint(1 << 0)    // UNNotificationActionOptionAuthenticationRequired
	tellsDismissal  = uint(1 << 0)    // UNNotificationCategoryOptionCustomDismissAction
	passive         = uint(0)         // UNNotificationInterruptionLevelPassive
	presentInList   = uintptr(1 << 3) // UNNotificationPresentationOptionList
	presentAsBanner = uintptr(1 << 4) // UNNotificationPresentationOptionBanner
)

// Messages to the center. They return nothing, so that it is asked beforehand whether it understands them.
const (
	setDelegate     = "setDelegate:"
	setCategories   = "setNotificationCategories:"
	requestAllowing = "requestAuthorizationWithOptions:completionHandler:"
	addRequest      = "addNotificationRequest:withCompletionHandler:"
	removePending   = "removePendingNotificationRequestsWithIdentifiers:"
	removeDelivered = "removeDeliveredNotificationsWithIdentifiers:"
)

// The delegate's methods.
const (
	didReceiveResponse = "userNotificationCenter:didReceiveNotificationResponse:withCompletionHandler:"
	willPresent        = "userNotificationCenter:willPresentNotification:withCompletionHandler:"
)

// openCenter opens the notification center of the app this program runs from; an error where it does not run from one. From
// then on the person's answers go to respond, with the notification's id and the action's, and banner is asked what gets a
// banner while the program is the active one.
func openCenter(respond func(id, key string), banner func(id string) bool) (center, error) {
	c := &notificationCenter{}
	err := guarded(func() error {
		if err := load("/System/Library/Frameworks/Foundation.framework/Foundation"); err != nil {
			return err
		}
		bundle := send(class("NSBundle"), "mainBundle")
		if !isApp(text(send(bundle, "bundleIdentifier")), text(send(bundle, "bundlePath"))) {
			return errors.New("this program does not run from an app bundle")
		}
		if err := load("/System/Library/Frameworks/UserNotifications.framework/UserNotifications"); err != nil {
			return err
		}
		c.object = send(class("UNUserNotificationCenter"), "currentNotificationCenter") // shared: it lives as long as the program
		for _, m := range []string{setDelegate, setCategories, requestAllowing, addRequest, removePending, removeDelivered} {
			if !understands(c.object, m) {
				return fmt.Errorf("macOS' notification center does not know %s", m)
			}
		}
		return c.listen(respond, banner)
	})
	return c, err
}

// listen makes the center's delegate, a UNUserNotificationCenterDelegate. The center does not retain it, so that it is never
// released.
func (c *notificationCenter) listen(respond func(id, key string), banner func(id string) bool) error {
	made, err := objc.RegisterClass("KubecredsNotificationDelegate", objc.GetClass("NSObject"), nil, nil, []objc.MethodDef{
		{Cmd: objc.RegisterName(didReceiveResponse), Fn: func(_ objc.ID, _ objc.SEL, _, response objc.ID, done objc.Block) {
			defer call(done)
			defer survive()
			request := send(send(response, "notification"), "request")
			respond(text(send(request, "identifier")), text(send(response, "actionIdentifier")))
		}},
		{Cmd: objc.RegisterName(willPresent), Fn: func(_ objc.ID, _ objc.SEL, _, notification objc.ID, done objc.Block) {
			options := presentInList
			defer func() { call(done, options) }()
			defer survive()
			if banner(text(send(send(notification, "request"), "identifier"))) {
				options |= presentAsBanner
			}
		}},
	})
	if err != nil {
		return err
	}
	delegate := send(objc.ID(made), "new")
	if delegate == 0 {
		return errors.New("macOS makes no delegate of its notification center")
	}
	send(c.object, setDelegate, delegate)
	return nil
}

// allow is requestAuthorizationWithOptions:completionHandler:, which asks the person the first time and never again.
func (c *notificationCenter) allow(answer func(granted bool, err error)) {
	err := guarded(func() error {
		block := objc.NewBlock(func(_ objc.Block, granted bool, err objc.ID) {
			defer survive()
			answer(granted, asError(err))
		})
		defer block.Release() // the center has its own hold on it
		send(c.object, requestAllowing, authorizeAlert, block)
		return nil
	})
	if err != nil {
		go answer(false, err)
	}
}

// post is addNotificationRequest:withCompletionHandler:, without a trigger: it is delivered at once, and replaces what was
// delivered under the same identifier. There is no sound.
func (c *notificationCenter) post(r request, answer func(error)) {
	err := guarded(func() error {
		content := send(send(class("UNMutableNotificationContent"), "new"), "autorelease")
		if content == 0 {
			return errors.New("macOS makes no notification")
		}
		send(content, "setTitle:", str(r.title))
		send(content, "setBody:", str(r.body))
		send(content, "setCategoryIdentifier:", str(r.category))
		if r.silent {
			send(content, "setInterruptionLevel:", passive)
		}
		made := send(class("UNNotificationRequest"), "requestWithIdentifier:content:trigger:", str(r.id), content, objc.ID(0))
		if made == 0 {
			return errors.New("macOS makes no request of a notification")
		}
		send(c.object, setCategories, send(class("NSSet"), "setWithArray:", array(r.categories, makeOfCategory)))
		block := objc.NewBlock(func(_ objc.Block, err objc.ID) {
			defer survive()
			answer(asError(err))
		})
		defer block.Release()
		send(c.object, addRequest, made, block)
		return nil
	})
	if err != nil {
		go answer(err)
	}
}

// remove takes away what was delivered under this identifier, and what is about to be.
func (c *notificationCenter) remove(id string) {
	_ = guarded(func() error {
		ids := array([]string{id}, str)
		send(c.object, removePending, ids)
		send(c.object, removeDelivered, ids)
		return nil
	})
}

// makeOfCategory is categoryWithIdentifier:actions:intentIdentifiers:options:. Without the options that say otherwise the title
// is hidden as well where the person hides previews, as on a locked screen.
func makeOfCategory(c category) objc.ID {
	return send(class("UNNotificationCategory"), "categoryWithIdentifier:actions:intentIdentifiers:options:",
		str(c.id), array(c.actions, makeOfAction), array(nil, str), tellsDismissal)
}

// makeOfAction is actionWithIdentifier:title:options:. Nobody presses a button of a locked screen.
func makeOfAction(a action) objc.ID {
	return send(class("UNNotificationAction"), "actionWithIdentifier:title:options:", str(a.id), str(a.label), needsUnlocking)
}

// array is an NSArray of what was made of all.
func array[T any](all []T, of func(T) objc.ID) objc.ID {
	list := send(class("NSMutableArray"), "array")
	for _, one := range all {
		if made := of(one); made != 0 { // addObject: takes no nil
			send(list, "addObject:", made)
		}
	}
	return send(send(list, "copy"), "autorelease")
}

// str is an NSString: of UTF-8 without a zero, for anything else there is none.
func str(s string) objc.ID { return send(class("NSString"), "stringWithUTF8String:", s) }

// text is what an NSString holds; nothing for nil.
func text(s objc.ID) string {
	if !understands(s, "UTF8String") {
		return ""
	}
	return objc.Send[string](s, objc.RegisterName("UTF8String"))
}

// asError is what an NSError says in the person's language; nil for nil.
func asError(e objc.ID) error {
	if e == 0 {
		return nil
	}
	return fmt.Errorf("macOS: %s", cut(printable(text(send(e, "localizedDescription"))), bodyMax))
}

// load makes the classes of a framework known.
func load(framework string) error {
	_, err := purego.Dlopen(framework, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	return err
}

func class(name string) objc.ID { return objc.ID(objc.GetClass(name)) }

// send sends a message to an object that understands it, and returns what it returns; nil where it does not, or there is no
// object. To send it all the same would end the program.
func send(object objc.ID, message string, args ...any) objc.ID {
	if !understands(object, message) {
		return 0
	}
	return object.Send(objc.RegisterName(message), args...)
}

// understands is respondsToSelector:, which objects and classes have.
func understands(object objc.ID, message string) bool {
	return object != 0 && objc.Send[bool](object, objc.RegisterName("respondsToSelector:"), objc.RegisterName(message))
}

// literal is the head of a block (https://clang.llvm.org/docs/Block-ABI-Apple.html).
type literal struct {
	_      uintptr  // isa
	_      [2]int32 // flags, reserved
	invoke uintptr
}

// call calls a block of the system's, one that takes args and returns nothing. (objc.InvokeBlock calls those made in Go only.)
func call(b objc.Block, args ...uintptr) {
	if b == 0 {
		return
	}
	head := *(**literal)(unsafe.Pointer(&b))
	purego.SyscallN(head.invoke, append([]uintptr{uintptr(b)}, args...)...)
}

// guarded runs f with a pool for what it autoreleases, which is the thread's, and returns an error where it panics.
func guarded(f func() error) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("macOS' notification center: %v", r)
		}
	}()
	pool := send(class("NSAutoreleasePool"), "new")
	defer send(pool, "drain")
	return f()
}

// survive keeps a panic out of the system's own threads.
func survive() { _ = recover() }
