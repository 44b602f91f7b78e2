package theme

import (
	"context"
	"log/slog"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const personalize = `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`

// follow tells how the taskbar looks, and again each time the registry's key changed, until ctx ends.
func follow(ctx context.Context, tell func(Panel), log *slog.Logger) {
	key, err := registry.OpenKey(registry.CURRENT_USER, personalize, registry.QUERY_VALUE|registry.NOTIFY)
	if err != nil {
		tell(windowsPanel(0, false))
		return
	}
	defer func() { _ = key.Close() }()
	changed, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		log.Debug("changes of the taskbar's colour are not noticed", "err", err)
		tell(look(key))
		return
	}
	defer func() { _ = windows.CloseHandle(changed) }()
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_ = windows.SetEvent(changed)
	})
	defer func() {
		if !stop() {
			<-woken // it must not use the handle after its end
		}
	}()
	for ctx.Err() == nil {
		// Asked for before the value is read, so that no change falls between.
		err := windows.RegNotifyChangeKeyValue(windows.Handle(key), false, windows.REG_NOTIFY_CHANGE_LAST_SET|windows.REG_NOTIFY_THREAD_AGNOSTIC, changed, true)
		tell(look(key))
		if err != nil {
			log.Debug("changes of the taskbar's colour are not noticed", "err", err)
			return
		}
		if _, err := windows.WaitForSingleObject(changed, windows.INFINITE); err != nil {
			return
		}
	}
}

func look(key registry.Key) Panel {
	light, _, err := key.GetIntegerValue("SystemUsesLightTheme")
	return windowsPanel(light, err == nil)
}
