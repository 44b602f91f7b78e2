// Command emptytray is the least that shows an icon with six rows: what any tray program costs that is made with systray.
package main

import (
	"bytes"
	"image"
	"image/png"

	"fyne.io/systray"
)

func main() {
	systray.SetTitle("empty")
	systray.Run(func() {
		var icon bytes.Buffer
		if err := png.Encode(&icon, image.NewRGBA(image.Rect(0, 0, 22, 22))); err == nil {
			systray.SetIcon(icon.Bytes())
		}
		for _, row := range []string{"one", "two", "three", "four", "five"} {
			systray.AddMenuItem(row, "")
		}
		quit := systray.AddMenuItem("Quit", "")
		go func() {
			<-quit.ClickedCh
			systray.Quit()
		}()
	}, nil)
}
