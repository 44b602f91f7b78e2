// Package assets holds the icons. Their sources are the drawings in svg, one a state, told apart by shape as well as
// colour and drawn on a grid of 16, and the colours in css, one file for each kind of panel; render makes the embedded files
// and the contact sheet docs/pictures/icons.png from them.
package assets

//go:generate ./render

// Icon is the tray icon called name (see menu.Icon), coloured for a panel that is dark, light or any (see theme.Panel), in the
// form this system's tray takes: an .ico file of several sizes on Windows, elsewhere a PNG. It is nil where there is no such
// drawing.
func Icon(name, panel string) []byte { return read(iconPath(name, panel)) }

// Row is the picture called name (see menu.Shape) that stands at a row of the menu, a PNG of 16 pixels. It is nil where
// there is no such drawing, and on Windows, where the tray library loses a bitmap at each change of a row's picture.
func Row(name string) []byte { return read("png/row-" + name + ".png") }

func read(path string) []byte {
	data, err := files.ReadFile(path)
	if err != nil {
		return nil
	}
	return data
}
