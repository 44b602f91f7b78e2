package assets

import "embed"

//go:embed png/template png/row-*.png
var files embed.FS

// iconPath leaves the colour to macOS: it paints what a template covers as the menu bar wants it.
func iconPath(name, _ string) string { return "png/template/" + name + ".png" }
